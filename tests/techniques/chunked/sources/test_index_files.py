"""Files whose lines have more values than names, and other indexes of pandas."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked

FILES = {
    "numbers": "v,w\n" + "".join(f"{i},{i * 10},{i * 100}\n" for i in range(90)),
    "text": "v,w\n" + "".join(f"r{i},{i},x{i}\n" for i in range(90)),
    "digits": "v,w\n" + "".join(f"0{i},{i},1\n" for i in range(89)) + "a,1,2\n",
    "floats": "v,w\n" + "".join(f"{i},{i},1\n" for i in range(89)) + "0.5,1,2\n",
    "flags": "v,w\n" + "True,1,2\nFalse,3,4\n" * 40,
    "two levels": "v\n" + "".join(f"{i % 3},r{i},{i * 5}\n" for i in range(90)),
    "mixed levels": "v\n1,01,4\n2,02,5\n" + "3,03,6\n" * 60 + "0.5,x,5\n",
    "a comma at the end": "v\n" + "".join(f"{hex(i)},\n" for i in range(90)),
    "same names": "v,v,v\n" + "".join(f"{i},t{i},{i},0.5\n" for i in range(90)),
}


def read(path: Path, **settings: Any) -> pd.DataFrame:
    """Return the chunks of a file together."""
    chunks = list(chunked(path, rows=20, backend="pandas", **settings))
    assert len({(str(chunk.index.dtype), *chunk.dtypes) for chunk in chunks}) == 1
    whole: pd.DataFrame = pd.concat(chunks)
    return whole


@pytest.mark.parametrize("options", [{}, {"encoding": "latin-1"}], ids=str)
@pytest.mark.parametrize("name", FILES)
def test_any_columns(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    """Any choice of columns has the values and the index that pandas reads."""
    path = tmp_path / "a.csv"
    path.write_text(FILES[name])
    expected = pd.read_csv(path, **options)
    names = list(expected.columns)
    for columns in (None, names, names[:1], names[-1:]):
        found = read(path, read=options, columns=columns)
        pd.testing.assert_frame_equal(found, expected[columns or names])


@pytest.mark.parametrize(
    "options",
    [
        {"index_col": 0},
        {"index_col": "id"},
        {"index_col": ["t", "id"]},
        {"index_col": False},
        {"index_col": "id", "parse_dates": ["day"]},
        {"parse_dates": ["day"]},
        {"usecols": ["id", "v", "t"]},
        {"usecols": [3, 0, 1], "index_col": "v"},
        {"index_col": "t", "engine": "python"},
        {"index_col": "day", "parse_dates": True},
    ],
    ids=str,
)
def test_options_that_name_columns(tmp_path: Path, options: dict[str, Any]) -> None:
    """Options may name columns that are not chosen."""
    path = tmp_path / "a.csv"
    lines = (f"{i},{i * 10},2024-05-{i % 30 + 1:02},{i:03}x\n" for i in range(90))
    path.write_text("id,v,day,t\n" + "".join(lines))
    expected = pd.read_csv(path, **options)
    for name in expected.columns:
        found = read(path, read=options, columns=[name])
        pd.testing.assert_frame_equal(found, expected[[name]])


def test_types_of_other_columns(tmp_path: Path) -> None:
    """Where pandas gives types to other columns, it is refused; the remedy works."""
    path = tmp_path / "a.csv"
    rows = [f"r{i},{i},x{i},{i / 2},z\n" for i in range(90)]
    path.write_text("a,b,c,d\n" + "".join(rows))
    with pytest.raises(SourceError, match="with --read usecols; use --columns instead"):
        read(path, read={"usecols": [1, 2]})
    found = read(path, columns=["b", "c"])
    pd.testing.assert_frame_equal(found, pd.read_csv(path)[["b", "c"]])
    path.write_text("".join(row[1:] for row in rows))
    options: dict[str, Any] = {"header": [0, 1]}
    with pytest.raises(SourceError, match="with --read index_col; leave it out"):
        read(path, read={**options, "index_col": -1})
    found = read(path, read=options)
    pd.testing.assert_frame_equal(found, pd.read_csv(path, **options))


def test_line_that_is_too_long(tmp_path: Path) -> None:
    """A line with too many values is an error for any columns, as in pandas."""
    path = tmp_path / "a.csv"
    path.write_text("v,w\n1,2\n3,4,5\n")
    with pytest.raises(SourceError, match="expected 2 fields, saw 3"):
        read(path, read={"encoding": "latin-1"}, columns=["v"])


@pytest.mark.parametrize(
    "options",
    [
        {"encoding": "latin-1"},
        {"engine": "python"},
        {"index_col": 0},
        {"index_col": "n", "engine": "python"},
        {"index_col": "v"},
        {"usecols": [1, 2, 3]},
        {"usecols": [0, 2, 3], "engine": "python"},
        {"usecols": ["v", "v.1"]},
        {"dtype": {"v.1": "str"}},
        {"converters": {"v.1": str}},
        {"skiprows": [2, 3]},
    ],
    ids=str,
)
def test_columns_with_one_name(tmp_path: Path, options: dict[str, Any]) -> None:
    """Columns with the same name have types of their own."""
    path = tmp_path / "a.csv"
    lines = (f"{i},{i % 60:03}{'x' * (i > 60)},{i},{i / 2}\n" for i in range(90))
    path.write_text("n,v,v,v\n" + "".join(lines))
    expected = pd.read_csv(path, **options)
    pd.testing.assert_frame_equal(read(path, read=options), expected)
    for name in expected.columns:
        found = read(path, read=options, columns=[name])
        pd.testing.assert_frame_equal(found, expected[[name]])


@pytest.mark.parametrize("late", ["A7", "", "0.5", str(2**63)])
def test_late_type_of_an_index(tmp_path: Path, late: str) -> None:
    """If the type of an index changes after the sample, both remedies work."""
    path = tmp_path / "a.csv"
    lines = "".join(f"{i},{i}\n" for i in range(30_000))
    path.write_text(f"id,v\n{lines}{late},1\n")

    def add_up(**options: Any) -> int:
        run = chunked(path, rows=7_000, backend="pandas", read=options)
        return int(run.map(lambda chunk: chunk.v.sum()).reduce("sum"))

    with pytest.raises(
        SourceError, match=r"index id of .* leave out --read ind"
    ) as why:
        add_up(index_col=0)
    dtype = re.search(r'use --read "dtype=(.*?)"', str(why.value))
    assert dtype is not None
    total = 30_000 * 29_999 // 2 + 1
    assert add_up(index_col=0, dtype=ast.literal_eval(dtype[1])) == total
    assert add_up() == total


def test_late_type_of_an_index_without_a_name(tmp_path: Path) -> None:
    """The index becomes a column, whose type may change, once it has a name."""
    path = tmp_path / "a.csv"
    lines = "".join(f"{i},{i}\n" for i in range(30_000)) + "A7,1\n"
    path.write_text(f"v\n{lines}")
    with pytest.raises(SourceError, match="give each of its columns a name in the li"):
        list(chunked(path, rows=7_000, backend="pandas"))
    path.write_text(f"id,v\n{lines}")
    run = chunked(path, rows=7_000, backend="pandas").map(lambda chunk: chunk.v.sum())
    assert run.reduce("sum") == 30_000 * 29_999 // 2 + 1


@pytest.mark.parametrize(
    ("header", "text"), [([0, 1], "a,b\nc,d\n"), (None, "")], ids=str
)
def test_wide_integers(tmp_path: Path, header: Any, text: str) -> None:
    """The remedy names columns that have a number or several names."""
    path = tmp_path / "a.csv"
    path.write_text(f"{text}{2**70},1\n3,4\n")
    with pytest.raises(SourceError, match="more than 64 bits") as why:
        read(path, read={"header": header})
    dtype = re.search(r'use --read "dtype=(.*)"$', str(why.value))
    assert dtype is not None
    found = read(path, read={"header": header, "dtype": ast.literal_eval(dtype[1])})
    assert found.iloc[:, 0].tolist() == [str(2**70), "3"]


def test_wide_integers_in_an_index(tmp_path: Path) -> None:
    """Both remedies keep all digits of integers in an index."""
    path = tmp_path / "a.csv"
    path.write_text(f"id,v\n{2**70},1\n3,4\n")
    with pytest.raises(SourceError, match="64 bits in its index; use --read") as why:
        read(path, read={"index_col": "id"})
    dtype = re.search(r'use --read "dtype=(.*)"$', str(why.value))
    assert dtype is not None
    options = {"index_col": "id", "dtype": ast.literal_eval(dtype[1])}
    assert read(path, read=options).index.tolist() == [str(2**70), "3"]
    path.write_text(f"v\n{2**70},1\n3,4\n")
    with pytest.raises(SourceError, match="64 bits in its index; give each"):
        read(path)
