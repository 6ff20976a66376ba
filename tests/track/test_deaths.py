"""What is known of a kernel that died."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.oom import is_in_log
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.show.status import build_report, read_status
from jupyter_memkit.track import deaths
from jupyter_memkit.track.deaths import (
    dismiss_death,
    find_death,
    leave_end,
    leave_name,
    remove_old_states,
)
from jupyter_memkit.track.largest import LargestVariables, LargeVariable
from jupyter_memkit.track.last_state import LastState, Place
from jupyter_memkit.track.tracker import MemoryTracker
from tests.kernel_sockets import with_sockets
from tests.lab_server import isolated_environment
from tests.real_kernel import RealKernel
from tests.track.left_states import leave
from tests.waiting import LIMIT_S, wait_until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder for states of the kernels of one notebook."""
    return Place(folder=tmp_path, session="notebook.ipynb", kernel_id="kernel-2")


def test_death(place: Place) -> None:
    """The state is returned with its size, limit, cell and variables."""
    leave(place)
    death = find_death(place)
    assert death is not None
    assert death.cause == (
        "ended without a clean shutdown at 4.0 GiB of 8.0 GiB (cgroup memory.max)"
    )
    assert (death.execution_count, death.first_line) == (7, "x = load()")
    assert death.variables == (
        LargeVariable(name="x", bytes=1 << 30, accuracy="at least"),
    )
    assert death.for_memory is None


@pytest.mark.parametrize(
    ("exit_code", "kills", "kind", "phrase", "for_memory"),
    [
        (-9, 4, "memory", "killed by the system", True),
        (-9, 3, "signal", "ended by signal 9", None),
        (-9, None, "signal", "ended by signal 9", None),
        (-15, 4, "signal", "ended by signal 15", None),
        (1, 3, "exit", "by itself with status 1", False),
        (0, 4, "exit", "by itself with status 0", False),
    ],
)
def test_cause(
    place: Place,
    exit_code: int,
    kills: int | None,
    kind: str,
    phrase: str,
    for_memory: bool | None,
) -> None:
    """Only an exit by SIGKILL with a count of the cgroup proves that it was memory."""
    counter = place.folder / "memory.events"
    if kills is not None:
        counter.write_text(f"oom 9\noom_kill {kills}\n")
    leave(place, oom_counter=str(counter))
    leave_end(place.folder / "a.json", exit_code)
    # What happens to others later proves nothing.
    counter.write_text("oom 99\noom_kill 99\n")
    leave_end(place.folder / "a.json", -9)
    death = find_death(place)
    assert death is not None
    assert phrase in death.cause
    assert (death.id, death.kind, death.for_memory) == ("a", kind, for_memory)
    assert death.signal == (-exit_code if exit_code < 0 else None)
    assert death.exit_status == (exit_code if exit_code >= 0 else None)


def test_unknown_end(place: Place) -> None:
    """Without an exit status, a killed process of the container proves nothing."""
    counter = place.folder / "memory.events"
    counter.write_text("oom_kill 4\n")
    leave(place, oom_counter=str(counter))
    death = find_death(place)
    assert death is not None
    assert "and the system has killed a process of its container since" in death.cause
    assert (death.kind, death.signal, death.exit_status) == ("unknown", None, None)


def test_last_reading_of_the_watcher(place: Place) -> None:
    """What the guard's watcher wrote is kept, and completed by the server."""
    leave(place)
    end = {"exit_status": 9, "rss_bytes": 5 << 30, "children_bytes": 0, "t_s": 1001.0}
    (place.folder / "a.end").write_text(json.dumps(end))
    leave_end(place.folder / "a.json", -9)
    death = find_death(place)
    assert death is not None
    assert (death.kind, death.rss_bytes, death.seen_s) == ("signal", 5 << 30, 1001.0)


def test_clean_end_leaves_nothing(place: Place) -> None:
    """How a process ended is written only if its state is still there."""
    leave_end(place.folder / "a.json", -9)
    assert list(place.folder.iterdir()) == []


def test_renamed_notebook(place: Place) -> None:
    """A death goes with its notebook to a new name, with how the process ended."""
    leave(place, "dead", kernel_id="kernel-2")
    leave_end(place.folder / "dead.json", -9)
    renamed = replace(place, session="renamed.ipynb")
    leave_name(renamed)
    assert find_death(replace(place, kernel_id="kernel-3")) is None
    death = find_death(replace(renamed, kernel_id="kernel-4"))
    assert death is not None
    assert death.signal == signal.SIGKILL


def test_dismissed_death(place: Place) -> None:
    """A dismissed death stays so, hides those before it, and not those after it."""
    leave(place, "first", t_s=1.0)
    leave(place, "second", t_s=2.0)
    assert not dismiss_death(place, "../second")
    assert not dismiss_death(place, "third")
    assert dismiss_death(place, "second")
    assert find_death(place, dismissed=False) is None
    known = find_death(place)
    assert known is not None
    assert known.id == "second"
    leave(place, "third", t_s=3.0)
    latest = find_death(place, dismissed=False)
    assert latest is not None
    assert latest.id == "third"


def test_old_states_are_removed(place: Place) -> None:
    """After a month a state is removed with everything beside it."""
    leave(place, "old")
    leave(place, "new")
    leave_end(place.folder / "old.json", -9)
    dismiss_death(place, "old")
    os.utime(place.folder / "old.json", (0, 0))
    remove_old_states(place.folder)
    assert [path.name for path in place.folder.iterdir()] == ["new.json"]


