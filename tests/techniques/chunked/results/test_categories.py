"""Categoricals of several chunks are categoricals of the whole."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.chunks import open_chunks
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from tests.techniques.chunked.bodies import make_body

LEVELS = ("lo", "mid", "hi")


def categorize(values: list[str], categories: list[str], *, ordered: bool) -> Any:
    """Return values as categories."""
    return pd.Categorical(values, categories=categories, ordered=ordered)


def write_files(folder: Path, *, ordered: bool) -> pd.DataFrame:
    """Write two files with other categories; return what pandas reads from them."""
    folder.mkdir()
    for name, last in (("a", "hi"), ("b", "top")):
        values = ["lo", "mid", last, "lo"] * 100
        column = categorize(values, ["lo", "mid", last], ordered=ordered)
        frame = pd.DataFrame({"n": range(400), "c": column})
        frame.to_parquet(folder / f"{name}.parquet", row_group_size=100)
    return pd.read_parquet(folder)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(
    "take",
    [
        lambda chunk: chunk,
        lambda chunk: chunk.c,
        lambda chunk: chunk[chunk.c == "lo"],
        lambda chunk: chunk.set_index("c"),
        lambda chunk: chunk.set_index(["c", "n"]),
        lambda chunk: chunk.set_index("c").n,
    ],
)
def test_files_with_other_categories(
    tmp_path: Path, take: Any, *, ordered: bool
) -> None:
    """Their values keep the categories and the order that pandas reads."""
    whole = write_files(tmp_path / "files", ordered=ordered)
    job = chunked(tmp_path / "files", rows=70, backend="pandas").map(take)
    found, expected = job.reduce("concat"), take(whole)
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    else:
        pd.testing.assert_frame_equal(found, expected)


def test_order_of_one_file(tmp_path: Path) -> None:
    """Chunks of a file have its ordered categories."""
    write_files(tmp_path / "files", ordered=True)
    file = tmp_path / "files" / "a.parquet"
    for chunk in chunked(file, rows=70, backend="pandas"):
        assert list(chunk.c.cat.categories) == list(LEVELS)
        assert chunk.c.cat.ordered


def test_categories_that_the_cell_makes() -> None:
    """Categories are sorted if those of the chunks are, as in the whole."""
    frame = pd.DataFrame({"t": list("cba" * 100)})
    frame.loc[:150, "t"] = "c"
    found = chunked(frame, rows=100).map(lambda chunk: chunk.t.astype("category"))
    pd.testing.assert_series_equal(found.reduce("concat"), frame.t.astype("category"))


def test_parts_are_left_as_they_were() -> None:
    """The values of the chunks, which the cell may hold, do not change."""
    held: list[pd.DataFrame] = []
    frame = pd.DataFrame({"t": ["a"] * 100 + ["b"] * 100})

    def take(chunk: pd.DataFrame) -> pd.DataFrame:
        held.append(chunk.astype("category"))
        return held[-1]

    chunked(frame, rows=100).map(take).reduce("concat")
    assert [list(each.t.cat.categories) for each in held] == [["a"], ["b"]]


def test_a_column_that_is_text_in_one_chunk() -> None:
    """Only categoricals are given other categories."""
    frame = pd.DataFrame({"t": ["a"] * 100 + ["b"] * 100})
    found = chunked(frame, rows=100).map(
        lambda chunk: chunk.astype("category") if chunk.t.iloc[0] == "a" else chunk
    )
    assert found.reduce("concat").t.tolist() == frame.t.tolist()


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_requested_categories(tmp_path: Path, ending: str) -> None:
    """Categories on request are those of the whole, joined or as keys of sums."""
    frame = pd.DataFrame({"t": list("cbda" * 100), "n": range(400)})
    frame.loc[:150, "t"] = "c"
    frame.loc[::7, "t"] = None
    path = tmp_path / f"a.{ending}"
    {
        "csv": lambda: frame.to_csv(path, index=False),
        "parquet": lambda: frame.to_parquet(path, row_group_size=100),
        "jsonl": lambda: frame.to_json(path, orient="records", lines=True),
    }[ending]()
    whole = frame.astype({"t": "category"})
    chunks = chunked(path, rows=100, types={"t": "category"}, backend="pandas")
    joined = chunks.map(lambda chunk: chunk).reduce("concat")
    pd.testing.assert_frame_equal(joined, whole)
    for observed in (True, False):
        found = chunks.map(partial(add_up, observed=observed))
        pd.testing.assert_series_equal(
            found.reduce("sum"), add_up(whole, observed=observed)
        )


@pytest.mark.parametrize("options", [{}, {"comment": "#"}])
@pytest.mark.parametrize(
    ("values", "late"),
    [
        (("9", "10", "007", "7"), ""),
        (("9", "10"), "1.5"),
        (("2.0", "1"), ""),
        (("True", "FALSE"), ""),
        (("True", "False"), "1"),
        (("9", "10"), "True"),
        (("9", "10"), "x"),
        (("", ""), "3"),
        (("", ""), "x"),
        (("", ""), "True"),
    ],
)
def test_requested_categories_of_text(
    tmp_path: Path, values: tuple[str, ...], late: str, options: dict[str, str]
) -> None:
    """Categories in text have the types that pandas gives those of the whole file."""
    path = tmp_path / "a.csv"
    filling = "to make the file longer than what is sampled"
    lines = [f"{value},1,{filling}" for value in values * (14_000 // len(values))]
    lines[13_111] = f"{late},1,{filling}"
    path.write_text("t,n,filling\n" + "\n".join(lines) + "\n")
    whole = pd.read_csv(path, dtype={"t": "category"}, **options)  # type: ignore[call-overload] # of any options
    source = dataclasses.replace(open_source(path), options=options)  # type: ignore[type-var] # a file
    chunks = open_chunks(source, rows=4_000, types={"t": "category"}, backend="pandas")
    joined = chunks.map(make_body("df")).reduce("concat")
    pd.testing.assert_frame_equal(joined, whole)
    cell = make_body("df.groupby('t', observed=True).n.sum()")
    found = chunks.map(cell).reduce("sum")
    pd.testing.assert_series_equal(found, add_up(whole, observed=True))


@pytest.mark.parametrize(("early", "late"), [("1", "x"), ("True", "2")])
def test_categories_by_an_option(tmp_path: Path, early: str, late: str) -> None:
    """Those of --read that become text end the run; the remedy reads the whole."""
    path = tmp_path / "a.csv"
    path.write_text("t\n" + f"{early}\n" * 300 + f"{late}\n" * 300)
    whole = pd.read_csv(path, dtype={"t": "category"})
    first = pd.read_csv(path, dtype={"t": "category"}, nrows=1)
    if str(first.t.cat.categories.dtype) in {"object", "str"}:
        pytest.skip("this pandas reads all categories as text")
    source = dataclasses.replace(
        open_source(path), options={"dtype": {"t": "category"}}
    )  # type: ignore[type-var] # a file
    job = open_chunks(source, rows=300, backend="pandas").map(make_body("df"))
    with pytest.raises(MemkitError, match=r"leave t out .* --types t=category"):
        job.reduce("concat")
    chunks = chunked(path, rows=300, types={"t": "category"}, backend="pandas")
    joined = chunks.map(make_body("df")).reduce("concat")
    pd.testing.assert_frame_equal(joined, whole)


def test_requested_categories_of_wide_integers(tmp_path: Path) -> None:
    """Those of more than 64 bits are refused, as in other columns."""
    path = tmp_path / "a.csv"
    path.write_text("t\n1\n12345678901234567890123\n")
    with pytest.raises(MemkitError, match=r"more than 64 bits in t, .* --types t=str"):
        list(chunked(path, types={"t": "category"}, backend="pandas"))


def add_up(chunk: pd.DataFrame, *, observed: bool) -> pd.Series:
    """Return sums by category."""
    return chunk.groupby("t", observed=observed).n.sum()
