"""The user's own sources, and the errors for files that no source reads."""

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
    """Remove what a test registers."""
    kept = [dict(opening._FORMATS), dict(opening._TYPES), set(opening._COMPRESSIBLE)]
    yield
    held: list[Any] = [opening._FORMATS, opening._TYPES, opening._COMPRESSIBLE]
    for register, before in zip(held, kept, strict=True):
        register.clear()
        register.update(before)


class Base(list[int]):
    """A type of the user's, which would otherwise be iterated."""


class Middle(Base):
    """A more specific type."""


class Leaf(Middle):
    """A type that is not registered itself."""


def register(kind: type) -> None:
    """Register a type, whose source yields the name of the type."""

    @chunk_source(kind)
    def open_kind(_thing: Any) -> Source:
        return IterableSource(data=[kind.__name__], name="mine")


def test_most_specific_type() -> None:
    """The most specific type of an object decides, in any order."""
    for kinds in ((Base, Middle), (Middle, Base)):
        opening._TYPES.clear()
        for kind in kinds:
            register(kind)
        assert list(chunked(Leaf([1]))) == [["Middle"]]
        assert list(chunked(Base([1]))) == [["Base"]]
        assert list(chunked([1])) == [[1]]


def test_files(tmp_path: Path) -> None:
    """A function for an extension gets path and options, of compressed files too."""

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
    """The user's sources take precedence over those of the package."""
    (tmp_path / "a.csv").write_text("a\n1\n")
    source = IterableSource(data=[1], name="mine")

    @chunk_source(".csv")
    def open_mine(_path: Path, _options: Mapping[str, Any]) -> Source:
        return source

    assert open_source(tmp_path / "a.csv") is source
    assert open_mine(tmp_path, {}) is source


@pytest.mark.parametrize("target", ["csv", ".", 5, ""])
def test_bad_target(target: Any) -> None:
    """A target that is neither a type nor an extension is rejected."""
    with pytest.raises(
        SourceError, match=r'use a class, or an extension such as "\.sas"'
    ):
        chunk_source(target)


def test_unknown_ending(tmp_path: Path) -> None:
    """The error for another extension lists all that are known, the user's too."""
    (tmp_path / "a.sas").touch()
    chunk_source(".mine")(lambda _path, _options: IterableSource(data=[], name=""))
    with pytest.raises(SourceError) as raised:
        open_source(tmp_path / "a.sas")
    assert str(raised.value) == (
        "a.sas has an unsupported extension; for a table in text, run over a reader: "
        f'reader = pandas.read_csv("{tmp_path}/a.sas", sep=..., chunksize=100_000) '
        "(supported are .arrow, .arrows, .bin, .csv, .dat, .feather, .h5, .hdf, .hdf5, "
        ".ipc, .jsonl, .log, .mine, .ndjson, .npy, .npz, .parquet, .pq, .tsv, .txt, "
        ".zarr)"
    )


@pytest.mark.parametrize("name", ["a.npy.gz", "a.parquet.zst", "a.h5.bz2"])
def test_compressed_as_a_whole(tmp_path: Path, name: str) -> None:
    """A format that is read in parts is rejected if compressed, and unpacking helps."""
    (tmp_path / name).touch()
    with pytest.raises(
        SourceError, match=r"files are read in parts; unpack it, and use a\."
    ):
        open_source(tmp_path / name)
