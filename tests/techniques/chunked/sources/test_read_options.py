"""Options of pandas' reader for missing values, and for tables in text files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange


@pytest.mark.parametrize("option", ["keep_default_na", "na_filter"])
@pytest.mark.parametrize("empty", ["NA", "", "None"])
def test_text_that_would_be_missing(tmp_path: Path, option: str, empty: str) -> None:
    """Text that stands for nothing elsewhere is text, beside words and numbers."""
    path = tmp_path / "a.csv"
    lines = [
        f"{number},{empty if number % 7 == 3 else number},x{number},{empty}"
        for number in range(4_000)
    ]
    path.write_text("\n".join(["a,b,c,d", *lines]))
    options: dict[str, Any] = {option: False}
    found = pd.concat(list(chunked(path, rows=700, backend="pandas", read=options)))
    pd.testing.assert_frame_equal(found, pd.read_csv(path, **options))


@pytest.mark.parametrize("option", [{"keep_default_na": False}, {"thousands": "'"}])
def test_wide_integers(tmp_path: Path, option: dict[str, Any]) -> None:
    """Integers of more than 64 bits are refused as before."""
    path = tmp_path / "a.csv"
    path.write_text(f"a,b\n{2**70},1\n3,4\n")
    with pytest.raises(SourceError, match="more than 64 bits in a"):
        list(chunked(path, rows=700, backend="pandas", read=option))


@pytest.mark.parametrize(
    "options", [{"sep": r"\s+"}, {"delimiter": " ", "skipinitialspace": True}]
)
def test_table_in_a_text_file(tmp_path: Path, options: dict[str, Any]) -> None:
    """The error for a table in a text file names the reader, which works."""
    path = tmp_path / "a.txt"
    path.write_text("a b\n" + "".join(f"{n}  {n * 2}\n" for n in range(400)))
    with pytest.raises(SourceError) as raised:
        list(chunked(path, rows=70, read=options))
    call = re.search(
        r"use reader = (pandas\.read_csv\(.*\)) and %%chunked reader$",
        str(raised.value),
    )
    assert call is not None
    reader = eval(call[1], {"pandas": pd})
    assert chunked(reader).map(lambda chunk: chunk.b.sum()).reduce("sum") == 159_600


def compare(path: Path, options: dict[str, Any]) -> None:
    """Compare the chunks of a file with what pandas reads."""
    whole = pd.read_csv(path, **options)
    settings: dict[str, Any] = {"rows": 3_000, "backend": "pandas", "read": options}
    try:
        chunks = list(chunked(path, **settings))
    except TypeChange as change:  # The remedy works.
        chunks = list(chunked(path, types=change.types, **settings))
    pd.testing.assert_frame_equal(pd.concat(chunks), whole)


@pytest.mark.parametrize(
    ("first", "late"),
    # Where text comes late, --types makes it the text of pandas' default.
    [(first, late) for first in ("", "1.5", "3") for late in ("7", "", "0.5")]
    + [("x", late) for late in ("007", "", "0.5", "True", "y")],
)
@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_types_that_hold_missing_values(
    tmp_path: Path, backend: str, first: str, late: str
) -> None:
    """Columns have the types of the library that the user chose, also late ones."""
    path = tmp_path / "a.csv"
    lines = (f"{first if i < 12_000 else late},t{i},{i / 2}\n" for i in range(13_000))
    path.write_text("a,b,c\n" + "".join(lines))
    compare(path, {"dtype_backend": backend})


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": object},
        {"dtype": {"a": object}},
        {"dtype": {"b": "object"}},
        {"dtype": "string"},
        {"converters": {"a": lambda text: [text]}},
        {"converters": {0: lambda text: {"is": text}}},
        {"converters": {"a": lambda text: (text,)}, "index_col": "a"},
        {"converters": {"b": str}},
    ],
    ids=["all", "one", "text", "string", "lists", "dicts", "labels", "no objects"],
)
def test_objects(tmp_path: Path, options: dict[str, Any]) -> None:
    """Columns of objects keep what the user's options make of the text."""
    path = tmp_path / "a.csv"
    lines = (f"{i:05},{'' if i == 12_000 else i}\n" for i in range(13_000))
    path.write_text("a,b\n" + "".join(lines))
    compare(path, options)


def test_delimiter(tmp_path: Path) -> None:
    """The other name of the separator in pandas has the same meaning."""
    path = tmp_path / "a.csv"
    path.write_text("a;b\n1;x\n2;y\n")
    compare(path, {"delimiter": ";"})


@pytest.mark.parametrize("late", ["300", ""])
def test_value_that_an_option_rejects(tmp_path: Path, late: str) -> None:
    """A late value that an option does not allow is an error that names the option."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,x\n" * 12_000 + f"{late},y\n")
    read = {"dtype": {"a": "int8"}}
    with pytest.raises(SourceError, match=r"^a\.csv cannot be .* --read dtype="):
        list(chunked(path, rows=3_000, backend="pandas", read=read))


@pytest.mark.parametrize("first", ["True,1\n,2\n", ",1\n,2\n", "3,1\n4,2\n"])
@pytest.mark.parametrize("late", ["x", "True", "", "0.5", "7"])
@pytest.mark.parametrize("options", [{"low_memory": False}, {"engine": "python"}])
def test_late_type(tmp_path: Path, first: str, late: str, options: Any) -> None:
    """A column has the type of the whole file, also if it shows after the sample."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + first * 6_000 + f"{late},3\n")
    compare(path, options)


def test_quotes_that_the_python_parser_rejects(tmp_path: Path) -> None:
    """An error of the module csv is explained as one of the file."""
    path = tmp_path / "a.csv"
    for lines in ("", '2,"x"y\n'):
        path.write_text(f"a,b\n{lines}" + "1,x\n" * 12_000 + '2,"x"y\n')
        with pytest.raises(SourceError, match=r"a\.csv cannot be parsed \(.* expected"):
            list(chunked(path, rows=3_000, read={"engine": "python"}))
