"""Estimates the memory of modules: their objects, and their compiled files.

The memory that an import added to the process is unknown once it is over. What can be
counted is everything that is reachable from the namespaces of the modules without
leaving them, and the pages of their shared libraries.
"""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_memkit.measure.deadlines import deadline_after, has_passed
from jupyter_memkit.measure.sizes.allocation import allocated, find_sizeof
from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.unloading.removal import (
    Removal,
    find_home,
    is_a,
    read_attributes,
)

_BATCH = 4096
_CODE_PARTS = ("co_consts", "co_names", "co_linetable", "co_exceptiontable")


def estimate_bytes(
    removal: Removal, mapped: Mapping[str, int], budget_s: float = 1.0
) -> int:
    """Estimate the current memory of modules.

    Parameters
    ----------
    removal : Removal
        The modules.
    mapped : mapping of str to int
        The result of `read_mapped_files`.
    budget_s : float
        The time limit, in seconds; the bytes counted until then are returned.

    Returns
    -------
    int
        Bytes: a lower bound of the memory that their import took, because memory that
        compiled code has allocated is not visible.
    """
    objects = _Walk(removal).count_bytes(deadline_after(budget_s))
    folders = _find_folders(removal)
    files = sum(each for path, each in mapped.items() if path.startswith(folders))
    return objects + files


def read_mapped_files() -> dict[str, int]:
    """Return the resident bytes of each mapped file, on Linux (proc_pid_smaps).

    This takes up to 12 ms per GiB in memory.
    """
    found: dict[str, int] = {}
    path = ""
    for line in _read_smaps():
        head, _, rest = line.partition(" ")
        if not head.endswith(":"):
            fields = line.split(None, 5)
            path = fields[5].rstrip("\n") if len(fields) == 6 else ""
        elif head == "Rss:" and path.startswith("/"):
            found[path] = found.get(path, 0) + int(rest.split()[0]) * 1024
    return found


class _Walk:
    """One walk through the objects of modules."""

    def __init__(self, removal: Removal) -> None:
        self._removal = removal
        self._seen: set[int] = set()
        self._sizeofs: dict[type, Callable[[Any], int]] = {}
        # Whether a class belongs to the modules; the walk ends at others.
        self._is_kind_foreign: dict[type, bool] = {}

    def count_bytes(self, end_s: float) -> int:
        frontier: list[Any] = [*map(read_attributes, self._removal.modules.values())]
        self._seen.update(map(id, frontier))
        total = self._add(frontier)
        while frontier and not has_passed(end_s):
            batch, frontier = frontier[:_BATCH], frontier[_BATCH:]
            fresh = [each for each in self._follow(batch) if self._is_new(each)]
            total += self._add(fresh)
            frontier += fresh
        return total

    def _follow(self, batch: list[Any]) -> Iterable[Any]:
        code = [each for each in batch if type(each) is CodeType]
        parts = (
            getattr(each, part, None)
            for each, part in itertools.product(code, _CODE_PARTS)
        )
        return itertools.chain(gc.get_referents(*batch), parts)

    def _is_new(self, value: Any) -> bool:
        if id(value) in self._seen or self._is_foreign(value):
            return False
        self._seen.add(id(value))
        return True

    def _is_foreign(self, value: Any) -> bool:
        kind = type(value)
        if kind in (ModuleType, FrameType):
            return True
        if kind in (FunctionType, MethodType) or is_a(value, type):
            return not self._removal.has(find_home(value))
        if kind is dict and "__spec__" in value:
            # The namespace of another module, reached through one of its functions.
            return True
        if kind not in self._is_kind_foreign:
            top = name_library(kind)
            is_python = top in sys.stdlib_module_names
            self._is_kind_foreign[kind] = not (
                is_python or self._removal.owns_class(kind)
            )
        return self._is_kind_foreign[kind]

    def _add(self, values: list[Any]) -> int:
        return sum(allocated(self._find_sizeof(each)(each)) for each in values)

    def _find_sizeof(self, value: Any) -> Callable[[Any], int]:
        kind = type(value)
        if kind not in self._sizeofs:
            self._sizeofs[kind] = find_sizeof(kind)[0]
        return self._sizeofs[kind]


def _read_smaps() -> Iterator[str]:
    try:
        with Path("/proc/self/smaps").open(errors="replace") as lines:
            yield from lines
    except OSError:
        return


def _find_folders(removal: Removal) -> tuple[str, ...]:
    """Return the folders of modules' shared libraries: their own, or ``x.libs``."""
    found = []
    for root in removal.roots:
        file = read_attributes(removal.modules.get(root)).get("__file__")
        if isinstance(file, str) and Path(file).name.startswith("__init__."):
            folder = str(Path(file).parent)
            found += [f"{folder}/", f"{folder}.libs/"]
        elif isinstance(file, str):
            found.append(file)
    return tuple(found)
