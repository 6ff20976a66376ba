"""The kernel's process and each of its children."""

from __future__ import annotations

import os
import sys

import psutil
import pytest

from jupyter_memkit.measure import processes as processes_module
from jupyter_memkit.measure.processes import processes
from tests.measure.real_child import real_child

linux = pytest.mark.skipif(sys.platform != "linux", reason="PSS is of Linux")

# Other tests may have left a child, such as multiprocessing's tracker.
pytestmark = pytest.mark.own_process(scope="module")


@linux
def test_this_process_and_a_child() -> None:
    """The process itself comes first; each has its command and its sizes."""
    with real_child() as pid:
        mine, child = processes()
    assert (mine.pid, child.pid) == (os.getpid(), pid)
    assert child.command.startswith(f"{sys.executable} -c import sys; block")
    assert child.pss_bytes is not None
    assert 0 < child.pss_bytes <= child.rss_bytes
    assert mine.swap_bytes is not None


def test_budget() -> None:
    """Without time, only the proportional sizes are missing."""
    (mine,) = processes(budget_s=0.0)
    assert mine.pss_bytes is None
    assert mine.rss_bytes > 0


def test_where_the_system_does_not_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc, the figures that need it are None."""

    def refuse(_path: str) -> bytes:
        raise PermissionError

    monkeypatch.setattr(processes_module, "read_proc_file", refuse)
    (mine,) = processes()
    assert (mine.pss_bytes, mine.swap_bytes) == (None, None)


def test_child_that_ends_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that has ended when it is read is left out."""
    gone = max(psutil.pids()) + 1000
    monkeypatch.setattr(processes_module, "find_descendants", lambda _pid: [gone])
    assert [process.pid for process in processes()] == [os.getpid()]
