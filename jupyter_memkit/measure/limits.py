"""The limit on this process's memory, and what sets it.

A container's limit is that of the tightest cgroup above the process: version 2
has ``memory.max``, version 1 ``memory.limit_in_bytes`` (kernel documentation,
admin-guide/cgroup-v2 and cgroup-v1/memory). JupyterHub and others announce theirs
in the environment variable ``MEM_LIMIT``. Without any, the machine's memory is
the limit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.units import parse_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLimit:
    """A limit in bytes and the name of what sets it."""

    bytes: int
    name: str


def read_limit(
    proc: Path = Path("/proc"), environ: Mapping[str, str] = os.environ
) -> MemoryLimit | None:
    """Return the tightest limit on this process's memory.

    Parameters
    ----------
    proc : Path
        Where the proc file system is mounted; a test puts a made one here.
    environ : mapping of str to str
        The environment, for ``MEM_LIMIT`` (bytes, or a size such as ``2G``).

    Returns
    -------
    MemoryLimit or None
        The smallest of the limits that could be read; None when none could.

    Examples
    --------
    >>> read_limit(environ={"MEM_LIMIT": "1MiB"})
    MemoryLimit(bytes=1048576, name='MEM_LIMIT')
    """
    limits = [
        *_environment_limit(environ),
        *_cgroup_limits(proc),
        *_host_memory(proc),
    ]
    return min(limits, key=lambda limit: limit.bytes, default=None)


def _environment_limit(environ: Mapping[str, str]) -> Iterator[MemoryLimit]:
    try:
        limit_bytes = parse_bytes(environ.get("MEM_LIMIT", ""))
    except MemkitError:
        # Not ours to judge: another tool reads the same variable its own way.
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
        hierarchy, controllers, path = membership.split(":", 2)
        if hierarchy == "0":
            kind, file_name = "cgroup2", "memory.max"
        elif "memory" in controllers.split(","):
            kind, file_name = "cgroup", "memory.limit_in_bytes"
        else:
            continue
        for root, mount_point in _cgroup_mounts(mounts, kind):
            yield from _limits_upwards(root, mount_point, path, file_name)


def _cgroup_mounts(mounts: list[str], kind: str) -> Iterator[tuple[str, Path]]:
    """Yield the root within the hierarchy and the mount point of each mount."""
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        file_system, _, options = rest.split(" ", 2)
        if file_system == kind and (kind == "cgroup2" or "memory" in options):
            _, _, _, root, mount_point, *_ = fields.split(" ")
            yield root, Path(mount_point)


def _limits_upwards(
    root: str, mount_point: Path, path: str, file_name: str
) -> Iterator[MemoryLimit]:
    # In a container the mount shows only the part of the hierarchy below `root`.
    below = path[len(root) :] if path.startswith(root) else ""
    folder = mount_point / below.strip("/")
    for level in (folder, *folder.parents):
        try:
            text = (level / file_name).read_text().strip()
        except OSError:
            text = "max"
        if text.isdigit():
            yield MemoryLimit(bytes=int(text), name=f"cgroup {file_name}")
        if level == mount_point:
            return


def _host_memory(proc: Path) -> Iterator[MemoryLimit]:
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - only where there is no /proc

        total_bytes = psutil.virtual_memory().total
        yield MemoryLimit(bytes=total_bytes, name="memory of the machine")
        return
    try:
        first_line = (proc / "meminfo").read_text().split("\n", 1)[0]
        total_bytes = int(first_line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        return
    yield MemoryLimit(bytes=total_bytes, name="memory of the machine")
