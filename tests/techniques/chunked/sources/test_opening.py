"""The source that reads an object or a file, and the error if none does."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.delimited import DelimitedSource
from jupyter_memkit.techniques.chunked.sources.iterable import IterableSource
from jupyter_memkit.techniques.chunked.sources.memory import MemorySource
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from jupyter_memkit.techniques.chunked.sources.parquet import ParquetSource


@pytest.mark.parametrize(
    ("name", "source_type"),
    [
        ("a.csv", DelimitedSource),
        ("a.TSV", DelimitedSource),
        ("a.csv.gz", DelimitedSource),
        ("a.parquet", ParquetSource),
        ("a.pq", ParquetSource),
    ],
)
def test_file_kinds(tmp_path: Path, name: str, source_type: type) -> None:
    """The extension of a file, without that of a compression, decides its source."""
    path = tmp_path / name
    path.touch()
    assert type(open_source(path)) is source_type
    assert type(open_source(str(path))) is source_type


@pytest.mark.parametrize(
    ("source", "source_type"),
    [
        (np.arange(3), MemorySource),
        ([1, 2], IterableSource),
        (range(3), IterableSource),
        (iter("ab"), IterableSource),
    ],
)
def test_object_kinds(source: Any, source_type: type) -> None:
    """Arrays are sliced, and all other iterables are iterated."""
    assert type(open_source(source)) is source_type


def test_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for a missing file has the folder and the most similar name there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").touch()
    with pytest.raises(SourceError) as raised:
        open_source("ordrs.csv")
    expected = f"there is no file ordrs.csv in {tmp_path}; did you mean orders.csv?"
    assert str(raised.value) == expected
    (tmp_path / "b.csv").touch()
    with pytest.raises(SourceError, match=r"did you mean orders\.csv"):
        open_source("ORDRS.CSV")


def test_url_of_a_local_file(tmp_path: Path) -> None:
    """The URL of a local file stands for its path, also one with a pattern."""
    (tmp_path / "a b.csv").write_text("x\n1\n")
    url = (tmp_path / "a b.csv").as_uri()
    for source in (url, url.replace("file://", "file://localhost"), url[:-5] + "*.csv"):
        assert chunked(source).map(len).reduce("sum") == 1


def test_missing_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for a file in a missing folder says that the folder is missing."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="there is no folder data either"):
        open_source("data/orders.csv")


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["a.csv", "b.csv", "c.csv"], "b.csv"),
        (["a.csv", "typo"], "typo"),
        (["x.csv", "y.csv"], "x.csv"),
        ([Path("a.csv"), Path("b.csv")], "b.csv"),
    ],
)
def test_a_missing_file_of_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[Any], missing: str
) -> None:
    """A list of files of which one is missing is not data, and the missing is named."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "c.csv"):
        Path(name).touch()
    with pytest.raises(SourceError, match=f"there is no file {missing} in "):
        open_source(names)


def test_a_list_of_text() -> None:
    """A list of other text is data, and so is any text in an iterator."""
    assert type(open_source(["a", "b.csv"])) is IterableSource
    assert type(open_source(iter(["a.csv", "b.csv"]))) is IterableSource


def test_sources_are_imported_when_they_are_needed(tmp_path: Path) -> None:
    """Opening a file or a list imports no source of a library that is not loaded."""
    (tmp_path / "a.txt").touch()
    package = "jupyter_memkit.techniques.chunked.sources"
    code = (
        "import sys\n"
        f"from {package}.opening import open_source\n"
        "open_source('a.txt'), open_source([1, 2])\n"
        "kinds = ['dask_collections', 'huggingface', 'polars_lazy', 'torch_dataset']\n"
        f"print([kind for kind in kinds if f'{package}.{{kind}}' in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    printed = subprocess.check_output(command, cwd=tmp_path, text=True)
    assert printed == "[]\n"


def test_a_list_of_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The paths of a list may be patterns, and begin with the home folder."""
    for name in ("a1.csv", "a2.csv", "b.csv"):
        (tmp_path / name).touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    source = open_source([f"{tmp_path}/a*.csv", "~/b.csv"])
    assert source.name == "3 files"


def test_several_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of several formats are rejected, with a remedy that works."""
    monkeypatch.chdir(tmp_path)
    names = ["data/b.parquet", "data/new/a.csv.gz", "data/new/b.csv.gz"]
    odd = ["data/README", "data/notes.abc"]
    for path in map(Path, [*names, *odd]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with pytest.raises(SourceError) as raised:
        open_source("data")
    pattern = re.findall('use a pattern, such as "(.+)"$', str(raised.value))[0]
    assert open_source(pattern).name == pattern
    for source in (names, "data/**/b.*"):
        with pytest.raises(SourceError, match=r"\.parquet\); use those of one format"):
            open_source(source)


def test_a_text_that_is_too_long() -> None:
    """A text that cannot be a path is not looked for, and a list of them is data."""
    with pytest.raises(MemkitError, match="is too long for the name of a file; use a"):
        open_source("t" * 1000)
    assert type(open_source(["t" * 1000, "u"])) is IterableSource


def test_a_folder_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder within the source that cannot be read is not left out silently."""
    (tmp_path / "a.csv").write_text("n\n1\n")
    closed = tmp_path / "closed"
    closed.mkdir()
    scan = os.scandir

    def scan_as_another_user(path: Any) -> Any:
        # The tests can run as root, who may read everything.
        if os.fspath(path) == str(closed):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_as_another_user)
    with pytest.raises(SourceError, match="closed cannot be read: Permission denied"):
        open_source(tmp_path)


def test_nothing_similar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a similar name the error asks to check the spelling."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="check its spelling and folder"):
        open_source("orders.csv")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "nothing", "nothing has no files; check its name"),
        (
            lambda folder: folder / "a.xlsx",
            "a.xlsx has an unsupported extension",
        ),
        (lambda _: 5, "the int is not a source of chunks; use the path of"),
        (lambda _: np.array(5), "an array without dimensions has no rows"),
    ],
)
def test_unreadable(tmp_path: Path, make: Any, sentence: str) -> None:
    """An object or file that no source reads is rejected with those that are read."""
    (tmp_path / "a.xlsx").touch()
    (tmp_path / "nothing").mkdir()
    with pytest.raises(SourceError, match=sentence):
        open_source(make(tmp_path))
