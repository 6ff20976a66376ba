"""Blocks of memory are added up by address, each byte once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jupyter_memkit.measure.sizes import arrow_c, sizeof
from jupyter_memkit.measure.sizes.buffers import BufferLedger
from jupyter_memkit.measure.sizes.mapped_files import find_file_at, find_mapped_files
from jupyter_memkit.measure.sizes.parts import Buffer

MAPS = """\
00400000-00500000 r-xp 00000000 fd:01 123 /usr/bin/python3
00600000-00700000 rw-p 00000000 00:00 0
00800000-00900000 rw-p 00000000 00:00 0 [heap]
00a00000-00b00000 rw-s 00000000 00:01 77 /dev/shm/psm_1
00c00000-00d00000 rw-s 00000000 00:01 78 /memfd:pool (deleted)
00e00000-00f00000 r--s 00000000 fd:01 99 /data/a file with blanks.npy
"""


def ledger(*blocks: tuple[int, int, int]) -> BufferLedger:
    """Make a ledger of blocks: owner, address, length."""
    made = BufferLedger()
    for owner, address, n_bytes in blocks:
        made.add(Buffer(address=address, bytes=n_bytes), owner, fold=0, weight=1.0)
    return made


def total(made: BufferLedger, owner: int) -> tuple[float, float]:
    """Return the bytes that an owner holds, and the shared part."""
    totals, _ = made.settle()
    found = totals[owner, "RAM"]
    return sum(found.bytes_by_fold.values()), found.shared_bytes


def test_overlaps() -> None:
    """Overlapping blocks count once, within an owner and between two."""
    made = ledger((1, 0, 100), (1, 50, 100), (2, 140, 20), (2, 500, 10), (2, 500, 10))
    assert total(made, 1) == (150, 10)
    assert total(made, 2) == (30, 10)
    assert made.settle()[1] == 170


def test_empty_blocks() -> None:
    """An empty block does not count."""
    assert ledger((1, 100, 0)).settle() == ({}, 0)


def test_devices_have_addresses_of_their_own() -> None:
    """The same address on another device is another block."""
    made = BufferLedger()
    for device in ("RAM", "cuda:0"):
        buffer = Buffer(address=100, bytes=8, device=device)
        made.add(buffer, 1, fold=0, weight=1.0)
    totals, together_bytes = made.settle()
    assert set(totals) == {(1, "RAM"), (1, "cuda:0")}
    assert together_bytes == 8


def test_samples() -> None:
    """A block of a sample stands for many, unless the sample has it twice."""
    made = BufferLedger()
    made.add(Buffer(address=0, bytes=10), 1, fold=2, weight=50.0)
    for fold in (1, 2):
        made.add(Buffer(address=100, bytes=10), 1, fold=fold, weight=50.0)
    totals, _ = made.settle()
    assert totals[1, "RAM"].bytes_by_fold == {2: 500.0, 0: 10.0}


def test_many_overlapping_blocks() -> None:
    """Thousands of views of one block are that block."""
    made = ledger(*((1, number, 10_000) for number in range(5000)))
    assert total(made, 1) == (14_999, 0)


def test_mapped_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only mappings of files on disk count as disk, by the system's own list."""
    path = tmp_path / "maps"
    path.write_text(MAPS)
    monkeypatch.setattr(
        "jupyter_memkit.measure.sizes.mapped_files.Path", lambda _: path
    )
    files = find_mapped_files()
    assert [(file.start, file.end) for file in files] == [
        (0x400000, 0x500000),
        (0xE00000, 0xF00000),
    ]
    for address, expected in (
        (0x3FFFFF, False),
        (0x400000, True),
        (0x4FFFFF, True),
        (0x500000, False),
        (0xE00001, True),
        (0xF00000, False),
    ):
        assert (find_file_at(address, files) is not None) is expected
    path.unlink()
    assert find_mapped_files() == []


def test_a_file_that_is_mapped(tmp_path: Path) -> None:
    """A mapped file lives on disk, and so do its views."""
    array: Any = np.memmap(tmp_path / "a.bin", mode="w+", shape=1_000_000)
    size = sizeof([array, array[10:], np.frombuffer(array.base)[5:]])
    assert size.elsewhere == {"disk": 1_000_000}
    assert size.bytes < 10_000
    assert size.device == "disk"


def test_a_file_that_is_mapped_in_small_blocks(tmp_path: Path) -> None:
    """Thousands of small blocks of a mapped file live on disk as well."""
    table = pa.table({"a": np.zeros(400_000)})
    path = str(tmp_path / "a.arrow")
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table, max_chunksize=1000)
    size = sizeof(pa.ipc.open_stream(pa.memory_map(path)).read_all())
    # Each block is a part of a message, which also has its description.
    assert size.elsewhere.keys() == {"disk"}
    assert 3_200_000 <= size.elsewhere["disk"] < 3_300_000
    assert size.bytes < 100_000


def test_unknown_format() -> None:
    """An unknown layout raises an error."""
    with pytest.raises(ValueError, match="is not known"):
        arrow_c._find_bits(b"?")
    assert arrow_c._find_bits(b"d:19,10,256") == 256
    assert arrow_c._find_bits(b"tsu:UTC") == 64
