"""The limit with the least room, and what counts against it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_memkit.measure import gauge
from jupyter_memkit.measure.gauge import Gauge, GaugeMeter, find_tightest
from jupyter_memkit.measure.limits import MemoryLimit, read_limits
from tests.set_clock import SetClock

MIB = 1024**2
GIB = 1024**3

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def container(folder: Path, limit_bytes: int, used_bytes: int) -> MemoryLimit:
    """A container with a limit and a use."""
    (folder / "memory.current").write_text(f"{used_bytes + GIB}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {GIB}\n")
    name = "cgroup memory.max"
    return MemoryLimit(bytes=limit_bytes, name=name, _counter=f"cgroup:{folder}")


def announced(limit_bytes: int) -> MemoryLimit:
    """The limit of JupyterHub."""
    return MemoryLimit(bytes=limit_bytes, name="MEM_LIMIT", _counter="family")


def test_least_room_counts(tmp_path: Path) -> None:
    """A larger limit that others have filled is reached before a smaller one."""
    limits = [announced(4 * GIB), container(tmp_path, 24 * GIB, 23 * GIB)]
    assert find_tightest(limits, GIB) == Gauge(
        limit_bytes=24 * GIB,
        used_bytes=23 * GIB,
        name="cgroup memory.max",
        covers="container",
    )
    assert find_tightest(limits, 4 * GIB - 1) == Gauge(
        limit_bytes=4 * GIB, used_bytes=4 * GIB - 1, name="MEM_LIMIT", covers="family"
    )


def test_more_than_full() -> None:
    """A limit that nothing enforces can be exceeded."""
    found = find_tightest([announced(400 * MIB)], 880 * MIB)
    assert found is not None
    assert found.room_bytes == -480 * MIB


def test_resource_limit_counts_what_is_reserved(tmp_path: Path) -> None:
    """Against a ulimit counts all that the process alone has reserved."""
    folder = tmp_path / str(os.getpid())
    folder.mkdir()
    (folder / "status").write_text(f"VmSize:\t{3 * MIB} kB\nVmData:\t{2 * MIB} kB\n")
    (tmp_path / "self").symlink_to(folder)
    for label, used_bytes in (
        ("Max address space", 3 * GIB),
        ("Max data size", 2 * GIB),
    ):
        line = f"{label:<26}{4 * GIB:<21}unlimited            bytes\n"
        (folder / "limits").write_text(line)
        found = find_tightest(read_limits(tmp_path, {}), 5)
        assert found is not None
        assert (found.limit_bytes, found.used_bytes) == (4 * GIB, used_bytes)
        assert found.covers == "kernel"


def test_limit_without_a_use_is_left_out(tmp_path: Path) -> None:
    """A cgroup that does not report its use does not count as empty."""
    unknown = MemoryLimit(bytes=5, name="unknown", _counter=f"cgroup:{tmp_path}/gone")
    assert find_tightest([unknown], 1) is None
    found = find_tightest([unknown, announced(10)], 1)
    assert found is not None
    assert found.name == "MEM_LIMIT"


def test_limits_are_kept_and_uses_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits are searched for every ten seconds, and each reading has its own use."""
    limits = [announced(100)]
    monkeypatch.setattr(gauge, "read_limits", lambda **_: list(limits))
    clock = SetClock(0.0)
    meter = GaugeMeter(clock=clock)
    assert meter.read(1) == find_tightest(limits, 1)
    limits[:] = [announced(50)]
    clock.now_s = 9.0
    assert meter.read(2) == find_tightest([announced(100)], 2)
    clock.now_s = 11.0
    assert meter.read(2) == find_tightest(limits, 2)


def test_this_process() -> None:
    """On this machine there is a limit, and something counts against it."""
    found = GaugeMeter().read(0)
    assert found is not None
    if found.covers != "family":
        assert 0 < found.used_bytes < found.limit_bytes


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Another process, with limits of its own."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40));"
        "print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"MEM_LIMIT": "64MiB"},
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@linux_only
def test_other_process(other: subprocess.Popen[str]) -> None:
    """The limits of another process are its own."""
    assert GaugeMeter(other.pid).read(5 * MIB) == Gauge(
        limit_bytes=64 * MIB, used_bytes=5 * MIB, name="MEM_LIMIT", covers="family"
    )
    by_name = {limit.name: limit for limit in read_limits(pid=other.pid)}
    limit = by_name["RLIMIT_AS"]
    assert limit.bytes == 2**40
    own = find_tightest([limit], 0)
    assert own is not None
    assert own.used_bytes > 5 * MIB
    assert "RLIMIT_AS" not in {limit.name for limit in read_limits()}
