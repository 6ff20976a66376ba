"""Moves variables to files and back, with everything that shares their memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import find_shell, is_output_name
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.spilling.files import MappedFile, find_file
from jupyter_memkit.techniques.spilling.kinds import (
    arrays_of,
    check_value,
    is_spilled,
)
from jupyter_memkit.techniques.spilling.sharing import find_sharing
from jupyter_memkit.techniques.spilling.values import move_to_files, move_to_memory
from jupyter_memkit.techniques.variables.namespaces import check_name, find_namespace
from jupyter_memkit.techniques.variables.replacing import Replacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Spilled(Record):
    """The result of moving variables to files, or back.

    Attributes
    ----------
    names : tuple of str
        The variables that were named.
    along : tuple of str
        Other variables that had to move with them: views of their memory, and other
        names for it.
    forgotten : tuple of str
        The outputs that referred to them, which were removed.
    paths : tuple of Path
        The files, one for each group of variables that share memory.
    file_bytes : int
        The number of bytes written or read.
    freed_bytes : int
        Resident memory of the process before minus after.
    rss_bytes : int
        Resident memory after.
    duration_s : float
        The duration, in seconds.
    is_back : bool
        Whether they were moved back to memory.
    held : bool
        Whether something else still uses one of the files.
    """

    names: tuple[str, ...]
    along: tuple[str, ...]
    forgotten: tuple[str, ...]
    paths: tuple[Path, ...]
    file_bytes: int
    freed_bytes: int
    rss_bytes: int
    duration_s: float
    is_back: bool = False
    held: bool = False


def spill_variables(
    *names: str,
    namespace: MutableMapping[str, Any] | None = None,
    shell: Any = None,
    folder: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], object] | None = None,
    search_progress: Callable[[int], object] | None = None,
) -> Spilled:
    """Move variables to files, as `spill` does, and measure what was freed.

    Parameters
    ----------
    *names : str
        The variables. Arrays that are views of their memory move along.
    namespace : mutable mapping, optional
        The namespace with the variables; by default the shell's, or ``__main__``.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell; by default the running one. Its outputs that refer to the variables
        are removed.
    folder, progress
        As in `spill`.
    search_progress : callable, optional
        Called with the number of objects searched so far, while it first searches for
        other users of the memory.

    Raises
    ------
    MemkitError
        If a variable does not exist or cannot be stored in a file, something else uses
        its memory, or the disk is full. Nothing is changed then.

    Examples
    --------
    >>> import __main__
    >>> import numpy as np
    >>> __main__.prices = np.arange(1_000_000.0)
    >>> spilled = spill_variables("prices")
    >>> spilled.file_bytes, unspill_variables("prices").file_bytes
    (8000000, 8000000)
    >>> del __main__.prices
    """
    shell = shell or find_shell()
    namespace = find_namespace(namespace, shell)
    replacing = Replacing(namespace, shell, collect=True)
    names = tuple(dict.fromkeys(names))
    for name in names:
        check_name(name, namespace)
    for name in names:
        check_value(namespace[name], name)
    groups, outputs = _group_by_memory(names, namespace, shell, search_progress)
    with replacing:
        with replacing.allowed():
            moved = move_to_files(_look_up(groups, namespace), folder, progress)
        replacing.bind_all(moved)
        while outputs:
            replacing.forget(outputs.pop())
    return _report(names, moved, _find_files(moved.values()), replacing)


def unspill_variables(
    *names: str,
    namespace: MutableMapping[str, Any] | None = None,
    shell: Any = None,
    progress: Callable[[int, int], object] | None = None,
) -> Spilled:
    """Move variables back into memory, with their other names and shared arrays.

    Parameters
    ----------
    *names, namespace, shell, progress
        As in `spill_variables`.

    Raises
    ------
    MemkitError
        If a variable does not exist, is already in memory, or does not fit.
    """
    shell = shell or find_shell()
    namespace = find_namespace(namespace, shell)
    replacing = Replacing(namespace, shell, collect=True)
    names = tuple(dict.fromkeys(names))
    for name in names:
        check_name(name, namespace)
    for name in names:
        if not is_spilled(namespace[name]):
            message = f"{name} is in memory; %spill lists what is on disk"
            raise MemkitError(message)
    files = _find_files(namespace[name] for name in names)
    groups = _group_by_file(names, namespace)
    with replacing:
        with replacing.allowed():
            moved = move_to_memory(_look_up(groups, namespace), progress)
        replacing.bind_all(moved)
    return _report(names, moved, files, replacing, is_back=True)


def _report(
    names: tuple[str, ...],
    moved: Mapping[str, Any],
    files: list[MappedFile],
    replacing: Replacing,
    *,
    is_back: bool = False,
) -> Spilled:
    return Spilled(
        names=names,
        along=tuple(name for name in moved if name not in names),
        forgotten=tuple(dict.fromkeys(replacing.copies)),
        paths=tuple(file.path for file in files),
        file_bytes=sum(file.bytes for file in files),
        freed_bytes=replacing.freed_bytes,
        rss_bytes=replacing.rss_bytes,
        duration_s=replacing.duration_s,
        is_back=is_back,
        held=is_back and any(file.path.exists() for file in files),
    )


def _group_by_memory(
    names: tuple[str, ...],
    namespace: Mapping[str, Any],
    shell: Any,
    search_progress: Callable[[int], object] | None,
) -> tuple[list[tuple[str, ...]], list[Any]]:
    """Return the variables with those that move along, and the outputs that use them.

    Each group has its own file, so that it can be moved separately.
    """
    groups: list[tuple[str, ...]] = []
    outputs: list[Any] = []
    for name in names:
        if not any(name in group for group in groups):
            sharing = find_sharing(name, namespace, shell, search_progress)
            groups.append((name, *sharing.along))
            outputs += sharing.outputs
    return groups, outputs


def _group_by_file(
    names: tuple[str, ...], namespace: Mapping[str, Any]
) -> list[tuple[str, ...]]:
    """Return the variables with their other names, and arrays with those in their file.

    The array of a frame would not be shared with it again, but copied.
    """
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    groups: list[tuple[str, ...]] = []
    for name in names:
        if any(name in group for group in groups):
            continue
        moving = namespace[name]
        files = _find_files([moving])
        along = (
            other
            for other, value in dict(namespace).items()
            if other != name
            and not is_output_name(other)
            and (
                value is moving
                or (
                    type(value) is type(moving) is np.ndarray
                    and find_file(value) in files
                )
            )
        )
        groups.append((name, *along))
    return groups


def _look_up(
    groups: list[tuple[str, ...]], namespace: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [{name: namespace[name] for name in group} for group in groups]


def _find_files(values: Iterable[Any]) -> list[MappedFile]:
    """Return the files of values, each once."""
    found = (find_file(array) for value in values for array in arrays_of(value))
    return list(dict.fromkeys(file for file in found if file is not None))
