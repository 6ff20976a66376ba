"""Open resources of a process are not sent to another one."""

from __future__ import annotations

import bz2
import codecs
import dbm.dumb
import gzip
import io
import lzma
import mmap
import shelve
import socket
import sqlite3
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.techniques.processes.pickling import Pickler, find_hindrance
from jupyter_memkit.techniques.spilling.files import write_file

TEXT_MODES = ("r", "w", "a", "r+", "w+", "a+")


def openers() -> dict[str, Callable[[Path], Any]]:
    """Return functions that open a resource at the path of an existing file."""

    def archive(path: Path) -> Any:
        return zipfile.ZipFile(path, "w").open("member", "w")

    def mapped(path: Path) -> Any:
        with path.open("r+b") as file:
            return mmap.mmap(file.fileno(), 0)

    texts = {mode: lambda path, mode=mode: path.open(mode) for mode in TEXT_MODES}
    binaries = {
        f"{mode}b": lambda path, mode=mode: path.open(f"{mode}b") for mode in TEXT_MODES
    }
    return {
        **texts,
        **binaries,
        "x+": lambda path: path.with_suffix(".new").open("x+"),
        "unbuffered": lambda path: path.open("r+b", buffering=0),
        "closed": lambda path: _close(path.open()),
        "gzip": lambda path: gzip.open(path, "wb"),
        "gzip text": lambda path: gzip.open(path, "wt"),
        "bz2": lambda path: bz2.open(path, "wb"),
        "lzma": lambda path: lzma.open(path, "wb"),
        "zip": lambda path: zipfile.ZipFile(path, "w"),
        "zip member": archive,
        "codecs": lambda path: codecs.open(str(path), "r+", "utf-8"),
        "temporary": lambda _: tempfile.TemporaryFile("w+"),
        "named": lambda _: tempfile.NamedTemporaryFile("w+"),
        "socket": lambda _: socket.socket(),
        "sqlite": lambda path: sqlite3.connect(path.with_suffix(".db")),
        "hdf5": lambda path: h5py.File(path.with_suffix(".h5"), "w"),
        "dbm": lambda path: dbm.dumb.open(str(path)),
        "shelve": lambda path: shelve.open(str(path.with_suffix(".shelf"))),
        "mmap": mapped,
        "array of mmap": lambda path: np.frombuffer(mapped(path), "u1"),
        "memmap r+": lambda path: np.memmap(path, "u1", "r+"),
        "memmap w+": lambda path: np.memmap(path, "u1", "w+", shape=4),
        "part of memmap": lambda path: np.asarray(np.memmap(path, "u1", "r+"))[1:3],
        "frame of memmap": lambda path: pd.Series(
            np.memmap(path, "u1", "r+"), copy=False
        ),
    }


def _close(file: Any) -> Any:
    file.close()
    return file


@pytest.mark.parametrize("name", list(openers()))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_refused(name: str, tmp_path: Path) -> None:
    """An open resource cannot be sent, alone or in another object."""
    path = tmp_path / "file"
    path.write_bytes(b"some data")
    value = openers()[name](path)
    with ExitStack() as stack:
        if hasattr(value, "close"):
            stack.callback(value.close)
        assert find_hindrance(value) is not None
        assert find_hindrance({"value": [value]}) is not None


@pytest.mark.own_process  # Python starts a process that watches segments.
def test_shared_memory() -> None:
    """A segment cannot be sent, because another process would remove it at its end."""
    segment = SharedMemory(create=True, size=8)
    try:
        assert "shared memory belongs to the process" in str(find_hindrance(segment))
    finally:
        segment.close()
        segment.unlink()


def test_sent(tmp_path: Path) -> None:
    """In-memory files, read-only maps and spilled arrays are sent; streams by name."""
    path = tmp_path / "file"
    path.write_bytes(b"some data")
    spilled = write_file(iter([memoryview(b"data")]), 4, tmp_path, lambda _: None)
    for value in (
        io.StringIO("text"),
        io.BytesIO(b"data"),
        np.memmap(path, "u1", "r"),
        np.memmap(path, "u1", "c"),
        np.frombuffer(mmap.mmap(-1, 8), "u1"),
        spilled,
        spilled[1:],
    ):
        assert find_hindrance(value) is None
    file = io.BytesIO()
    Pickler(file, lambda _: True).dump(sys.stdout)
    assert b"stdout" in file.getvalue()


def test_variable_of_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function cannot be sent with a variable that cannot, but without it."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "lock_of_a_test", threading.Lock(), raising=False)
    made: dict[str, Any] = {}
    exec("def read(): return lock_of_a_test", vars(main), made)
    assert "lock" in str(find_hindrance(made["read"]))
    assert find_hindrance(made["read"], brings=False) is None
