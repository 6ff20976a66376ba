"""The watcher, with a page and a process of the test in place of a kernel."""

from __future__ import annotations

import errno
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.temporary_limit import is_temporary
from jupyter_memkit.techniques.guard import watch
from jupyter_memkit.techniques.guard.family import Family, read_memory
from jupyter_memkit.techniques.guard.shared import SharedPage, make_page
from jupyter_memkit.techniques.guard.watch import Watch
from jupyter_memkit.techniques.guard.watcher import (
    LEEWAY_BYTES,
    Watcher,
    _Allowance,
    _Wait,
    find_room,
    leave_end,
)
from tests.waiting import wait_until

if sys.platform == "linux":
    import resource

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.traced_children,
]

MIB = 1 << 20
NUMBER = signal.SIGUSR1

# Holds 100 MiB, writes its signals, and ends with its input. One handler can interrupt
# the other, also inside `print`, so each line is written by one call.
KERNEL = """
import mmap, multiprocessing, os, signal, sys
held = b"x" * (100 << 20)
for number in (signal.SIGUSR1, signal.SIGINT):
    signal.signal(number, lambda number, _: os.write(1, b"%d\\n" % number))
print("ready", flush=True)
while order := sys.stdin.readline():
    if order.startswith("map "):
        with open(order[4:-1]) as file:
            prot = mmap.PROT_READ | mmap.PROT_EXEC
            library = mmap.mmap(file.fileno(), 0, prot=prot)
        print("mapped", flush=True)
        continue
    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=lambda: multiprocessing.parent_process().join())
    child.start()
    print("forked", flush=True)
"""