def test_process_with_the_id_of_an_earlier_one(place: Place) -> None:
    """A new state is not that of an earlier death, dismissed or not."""
    for suffix in (".end", ".dismissed"):
        place.path.with_suffix(suffix).write_text("{}")
    with MemoryTracker() as tracker:
        state = LastState(tracker, place, LargestVariables(dict))
        state.attach()
        assert list(place.folder.iterdir()) == [place.path]
        state.detach()


def test_log_of_the_system(tmp_path: Path) -> None:
    """The log proves it if it names the process itself."""
    log = tmp_path / "log"
    log.write_text("6,1,2,-;Out of memory: Killed process 123 (python)\n")
    assert is_in_log(123, str(log))
    assert not is_in_log(12, str(log))
    assert not is_in_log(123, str(tmp_path / "none"))


def test_other_notebooks_and_living_kernels(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the kernels of other notebooks nor living ones are reported."""
    leave(place, "other", session="other.ipynb")
    leave(place, "alive", pid=os.getpid(), started_ticks="5")
    monkeypatch.setattr(
        deaths, "read_identity", lambda _: {"started_ticks": "5"}, raising=True
    )
    assert find_death(place) is None


def test_latest_death(place: Place) -> None:
    """Of several deaths the latest is returned; broken files are ignored."""
    leave(place, "first", t_s=1.0, first_line="first")
    leave(place, "last", t_s=2.0, first_line="last", kernel_id="kernel-2", session="")
    (place.folder / "broken.json").write_bytes(bytes(8192))
    (place.folder / "other.json").write_text('{"session": "notebook.ipynb"}')
    (place.folder / "list.json").write_text("[1]")
    death = find_death(place)
    assert death is not None
    assert death.first_line == "last"


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": [["x", 5]]},
        {"variables": {"x": 5}},
        {"variables": [{"name": "x", "bytes": 5, "accuracy": "about"}]},
        {"rss_bytes": None},
        {"t_s": "1000"},
        {"pid": "1"},
        {"started_ticks": 1},
    ],
)
def test_state_of_another_version(place: Place, changes: dict[str, Any]) -> None:
    """A state of another form is ignored, and hides no other; one with more is read."""
    leave(place, "another", **({"t_s": 2000.0} | changes))
    leave_end(place.folder / "another.json", -9)
    assert find_death(place) is None
    leave(place, "newer", of_later=[1])
    death = find_death(place)
    assert death is not None
    assert death.id == "newer"


def test_state_is_private_and_removed(tmp_path: Path) -> None:
    """The file is readable by the user only, and a clean end removes it."""
    place = Place(folder=tmp_path / "states", session="", kernel_id="kernel")
    with MemoryTracker() as tracker:
        state = LastState(tracker, place, LargestVariables(dict))
        state.attach()
        assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
        cell = tracker.begin_cell("a = 1", execution_count=3, cell_id="id")
        written = json.loads(place.path.read_bytes().partition(b"\n")[0])
        assert (written["execution_count"], written["first_line"]) == (3, "a = 1")
        tracker.end_cell(cell, error=None)
        written = json.loads(place.path.read_bytes().partition(b"\n")[0])
        assert written["execution_count"] is None
        state.detach()
    assert list(place.folder.iterdir()) == []


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A state that cannot be written has a reason, and nothing else fails."""
    file = tmp_path / "file"
    file.write_text("")
    with MemoryTracker() as tracker:
        place = Place(folder=file / "states", session="", kernel_id="kernel")
        state = LastState(tracker, place, LargestVariables(dict))
        state.attach()
        assert "cannot be written" in state.problem
        tracker.end_cell(
            tracker.begin_cell("1", execution_count=1, cell_id=None), error=None
        )
        state.detach()


@linux_only
def test_zombie_has_no_memory() -> None:
    """A process that has ended and was not waited for is not one of 0 B."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(MemkitError, match="has ended"):
            read_rss_bytes(pid)
    finally:
        os.waitpid(pid, 0)


@pytest.fixture(params=["off", "auto"])
def restarted(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[BlockingKernelClient]:
    """A kernel that was killed in a cell and restarted, with and without the guard."""
    manager = KernelManager(kernel_name="python3", config=with_sockets())
    variables = {"JUPYTER_MEMKIT_GUARD": request.param}
    manager.start_kernel(env=isolated_environment(tmp_path) | variables)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=LIMIT_S)
        first = RealKernel(client)
        pid = int(first.run("import os; print(os.getpid())"))
        first.start("x = 1\nprint('on', flush=True)\nwhile True: pass")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not manager.is_alive())
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=LIMIT_S)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


@linux_only
def test_killed_kernel(restarted: BlockingKernelClient) -> None:
    """The next kernel of the notebook reports the cell that was running."""
    kernel = RealKernel(restarted)
    read = "import jupyter_memkit; death = jupyter_memkit.last_death()"
    assert kernel.run(f"{read}; print(death.first_line, death.rss_bytes > 1e7)") == (
        "x = 1 True\n"
    )
    # The exit status is known if the watcher was faster than the kernel's parent.
    causes = "('ended without a clean', 'ended by signal 9')"
    assert kernel.run(f"print(death.cause.startswith({causes}))") == "True\n"


def test_row_of_the_status(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """``%memkit`` reports the death with the cell, its growth and the variables."""
    leave(place)
    monkeypatch.setattr(
        "jupyter_memkit.show.status.last_death", lambda: find_death(place)
    )
    with MemoryTracker() as tracker:
        rows = dict(build_report(read_status(tracker)).rows)
    assert rows["last kernel"].startswith("ended without a clean shutdown at 4.0 GiB")
    assert rows["it was running"] == "[7] x = load(), growing by 1.0 GiB a second"
    assert rows["its variables"] == "x ≥ 1.0 GiB"
