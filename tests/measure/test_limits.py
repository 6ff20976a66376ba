"""The smallest limit, on fake systems."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_memkit.measure.limits import MemoryLimit, read_limit, read_limits

GIB = 1024**3


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A proc file system of a machine with 500 GiB and no cgroup."""
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal:  {500 * GIB // 1024} kB\nMemFree: 1 kB\n")
    (proc / "self" / "cgroup").write_text("")
    (proc / "self" / "mountinfo").write_text("")
    return proc


def make_cgroup(
    proc: Path, mount_point: Path, *, version: int, root: str, path: str
) -> None:
    """Put the process into a cgroup that is mounted here."""
    kind, options = ("cgroup2", "rw") if version == 2 else ("cgroup", "rw,memory")
    hierarchy = "0::" if version == 2 else "9:memory:"
    (proc / "self" / "cgroup").write_text(f"1:cpu:/else\n{hierarchy}{path}\n")
    (proc / "self" / "mountinfo").write_text(
        f"22 1 0:21 / /proc rw - proc proc rw\n"
        f"30 22 0:26 {root} {mount_point} rw shared:4 - {kind} cgroup {options}\n"
    )
    folder = mount_point / path[len(root) :].strip("/")
    folder.mkdir(parents=True)


def test_host_memory_without_any_limit(proc: Path) -> None:
    """The machine's memory is the limit if there is no other."""
    expected = MemoryLimit(bytes=500 * GIB, name="memory of the machine")
    assert read_limit(proc, {}) == expected


def test_container_limit_of_cgroup_version_2(proc: Path, tmp_path: Path) -> None:
    """In a container with 24 GiB on a large host the limit is 24 GiB."""
    mount_point = tmp_path / "cgroup"
    make_cgroup(proc, mount_point, version=2, root="/", path="/")
    (mount_point / "memory.max").write_text(f"{24 * GIB}\n")
    expected = MemoryLimit(bytes=24 * GIB, name="cgroup memory.max")
    assert read_limit(proc, {}) == expected


def test_tighter_ancestor_counts(proc: Path, tmp_path: Path) -> None:
    """A limit on a parent applies to the process, whatever its own limit."""
    mount_point = tmp_path / "cgroup"
    make_cgroup(proc, mount_point, version=2, root="/", path="/user/kernel")
    (mount_point / "user" / "kernel" / "memory.max").write_text("max\n")
    (mount_point / "user" / "memory.max").write_text(f"{2 * GIB}\n")
    assert read_limit(proc, {}) == MemoryLimit(bytes=2 * GIB, name="cgroup memory.max")


def test_only_groups_have_limits(proc: Path, tmp_path: Path) -> None:
    """A file above the mount point of the groups is no limit."""
    make_cgroup(proc, tmp_path / "cgroup", version=2, root="/", path="/user")
    (tmp_path / "memory.max").write_text(f"{GIB}\n")
    expected = MemoryLimit(bytes=500 * GIB, name="memory of the machine")
    assert read_limit(proc, {}) == expected


def test_throttling_limit_counts(proc: Path, tmp_path: Path) -> None:
    """Above memory.high the process is throttled, so it counts as a limit."""
    mount_point = tmp_path / "cgroup"
    make_cgroup(proc, mount_point, version=2, root="/", path="/")
    (mount_point / "memory.max").write_text(f"{24 * GIB}\n")
    (mount_point / "memory.high").write_text(f"{20 * GIB}\n")
    assert read_limit(proc, {}) == MemoryLimit(
        bytes=20 * GIB, name="cgroup memory.high"
    )


@pytest.mark.parametrize(
    ("label", "name"),
    [("Max address space", "RLIMIT_AS"), ("Max data size", "RLIMIT_DATA")],
)
def test_resource_limit(proc: Path, label: str, name: str) -> None:
    """A soft limit of the shell counts, under its own name."""
    (proc / "self" / "limits").write_text(
        "Limit                     Soft Limit           Hard Limit           Units\n"
        "Max cpu time              unlimited            unlimited            seconds\n"
        f"{label:<26}{GIB:<21}unlimited            bytes\n"
    )
    assert read_limit(proc, {}) == MemoryLimit(bytes=GIB, name=name)


def test_unlimited_resources_are_not_a_limit(proc: Path) -> None:
    """Unlimited resources do not count as limits, nor do hard limits."""
    (proc / "self" / "limits").write_text(
        "Max data size             unlimited            unlimited            bytes\n"
        "Max address space         unlimited            1073741824           bytes\n"
    )
    expected = MemoryLimit(bytes=500 * GIB, name="memory of the machine")
    assert read_limit(proc, {}) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_real_resource_limit() -> None:
    """A process that was started with a ulimit reads it."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (2**29, -1));"
        "from jupyter_memkit.measure.limits import read_limit;"
        "print(read_limit().to_dict())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{{'bytes': {2**29}, 'name': 'RLIMIT_DATA'}}\n"


def test_container_limit_of_cgroup_version_1(proc: Path, tmp_path: Path) -> None:
    """The mount of a container starts at the container's own group."""
    mount_point = tmp_path / "memory"
    make_cgroup(proc, mount_point, version=1, root="/docker/a1", path="/docker/a1/b")
    (mount_point / "memory.limit_in_bytes").write_text(f"{4 * GIB}\n")
    (mount_point / "b" / "memory.limit_in_bytes").write_text(f"{2**63 - 4096}\n")
    assert read_limit(proc, {}) == MemoryLimit(
        bytes=4 * GIB, name="cgroup memory.limit_in_bytes"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1073741824", MemoryLimit(bytes=GIB, name="MEM_LIMIT")),
        ("1G", MemoryLimit(bytes=GIB, name="MEM_LIMIT")),
        ("0", MemoryLimit(bytes=500 * GIB, name="memory of the machine")),
        ("plenty", MemoryLimit(bytes=500 * GIB, name="memory of the machine")),
    ],
)
def test_announced_limit(proc: Path, text: str, expected: MemoryLimit) -> None:
    """MEM_LIMIT counts if it is a size, and is ignored otherwise."""
    assert read_limit(proc, {"MEM_LIMIT": text}) == expected


def test_process_that_has_ended() -> None:
    """Of a process that is gone, only the limits of the machine are known."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    names = [limit.name for limit in read_limits(pid=process.pid)]
    assert names == ["memory of the machine"]


def test_files_of_another_form(proc: Path) -> None:
    """Files in another format, as in some sandboxes, are not an error."""
    (proc / "self" / "cgroup").write_text("\n0\n:\n0::/\n9:memory:/\n")
    (proc / "self" / "mountinfo").write_text("\nnone\n - cgroup\n - \n")
    (proc / "self" / "limits").write_text("Max data size\n")
    expected = MemoryLimit(bytes=500 * GIB, name="memory of the machine")
    assert read_limit(proc, {}) == expected


def test_sandbox_without_proc(tmp_path: Path) -> None:
    """If nothing can be read, there is no limit, and no error."""
    assert read_limit(tmp_path / "nothing", {}) is None


def test_real_limit_is_at_most_the_machine() -> None:
    """On this machine a limit is found, and it is no larger than its memory."""
    limit = read_limit(environ={})
    assert limit is not None
    assert 0 < limit.bytes <= psutil.virtual_memory().total