def test_page_without_memfd(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python built against an old C library shares a page, too."""
    monkeypatch.delattr(os, "memfd_create")
    descriptor = make_page()
    here, there = SharedPage(descriptor), SharedPage(descriptor)
    here["mark_bytes"] = 7
    assert there["mark_bytes"] == 7
    here.close()
    there.close()
    os.close(descriptor)


def test_watcher_that_never_reads(
    page: SharedPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watcher that gives no reading is an error in one sentence, and is ended."""
    monkeypatch.setattr(watch, "start_detached", lambda *_: None)
    started = Watch(page, 0, NUMBER)
    with pytest.raises(MemkitError, match="has ended and has read nothing"):
        started.wake()
    assert started.describe_failure() == "has ended"


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_system_that_refuses_pidfd_open(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Where the system refuses to open the kernel's process, the link is watched."""

    def refuse(_pid: int) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pidfd_open", refuse)
    here, there = socket.socketpair()
    with there:
        with here:
            wait = _Wait(os.getpid(), there.fileno())
            assert not wait.is_over(0.0)
        assert wait.is_over(None)


@pytest.fixture
def page() -> Iterator[SharedPage]:
    """A page without a mark."""
    descriptor = make_page()
    page = SharedPage(descriptor)
    page["soft_limit"] = page["hard_limit"] = -1
    yield page
    page.close()
    os.close(descriptor)


@pytest.fixture
def kernel() -> Iterator[subprocess.Popen[str]]:
    """A process of 100 MiB."""
    command = [sys.executable, "-c", KERNEL]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_reading(kernel: subprocess.Popen[str], page: SharedPage) -> None:
    """Each look writes the use, the room and the time to the page."""
    page["mark_bytes"] = 500 * MIB
    watcher = Watcher(kernel.pid, page, NUMBER, [(1 << 40, "family")])
    watcher.look()
    assert 100 * MIB < page["used_bytes"] < 130 * MIB
    assert page["room_bytes"] == 500 * MIB - page["used_bytes"]
    assert page["available_bytes"] == (1 << 40) - page["used_bytes"]
    assert page["read_ns"] > 0


def test_signal_above_the_mark(kernel: subprocess.Popen[str], page: SharedPage) -> None:
    """The signal is sent only while a cell runs above the mark and its leeway."""
    page["mark_bytes"] = 50 * MIB
    watcher = Watcher(kernel.pid, page, NUMBER, [])
    watcher.look()
    assert page["stopped_cell"] == 0
    page["cell"] = 7
    page["start_bytes"] = 60 * MIB
    watcher.look()
    assert page["stopped_cell"] == 0
    page["start_bytes"] = 20 * MIB
    watcher.look()
    assert (page["stopped_cell"], page["stopped_bytes"]) == (7, page["used_bytes"])
    assert kernel.stdout is not None
    assert int(kernel.stdout.readline()) == NUMBER


def test_ctrl_c_if_the_signal_is_not_handled(
    kernel: subprocess.Popen[str], page: SharedPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a second in which no handler ran, Ctrl-C follows, and is recorded."""
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    page["mark_bytes"] = 20 * MIB
    page["cell"] = 1
    watcher = Watcher(kernel.pid, page, NUMBER, [])
    watcher.look()
    assert page["interrupted_cell"] == 0
    now_s[0] += 1.1
    watcher.look()
    assert page["interrupted_cell"] == 1
    assert kernel.stdout is not None
    wait_until(lambda: int(kernel.stdout.readline()) == signal.SIGINT)  # type: ignore[union-attr]


def test_signal_for_a_warning(
    kernel: subprocess.Popen[str], page: SharedPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above a mark that warns the signal is repeated; the cell is not stopped."""
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    page["mark_bytes"], page["warn_bytes"] = 500 * MIB, 20 * MIB
    page["cell"], page["start_bytes"] = 1, -LEEWAY_BYTES
    watcher = Watcher(kernel.pid, page, NUMBER, [])
    assert kernel.stdout is not None
    for _ in range(3):
        watcher.look()
        now_s[0] += 1.1
        assert int(kernel.stdout.readline()) == NUMBER
    assert (page["stopped_cell"], page["interrupted_cell"]) == (0, 0)
    assert page["room_bytes"] == 20 * MIB - page["used_bytes"]


def test_no_limit_for_a_warning(
    kernel: subprocess.Popen[str], page: SharedPage
) -> None:
    """At marks that only warn no allocation fails, whatever is loaded."""
    page["warn_bytes"], page["limits_data"], page["aborts"] = 20 * MIB, 1, 1
    resource.prlimit(kernel.pid, resource.RLIMIT_DATA, (2 << 30, -1))
    Watcher(kernel.pid, page, NUMBER, [(4 << 30, "family")]).look()
    assert resource.prlimit(kernel.pid, resource.RLIMIT_DATA) == (-1, -1)


@pytest.mark.parametrize("field", ["keeps_ctrl_c", "limits_data"])
def test_no_ctrl_c(
    kernel: subprocess.Popen[str],
    page: SharedPage,
    monkeypatch: pytest.MonkeyPatch,
    field: str,
) -> None:
    """Ctrl-C is never sent where it would not arrive, or where allocations fail."""
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    page["mark_bytes"] = 20 * MIB
    page["cell"] = page[field] = 1
    watcher = Watcher(kernel.pid, page, NUMBER, [])
    for _ in range(3):
        watcher.look()
        now_s[0] += 1.1
    assert (page["stopped_cell"], page["interrupted_cell"]) == (1, 0)


def test_data_limit_moves_with_the_use(
    kernel: subprocess.Popen[str], page: SharedPage
) -> None:
    """The limit lies above the mark by what is reserved and not used, and a slack."""
    page["mark_bytes"] = 500 * MIB
    page["limits_data"] = 1
    watcher = Watcher(kernel.pid, page, NUMBER, [])
    watcher.look()
    soft, _ = resource.prlimit(kernel.pid, resource.RLIMIT_DATA)
    own = read_memory(kernel.pid)
    slack = soft - own.data_bytes - page["room_bytes"]
    assert is_temporary(soft)
    # The kernel waits, so nothing differs but the bits of the sign.
    expected_bytes = (192 + 8 * (os.cpu_count() or 1)) * MIB
    assert abs(slack - expected_bytes) < mmap.PAGESIZE


def test_data_limit_lies_below_the_limit_of_the_system(
    kernel: subprocess.Popen[str], page: SharedPage
) -> None:
    """The slack is never more than what is left until the system would kill."""
    page["mark_bytes"] = 500 * MIB
    page["limits_data"] = 1
    watcher = Watcher(kernel.pid, page, NUMBER, [(520 * MIB, "family")])
    watcher.look()
    soft, _ = resource.prlimit(kernel.pid, resource.RLIMIT_DATA)
    own = read_memory(kernel.pid)
    slack = soft - own.data_bytes - page["room_bytes"]
    assert abs(slack - 20 * MIB) < mmap.PAGESIZE


def test_library_that_aborts(kernel: subprocess.Popen[str], page: SharedPage) -> None:
    """Where polars is loaded, the limit lies where the system would kill."""
    page["mark_bytes"] = 500 * MIB
    page["limits_data"] = page["aborts"] = 1
    watcher = Watcher(kernel.pid, page, NUMBER, [(4 << 30, "family")])
    watcher.look()
    soft, _ = resource.prlimit(kernel.pid, resource.RLIMIT_DATA)
    assert soft > 4 << 30


def test_library_is_found_once_it_is_mapped(
    kernel: subprocess.Popen[str], page: SharedPage, tmp_path: Path
) -> None:
    """A library that aborts is found where the kernel has mapped its file."""
    page["mark_bytes"] = 500 * MIB
    watcher = Watcher(kernel.pid, page, NUMBER, [])
    watcher.look()
    assert page["aborts"] == 0
    assert kernel.stdin is not None
    assert kernel.stdout is not None
    library = tmp_path / "polars.so"
    library.write_bytes(bytes(4096))
    kernel.stdin.write(f"map {library}\n")
    kernel.stdin.flush()
    assert kernel.stdout.readline() == "mapped\n"
    watcher.look()
    assert page["aborts"] == 1


def test_watcher_reads_often_while_a_cell_runs() -> None:
    """Where its share of a core is spent, pauses in a cell get a little longer only."""
    allowance = _Allowance()
    allowance._saved_s = -1.0
    assert allowance.lengthen(0.01, is_urgent=False) == 1.0
    for pause_s in (0.01, 0.1):
        late_s = allowance.lengthen(pause_s, is_urgent=True) - pause_s
        assert late_s == pytest.approx(0.03)


def test_limit_of_the_administrator_is_lower(
    kernel: subprocess.Popen[str], page: SharedPage
) -> None:
    """A lower limit that was found stays."""
    page["mark_bytes"] = 5 << 30
    page["limits_data"] = 1
    page["soft_limit"] = 2 << 30
    Watcher(kernel.pid, page, NUMBER, []).look()
    soft, _ = resource.prlimit(kernel.pid, resource.RLIMIT_DATA)
    assert soft == 2 << 30


def test_forked_child_counts_without_what_it_shares(
    kernel: subprocess.Popen[str],
) -> None:
    """A fork that has written nothing adds next to nothing."""
    assert kernel.stdin is not None
    assert kernel.stdout is not None
    before_bytes = Family(kernel.pid).read()[1]
    kernel.stdin.write("children\n")
    kernel.stdin.flush()
    assert kernel.stdout.readline() == "forked\n"
    family = Family(kernel.pid)
    _, used_bytes, children_bytes = family.read()
    assert len(family.children) == 1
    assert children_bytes < 5 * MIB
    assert used_bytes < before_bytes + 10 * MIB


def test_room(page: SharedPage) -> None:
    """The mark and the reserve both count, and every cell has its leeway."""
    assert find_room(page, (0, 0), 10, 20) == sys.maxsize
    page["start_bytes"] = -LEEWAY_BYTES
    assert find_room(page, (1000, 0), 400, 5000) == 600
    assert find_room(page, (1000, 4500), 400, 5000) == 500
    page["start_bytes"] = 300
    assert find_room(page, (1000, 4500), 400, 5000) == LEEWAY_BYTES - 100


@pytest.mark.parametrize("is_clean", [True, False])
def test_end(
    kernel: subprocess.Popen[str], page: SharedPage, tmp_path: Path, *, is_clean: bool
) -> None:
    """How the kernel ended is written, unless it has removed its state."""
    if not is_clean:
        (tmp_path / "state.json").write_text("{}")
    page["used_bytes"], page["children_bytes"] = 30, 10
    kernel.kill()
    os.waitid(os.P_PID, kernel.pid, os.WEXITED | os.WNOWAIT)
    leave_end(kernel.pid, page, str(tmp_path / "state.end"))
    assert (tmp_path / "state.end").exists() != is_clean
    if not is_clean:
        end = json.loads((tmp_path / "state.end").read_text())
        assert (end["exit_status"], end["rss_bytes"]) == (signal.SIGKILL, 20)
