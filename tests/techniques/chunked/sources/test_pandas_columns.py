"""The columns of lines, which pyarrow finds if pandas would find the same."""

from __future__ import annotations

import os

import pytest

from jupyter_memkit.techniques.chunked.sources.delimited.pandas_columns import (
    _infer_by_arrow,
    _infer_by_pandas,
)
from tests.techniques.chunked.sources.random_tables import make_table

COUNT = int(os.environ.get("MEMKIT_RANDOM_TABLES", "200"))
FIRST = int(os.environ.get("MEMKIT_RANDOM_SEED", "0"))


def test_random_lines() -> None:
    """What pyarrow finds, pandas finds too, and pyarrow often finds something."""
    found = 0
    for seed in range(FIRST, FIRST + COUNT):
        table = make_table(seed)
        separator = table.options.get("sep", "\t" if table.suffix == ".tsv" else ",")
        columns = _infer_by_arrow(table.content, separator)
        if columns is not None:
            found += 1
            assert columns == _infer_by_pandas(table.content, separator, "a"), seed
    assert found > COUNT / 50


@pytest.mark.parametrize(
    "values",
    [
        *("+5", "+5,1.5", " 7", "7 ", "0x10", "1e400", "nan(1),2.5", "inf,1.5"),
        *("9223372036854775808", "12345678901234567890,1.5", "99999999999999999999,x"),
        *("True,x", "TRUE,true", " True,False", "1 000", "1d5", "Infinity,x", "-nan"),
        *("007,x", "12:30", "2024-01-02", "1,5", "5.x", "1e,2", "\x0b1", "x,+5"),
    ],
)
def test_odd_values(values: str) -> None:
    """A value that the two libraries read as different types is left to pandas."""
    rows = "".join(f"{value};1\n" for value in values.split(","))
    lines = f"a;b\n{rows}".encode()
    columns = _infer_by_arrow(lines, ";")
    assert columns in (None, _infer_by_pandas(lines, ";", "a"))


@pytest.mark.parametrize("names", ['"a";"b"', '"a;b";" c"', '"1";"ö"'])
def test_quoted_names(names: str) -> None:
    """Names that are all in quotes, as many programs write them, are read directly."""
    lines = f'{names}\n1;"x"\n'.encode()
    columns = _infer_by_arrow(lines, ";")
    assert columns is not None
    assert columns == _infer_by_pandas(lines, ";", "a")


@pytest.mark.parametrize(
    "names",
    [
        *("a;a", ";a", '"a";b', "\ufeffa;b", "a", '"a";"a"', '"";"a"', '"a""b";"c"'),
        *('"a";b;"c"', '"a;b', '"a"b";"c"', '"'),
    ],
)
def test_odd_names(names: str) -> None:
    """Names that pandas changes are left to pandas."""
    lines = f"{names}\n1;2\n".encode()
    assert _infer_by_arrow(lines, ";") is None


def test_plain_lines() -> None:
    """All types of plain lines are found by pyarrow, without pandas."""
    lines = b"i,f,t,b,d,e,n\n1,1.5,x y,True,2024-01-02,,1\n2,2,z,False,2024-01-03,,\n"
    columns = _infer_by_arrow(lines, ",")
    assert columns is not None
    assert [*columns.types.values()] == [
        *("int64", "float64", "str", "bool", "str", "float64", "float64")
    ]
    assert columns.empty == {"e"}
