"""Sources of the user's own, and what is said of files that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources import opening
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.iterable import IterableSource
from jupyter_memkit.techniques.chunked.sources.opening import chunk_source, open_source


@pytest.fixture(autouse=True)
def registers() -> Iterator[None]:
    """What a test registers is gone after it."""
    kept = [dict(opening._FORMATS), dict(opening._TYPES), set(opening._COMPRESSIBLE)]
    yield
    held: list[Any] = [opening._FORMATS, opening._TYPES, opening._COMPRESSIBLE]
    for register, before in zip(held, kept, strict=True):
        register.clear()
        register.update(before)


class Base(list[int]):
    """A type of the user's, which would be iterated otherwise."""


class Middle(Base):
    """A more specific one."""


class Leaf(Middle):
    """One that is not registered itself."""


def register(kind: type) -> None:
    """Register a type, whose source gives the name of that type."""

    @chunk_source(kind)
    def open_kind(_thing: Any) -> Source:
        return IterableSource(data=[kind.__name__], name="mine")


def test_most_specific_type() -> None:
    """Of the types of an object the most specific one counts, in any order."""
    for kinds in ((Base, Middle), (Middle, Base)):
        opening._TYPES.clear()
        for kind in kinds:
            register(kind)
        assert list(chunked(Leaf([1]))) == [["Middle"]]
        assert list(chunked(Base([1]))) == [["Base"]]
        assert list(chunked([1])) == [[1]]


def test_files(tmp_path: Path) -> None:
    """A function for an ending gets path and options, compressed files too."""

    @chunk_source(".Mine")
    def open_mine(path: Path, options: Mapping[str, Any]) -> Source:
        return IterableSource(data=[path.name, dict(options)], name=path.name)

    for name in ("a.mine", "b.mine.gz"):
        (tmp_path / name).touch()
    assert list(chunked(tmp_path, read={"x": 1})) == [
        ["a.mine", {"x": 1}],
        ["b.mine.gz", {"x": 1}],
    ]


def test_replaces(tmp_path: Path) -> None:
    """What the user registers goes before what comes with the package."""
    (tmp_path / "a.csv").write_text("a\n1\n")
    source = IterableSource(data=[1], name="mine")

    @chunk_source(".csv")
    def open_mine(_path: Path, _options: Mapping[str, Any]) -> Source:
        return source

    assert open_source(tmp_path / "a.csv") is source
    assert open_mine(tmp_path, {}) is source


@pytest.mark.parametrize("target", ["csv", ".", 5, ""])
def test_bad_target(target: Any) -> None:
    """What is neither a type nor an ending is refused."""
    with pytest.raises(
        SourceError, match=r'give a class, or an ending such as "\.sas"'
    ):
        chunk_source(target)


def test_unknown_ending(tmp_path: Path) -> None:
    """Another ending is answered with all that are known, the user's too."""
    (tmp_path / "a.xlsx").touch()
    chunk_source(".mine")(lambda _path, _options: IterableSource(data=[], name=""))
    with pytest.raises(SourceError) as raised:
        open_source(tmp_path / "a.xlsx")
    assert str(raised.value) == (
        "a.xlsx is of no kind that is known by its ending (.arrow, .arrows, .bin, "
        ".csv, .dat, .feather, .h5, .hdf, .hdf5, .ipc, .jsonl, .log, .mine, .ndjson, "
        ".npy, .npz, .parquet, .pq, .tsv, .txt, .zarr); for another kind of table give "
        f'a reader: pandas.read_csv("{tmp_path}/a.xlsx", sep=..., chunksize=100_000)'
    )


@pytest.mark.parametrize("name", ["a.npy.gz", "a.parquet.zst", "a.h5.bz2"])
def test_compressed_as_a_whole(tmp_path: Path, name: str) -> None:
    """What is read in part cannot be compressed as a whole; the remedy is to unpack."""
    (tmp_path / name).touch()
    with pytest.raises(SourceError, match=r"is read in part; unpack it, and give a\."):
        open_source(tmp_path / name)
