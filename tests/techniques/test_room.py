"""What is left below the limit with the least room, and the guard's mark."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_memkit.measure.process import read_file_bytes, read_rss_bytes
from jupyter_memkit.techniques.guard.guarding import guard
from jupyter_memkit.techniques.room import read_room_bytes
from tests.waiting import wait_until

MIB = 1024 * 1024

pytestmark = [
    pytest.mark.own_process(scope="module"),
    pytest.mark.skipif(sys.platform != "linux", reason="files are known on Linux"),
]


def read_left() -> int:
    """Return what is left; there is a limit in each test."""
    room_bytes = read_room_bytes()
    assert room_bytes is not None
    return room_bytes


@pytest.fixture
def limit_bytes(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit on this process and its children."""
    limit_bytes = 1 << 30
    monkeypatch.setenv("MEM_LIMIT", str(limit_bytes))
    return limit_bytes


def test_children_count(limit_bytes: int) -> None:
    """The memory of child processes is not left for others."""
    alone_bytes = read_left()
    own_bytes = read_rss_bytes() - read_file_bytes()
    assert alone_bytes == pytest.approx(limit_bytes - own_bytes, abs=20 * MIB)
    code = "block = b'x' * (100 << 20); print(flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=pipe, stdout=pipe
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        wait_until(lambda: alone_bytes - read_left() > 90 * MIB)
        child.communicate()


@pytest.mark.usefixtures("limit_bytes")
def test_mapped_files_do_not_count(tmp_path: Path) -> None:
    """Pages of a mapped file leave as much as before."""
    path = tmp_path / "data"
    path.write_bytes(bytes(64 * MIB))
    before_bytes = read_left()
    with path.open("rb") as file:
        view = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        assert sum(view[:: mmap.PAGESIZE]) == 0
        assert read_file_bytes() > 64 * MIB
        assert abs(before_bytes - read_left()) < 20 * MIB
        view.close()


def test_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a limit that nothing enforces, 0 is left."""
    monkeypatch.setenv("MEM_LIMIT", "1MiB")
    assert read_left() == 0


@pytest.mark.usefixtures("limit_bytes")
def test_mark_of_the_guard() -> None:
    """No more is left than the guard allows; a mark that only warns does not count."""
    free_bytes = read_left()
    with guard("1GB", action="warn"):
        assert read_left() > 0.9 * free_bytes
        with guard("500MB"):
            own_bytes = read_rss_bytes() - read_file_bytes()
            assert 0 < read_left() < 500_000_000 - own_bytes + 2 * MIB
    assert read_left() > 0.9 * free_bytes
