"""Marks: sizes, shares, automatic ones, and what cannot be one."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.limits import MemoryLimit
from jupyter_memkit.techniques.guard import mark
from jupyter_memkit.techniques.guard.family import read_memory
from jupyter_memkit.techniques.guard.mark import Mark, Marks, read_mark
from jupyter_memkit.techniques.guard.shared import SharedPage, make_page

MIB = 1 << 20
GIB = 1 << 30
HELD_BYTES = 200 * MIB


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> MemoryLimit:
    """A machine with a limit of 100 GiB."""
    limit = MemoryLimit(bytes=100 * GIB, name="cgroup memory.max")
    monkeypatch.setattr(mark, "read_limit", lambda: limit)
    monkeypatch.setattr(mark, "read_limits", lambda: [limit])
    return limit


@pytest.mark.parametrize(
    ("text", "n_bytes", "reserve_bytes", "shown"),
    [
        ("8GB", 8 * 10**9, 0, "8 GB"),
        ("8 GiB", 8 * GIB, 0, "8 GiB"),
        ("85%", 0, 15 * GIB, "85%"),
        ("auto", 0, 2 * GIB, "auto"),
        ("AUTO", 0, 2 * GIB, "auto"),
    ],
)
def test_mark(text: str, n_bytes: int, reserve_bytes: int, shown: str) -> None:
    """A size is a mark for the process; the others keep a part of the limit free."""
    read = read_mark(text)
    assert (read.bytes, read.text) == (n_bytes, shown)
    assert abs(read.reserve_bytes - reserve_bytes) < 16


def test_small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small machine `auto` reserves at least 256 MiB, but never over a half."""
    for limit_bytes, reserve_bytes in ((GIB, GIB // 4), (GIB // 4, GIB // 8)):
        limit = MemoryLimit(bytes=limit_bytes, name="ulimit")
        monkeypatch.setattr(mark, "read_limit", lambda limit=limit: limit)
        assert read_mark("auto").reserve_bytes == reserve_bytes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lots", "a mark can also be a share such as 85%, or auto"),
        ("500", "did you mean 500MB?"),
        ("0%", "write one between 1% and 99%"),
        ("0.01%", "write one between 1% and 99%"),
        ("99.9%", "write one between 1% and 99%"),
        ("x%", "write one between 1% and 99%"),
        ("101 GiB", r"above the limit of 100.0 GiB \(cgroup memory.max\)"),
        ("1 KiB", "free some with %memfree, or choose a higher mark"),
    ],
)
def test_no_mark(text: str, message: str) -> None:
    """Everything else is refused in one sentence with the remedy."""
    with pytest.raises(MemkitError, match=message):
        read_mark(text)


@pytest.fixture
def page() -> Iterator[SharedPage]:
    """A page without a mark."""
    descriptor = make_page()
    page = SharedPage(descriptor)
    yield page
    page.close()
    os.close(descriptor)


def test_share_that_is_exceeded(
    monkeypatch: pytest.MonkeyPatch, limit: MemoryLimit
) -> None:
    """A share below what is in use, of other processes too, is refused; auto is not."""
    gauge = Gauge(
        limit_bytes=limit.bytes, used_bytes=99 * GIB, name=limit.name, covers="machine"
    )
    monkeypatch.setattr(mark, "find_tightest", lambda *_: gauge)
    message = r"99.0 GiB of 100.0 GiB \(cgroup memory.max\) is in use, which is above"
    with pytest.raises(MemkitError, match=message):
        read_mark("98%")
    assert read_mark("auto").reserve_bytes == 2 * GIB


def test_reserve_that_others_take(page: SharedPage) -> None:
    """A mark is never negative, however much other processes take."""
    page["used_bytes"], page["available_bytes"] = 100 * MIB, MIB
    share = Mark(text="85%", bytes=0, reserve_bytes=GIB, action="stop")
    assert share.bytes_now(page) == 0


@contextmanager
def shared_memory() -> Iterator[None]:
    """Hold shared memory."""
    with mmap.mmap(-1, HELD_BYTES) as memory:
        memory[:] = b"x" * HELD_BYTES
        yield


@contextmanager
def child() -> Iterator[None]:
    """Hold memory in a child."""
    code = f"x = b'x' * {HELD_BYTES}; print(flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        yield
        process.communicate(b"\n")


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform != "linux", reason="reads shared memory there")
@pytest.mark.parametrize("hold", [shared_memory, child])
def test_what_counts_against_a_mark(
    hold: Callable[[], AbstractContextManager[None]],
) -> None:
    """A mark is refused below what is in use, with shared memory and children."""
    with hold():
        used_bytes = read_memory("self").private_bytes
        mark_mib = (used_bytes + HELD_BYTES // 2) // MIB
        with pytest.raises(MemkitError, match="in use, which is above the mark"):
            read_mark(f"{mark_mib} MiB")


def test_no_action() -> None:
    """An action other than stop and warn is refused."""
    with pytest.raises(MemkitError, match="write stop or warn"):
        read_mark("8GB", "kill")


@pytest.mark.parametrize(
    ("given", "lowest"),
    [
        (["auto", "50%"], "50%"),
        (["50%", "auto"], "50%"),
        (["auto warn", "50%"], "50%"),
        (["30% warn", "50%"], "50%"),
        (["30% warn", "20% warn"], "20%"),
        # Of 100 GiB, 60 are in use, 10 of them by other processes.
        (["75 GiB", "80%"], "80%"),
        (["65 GiB", "80%"], "65 GiB"),
    ],
)
def test_lowest_mark(page: SharedPage, given: list[str], lowest: str) -> None:
    """The lowest mark is the one with the least room; one that stops comes first."""
    marks = Marks()
    for line in given:
        action = "warn" if line.endswith(" warn") else "stop"
        marks.add(read_mark(line.removesuffix(" warn"), action))
    page["used_bytes"], page["available_bytes"] = 50 * GIB, 40 * GIB
    assert marks.lowest(page).text == lowest


def test_marks_in_the_page(page: SharedPage) -> None:
    """Marks that stop and marks that warn are written apart, the strictest of each."""
    marks = Marks()
    for text, action in (("85%", "stop"), ("8 GiB", "stop"), ("9 GiB", "stop")):
        marks.add(read_mark(text, action))
    marks.write(page)
    assert (page["warn_bytes"], page["warn_reserve_bytes"]) == (0, 0)
    for text, action in (("95%", "warn"), ("7 GiB", "warn")):
        marks.add(read_mark(text, action))
    marks.write(page)
    assert page["mark_bytes"] == 8 * GIB
    assert page["warn_bytes"] == 7 * GIB
    assert page["reserve_bytes"] == read_mark("85%").reserve_bytes
    assert page["warn_reserve_bytes"] == read_mark("95%").reserve_bytes


def test_share_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a known limit, only a size can be a mark."""
    monkeypatch.setattr(mark, "read_limit", lambda: None)
    with pytest.raises(MemkitError, match="write a size, such as 8GB"):
        read_mark("auto")
    assert read_mark("8GB").bytes == 8 * 10**9
