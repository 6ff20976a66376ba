"""The limits on a process's memory, and their sources.

A container's limit is that of the smallest cgroup above the process: version 2 has
``memory.max``, at which the kernel kills, and ``memory.high``, at which it slows the
process down; version 1 has ``memory.limit_in_bytes`` (kernel documentation,
admin-guide/cgroup-v2 and cgroup-v1/memory). A shell's ``ulimit`` sets resource limits
(setrlimit(2)), beyond which an allocation fails. JupyterHub and others set theirs in
the environment variable ``MEM_LIMIT``. Without any of these, the machine's memory is
the limit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.temporary_limit import is_temporary
from jupyter_memkit.records import Record
from jupyter_memkit.units import parse_bytes

# The files that contain a limit, by the type of the file system.
_CGROUP_FILES = {
    "cgroup": ("memory.limit_in_bytes",),
    "cgroup2": ("memory.max", "memory.high"),
}

# Version 1 writes such a number for no limit.
_UNLIMITED_BYTES = 1 << 60

# The labels of /proc/<pid>/limits, and what counts against each, as named in
# /proc/<pid>/status (setrlimit(2)).
_RESOURCES = (
    ("Max address space", "RLIMIT_AS", "VmSize"),
    ("Max data size", "RLIMIT_DATA", "VmData"),
)

_MACHINE = "memory of the machine"

Covers = Literal["kernel", "family", "container", "machine"]
_COVERS: dict[str, Covers] = {
    "family": "family",
    "cgroup": "container",
    "machine": "machine",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLimit(Record):
    """A limit in bytes and the name of its source."""

    bytes: int
    name: str
    _counter: str = field(default="machine", compare=False)

    @property
    def counter(self) -> str:
        """What counts against it, for `headroom.read_use`."""
        return self._counter

    @property
    def covers(self) -> Covers:
        """Whose memory counts against it.

        That of the process ("kernel"), of the process and its children ("family"), of
        all processes in its container, or of all on the machine.
        """
        return _COVERS.get(self._counter.partition(":")[0], "kernel")


def read_limit(
    proc: Path = Path("/proc"), environ: Mapping[str, str] | None = None
) -> MemoryLimit | None:
    """Return the smallest limit on this process's memory.

    Parameters
    ----------
    proc : Path
        The mount point of the proc file system, or a fake one in tests.
    environ : mapping of str to str, optional
        The environment, for ``MEM_LIMIT`` (bytes, or a size such as ``2G``); by default
        that of the process.

    Returns
    -------
    MemoryLimit or None
        The smallest of the limits that could be read; None if none could.

    Examples
    --------
    >>> read_limit(environ={"MEM_LIMIT": "1MiB"})
    MemoryLimit(bytes=1.0 MiB, name='MEM_LIMIT')
    """
    return min(read_limits(proc, environ), key=lambda limit: limit.bytes, default=None)


def read_limits(
    proc: Path = Path("/proc"),
    environ: Mapping[str, str] | None = None,
    pid: int | None = None,
) -> list[MemoryLimit]:
    """Return all limits on the memory of a process.

    Parameters
    ----------
    proc, environ
        As in `read_limit`.
    pid : int, optional
        The process; by default this one.
    """
    if environ is None:
        environ = os.environ if pid is None else _read_environment(pid)
    folder = proc / ("self" if pid is None else str(pid))
    return [
        *_environment_limit(environ),
        *_cgroup_limits(folder),
        *_resource_limits(folder, proc / str(pid or os.getpid()) / "status"),
        *_host_memory(proc),
    ]


def _read_environment(pid: int) -> Mapping[str, str]:
    """Return the environment that a process was started with; empty if unknown."""
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - only where there is no /proc

        try:
            return dict(psutil.Process(pid).environ())
        except psutil.Error:
            return {}
    try:
        block = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    variables = (each.partition("=") for each in os.fsdecode(block).split("\0"))
    return {name: value for name, _, value in variables}


def _environment_limit(environ: Mapping[str, str]) -> Iterator[MemoryLimit]:
    text = environ.get("MEM_LIMIT", "").strip()
    try:
        # JupyterHub sets it in bytes, without a unit.
        limit_bytes = int(text) if text.isdecimal() else int(parse_bytes(text))
    except MemkitError:
        # Ignored, because the variable may belong to another tool.
        return
    if limit_bytes > 0:
        yield MemoryLimit(bytes=limit_bytes, name="MEM_LIMIT", _counter="family")


def _cgroup_limits(process: Path) -> Iterator[MemoryLimit]:
    """Yield the limits of the process's cgroups and of all their ancestors."""
    for folder, kind in find_cgroups(process):
        for file_name in _CGROUP_FILES[kind]:
            try:
                text = (folder / file_name).read_text().strip()
            except OSError:
                continue
            if text.isdigit() and int(text) < _UNLIMITED_BYTES:
                yield MemoryLimit(
                    bytes=int(text),
                    name=f"cgroup {file_name}",
                    _counter=f"cgroup:{folder}",
                )


def find_cgroups(process: Path = Path("/proc/self")) -> Iterator[tuple[Path, str]]:
    """Yield the cgroups of a process that count memory, each before its ancestors.

    Parameters
    ----------
    process : Path
        The folder of the process in the proc file system.

    Yields
    ------
    tuple of (Path, str)
        The folder of a cgroup, and the type of its file system.
    """
    try:
        memberships = (process / "cgroup").read_text().splitlines()
        mounts = (process / "mountinfo").read_text().splitlines()
    except OSError:
        return
    for membership in memberships:
        hierarchy, _, rest = membership.partition(":")
        controllers, _, path = rest.partition(":")
        kind = "cgroup2" if hierarchy == "0" else "cgroup"
        if kind == "cgroup" and "memory" not in controllers.split(","):
            continue
        for root, mount_point in _cgroup_mounts(mounts, kind):
            # In a container the mount contains only the hierarchy below `root`.
            below = path[len(root) :] if path.startswith(root) else ""
            folder = mount_point / below.strip("/")
            for level in (folder, *folder.parents):
                yield level, kind
                if level == mount_point:
                    break


def _cgroup_mounts(mounts: list[str], kind: str) -> Iterator[tuple[str, Path]]:
    """Yield the root within the hierarchy and the mount point of each mount."""
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        file_system, _, options = rest.partition(" ")
        if file_system == kind and (kind == "cgroup2" or "memory" in options):
            root, mount_point = fields.split(" ")[3:5]
            yield root, Path(mount_point)


def _resource_limits(process: Path, status: Path) -> Iterator[MemoryLimit]:
    """Yield the soft limits on the process's mappings; both limit its memory."""
    try:
        lines = (process / "limits").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        for label, name, counted in _RESOURCES:
            if line.startswith(label):
                # The first column after the label, unless it is "unlimited".
                for soft in filter(str.isdigit, line.removeprefix(label).split()[:1]):
                    if not is_temporary(int(soft)):
                        yield MemoryLimit(
                            bytes=int(soft),
                            name=name,
                            _counter=f"{counted}:{status}",
                        )


def _host_memory(proc: Path) -> Iterator[MemoryLimit]:
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - only where there is no /proc

        total_bytes = psutil.virtual_memory().total
        yield MemoryLimit(bytes=total_bytes, name=_MACHINE)
        return
    try:
        first_line = (proc / "meminfo").read_text().split("\n", 1)[0]
        total_bytes = int(first_line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        return
    yield MemoryLimit(bytes=total_bytes, name=_MACHINE)
