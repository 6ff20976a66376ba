"""The limit on this process's memory, and its source.

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

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.temporary_limit import is_temporary
from jupyter_memkit.records import Record
from jupyter_memkit.units import parse_bytes

# The files that contain a limit, by the type of the file system.
_CGROUP_FILES = {
    "cgroup": ("memory.limit_in_bytes",),
    "cgroup2": ("memory.max", "memory.high"),
}

# The labels of /proc/self/limits.
_RESOURCES = (("Max address space", "RLIMIT_AS"), ("Max data size", "RLIMIT_DATA"))

MACHINE = "memory of the machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLimit(Record):
    """A limit in bytes and the name of its source."""

    bytes: int
    name: str
    _folder: Path | None = field(default=None, compare=False)

    @property
    def counter(self) -> str:
        """What counts against it, for `headroom.read_use`."""
        if self._folder is not None:
            return f"cgroup:{self._folder}"
        return "machine" if self.name == MACHINE else "process"


def read_limit(
    proc: Path = Path("/proc"), environ: Mapping[str, str] = os.environ
) -> MemoryLimit | None:
    """Return the smallest limit on this process's memory.

    Parameters
    ----------
    proc : Path
        The mount point of the proc file system, or a fake one in tests.
    environ : mapping of str to str
        The environment, for ``MEM_LIMIT`` (bytes, or a size such as ``2G``).

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
    proc: Path = Path("/proc"), environ: Mapping[str, str] = os.environ
) -> list[MemoryLimit]:
    """Return all limits on this process's memory; the parameters of `read_limit`."""
    return [
        *_environment_limit(environ),
        *_cgroup_limits(proc),
        *_resource_limits(proc),
        *_host_memory(proc),
    ]


def _environment_limit(environ: Mapping[str, str]) -> Iterator[MemoryLimit]:
    text = environ.get("MEM_LIMIT", "").strip()
    try:
        # JupyterHub sets it in bytes, without a unit.
        limit_bytes = int(text) if text.isdecimal() else int(parse_bytes(text))
    except MemkitError:
        # Ignored, because the variable may belong to another tool.
        return
    if limit_bytes > 0:
        yield MemoryLimit(bytes=limit_bytes, name="MEM_LIMIT")


def _cgroup_limits(proc: Path) -> Iterator[MemoryLimit]:
    """Yield the limits of the process's cgroups and of all their ancestors."""
    try:
        memberships = (proc / "self" / "cgroup").read_text().splitlines()
        mounts = (proc / "self" / "mountinfo").read_text().splitlines()
    except OSError:
        return
    for membership in memberships:
        hierarchy, _, rest = membership.partition(":")
        controllers, _, path = rest.partition(":")
        kind = "cgroup2" if hierarchy == "0" else "cgroup"
        if kind == "cgroup" and "memory" not in controllers.split(","):
            continue
        for root, mount_point in _cgroup_mounts(mounts, kind):
            for file_name in _CGROUP_FILES[kind]:
                yield from _limits_upwards(root, mount_point, path, file_name)


def _cgroup_mounts(mounts: list[str], kind: str) -> Iterator[tuple[str, Path]]:
    """Yield the root within the hierarchy and the mount point of each mount."""
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        file_system, _, options = rest.partition(" ")
        if file_system == kind and (kind == "cgroup2" or "memory" in options):
            root, mount_point = fields.split(" ")[3:5]
            yield root, Path(mount_point)


def _limits_upwards(
    root: str, mount_point: Path, path: str, file_name: str
) -> Iterator[MemoryLimit]:
    # In a container the mount contains only the part of the hierarchy below `root`.
    below = path[len(root) :] if path.startswith(root) else ""
    folder = mount_point / below.strip("/")
    for level in (folder, *folder.parents):
        try:
            text = (level / file_name).read_text().strip()
        except OSError:
            text = "max"
        if text.isdigit():
            yield MemoryLimit(
                bytes=int(text), name=f"cgroup {file_name}", _folder=level
            )
        if level == mount_point:
            return


def _resource_limits(proc: Path) -> Iterator[MemoryLimit]:
    """Yield the soft limits on the process's mappings; both limit its memory."""
    try:
        lines = (proc / "self" / "limits").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        for label, name in _RESOURCES:
            if line.startswith(label):
                # The first column after the label, unless it is "unlimited".
                for soft in filter(str.isdigit, line.removeprefix(label).split()[:1]):
                    if not is_temporary(int(soft)):
                        yield MemoryLimit(bytes=int(soft), name=name)


def _host_memory(proc: Path) -> Iterator[MemoryLimit]:
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - only where there is no /proc

        total_bytes = psutil.virtual_memory().total
        yield MemoryLimit(bytes=total_bytes, name=MACHINE)
        return
    try:
        first_line = (proc / "meminfo").read_text().split("\n", 1)[0]
        total_bytes = int(first_line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        return
    yield MemoryLimit(bytes=total_bytes, name=MACHINE)
