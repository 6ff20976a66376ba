"""How ``%%chunked`` interprets the names and the last line of a cell."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from IPython.core.error import UsageError

from jupyter_memkit.magics.chunked.words import choose_name, drops_value

NAMESPACE: dict[str, Any] = {}
exec("import math\ndef gives(x): return x\ndef acts(x): print(x)", NAMESPACE)
NAMESPACE["model"] = object()


@pytest.mark.parametrize(
    ("cell", "drops"),
    [
        ("df.groupby('k').v.sum()", True),
        ("df[df.v > 1]", True),
        ("math.sqrt(len(df))", True),
        ("gives(df)", True),
        ("len(df)", True),
        ("set(df.v)", True),
        ("queue.set(df.v)", False),
        ("df.v.sum();", False),
        ("total = df.v.sum()", False),
        ("acts(df)", False),
        ("print(df)", False),
        ("model.partial_fit(df)", False),
        ("model.feed(df)", False),
        ("df.to_csv('x.csv')", False),
        ("", False),
    ],
)
def test_dropped_value(cell: str, drops: bool) -> None:
    """A value is distinguished from a call for its side effect."""
    assert drops_value(cell, ast.parse(cell), NAMESPACE) is drops


@pytest.mark.parametrize(
    ("given", "cell", "name"),
    [
        (None, "chunk.v.sum()", "chunk"),
        (None, "df.v.sum()", "df"),
        ("part", "df.v.sum()", "part"),
        (None, "n = chunk_info.rows; n + undefined", "chunk"),
        (None, "x = 1", "chunk"),
    ],
)
def test_name_of_the_chunk(given: str | None, cell: str, name: str) -> None:
    """The only undefined name is the chunk's."""
    assert choose_name(given, ast.parse(cell), NAMESPACE) == name


def test_ambiguous_names() -> None:
    """With two candidates, or a variable that is a table, the error names --as."""
    with pytest.raises(UsageError, match="such as --as df"):
        choose_name(None, ast.parse("df.merge(other)"), {})

    class DataFrame:
        """A type with the name of a table type."""

    tree = ast.parse("df.v.sum()")
    with pytest.raises(UsageError, match="add --as df if"):
        choose_name(None, tree, {"df": DataFrame()})
    assert choose_name("df", tree, {"df": DataFrame()}) == "df"
