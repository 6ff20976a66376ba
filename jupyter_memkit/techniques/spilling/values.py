"""Moves a value to a file, and back."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.room import read_room_bytes
from jupyter_memkit.techniques.spilling.files import (
    find_file,
    write_file,
)
from jupyter_memkit.techniques.spilling.kinds import (
    arrays_of,
    check_value,
    is_spilled,
)
from jupyter_memkit.techniques.spilling.parts import BufferLayout
from jupyter_memkit.units import format_bytes

_Value = TypeVar("_Value")


def spill(
    value: _Value,
    *,
    folder: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> _Value:
    """Write an array or a frame to a memory-mapped file.

    Returns the same value, of the same type, backed by the file: the system can drop
    its pages from memory, and reads them from disk when they are used again. Assign it
    to the original variable to free the original's memory.

    Parameters
    ----------
    value : numpy.ndarray, pandas.DataFrame or pandas.Series
        Numbers, booleans, times, fixed-width strings, or records of them.
    folder : path-like, optional
        The folder in which this process creates its own folder for the file; by default
        the folder for temporary files.
    progress : callable, optional
        Called with the number of bytes written and their total.

    Returns
    -------
    numpy.ndarray, pandas.DataFrame or pandas.Series
        The value. It is writable if the original was, and changes are written to the
        file. The file is removed when nothing refers to it any more, at the latest when
        the process ends.

    Raises
    ------
    MemkitError
        If the value cannot be stored in a file, or the disk is full. No file is left
        then.

    Examples
    --------
    >>> import numpy as np
    >>> prices = np.arange(1_000_000.0)
    >>> prices = spill(prices)
    >>> float(prices.sum())
    499999500000.0
    """
    name = "the value"
    check_value(value, name)
    moved: _Value = move_to_files([{name: value}], folder, progress)[name]
    return moved


def unspill(
    value: _Value, *, progress: Callable[[int, int], object] | None = None
) -> _Value:
    """Read a spilled value back into memory.

    Parameters
    ----------
    value : numpy.ndarray, pandas.DataFrame or pandas.Series
        The result of `spill`, or a part of it.
    progress : callable, optional
        Called with the number of bytes read and their total.

    Returns
    -------
    numpy.ndarray, pandas.DataFrame or pandas.Series
        The value, in its own memory.

    Raises
    ------
    MemkitError
        If it is already in memory, or does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> prices = unspill(spill(np.arange(3)))
    """
    if not is_spilled(value):
        message = "the value is not on disk, so there is nothing to move back"
        raise MemkitError(message)
    moved: _Value = move_to_memory([{"": value}], progress)[""]
    return moved


def move_to_files(
    groups: list[dict[str, Any]],
    folder: str | os.PathLike[str] | None,
    progress: Callable[[int, int], object] | None,
) -> dict[str, Any]:
    """Return values as views of new files.

    Parameters
    ----------
    groups : list of dict of str to object
        Values by name; those of a group share their memory, and are written to one
        file.
    folder, progress
        As in `spill`.

    Raises
    ------
    MemkitError
        If one of them cannot be moved. No file is left then.
    """

    def write(layout: BufferLayout, update: Callable[[int], object]) -> Any:
        return write_file(layout.read(), layout.bytes, folder, update)

    moved = _move(groups, write, progress)
    for name, value in moved.items():
        if not all(find_file(array) for array in arrays_of(value)):
            message = (
                f"this version of pandas would copy {name} into memory again; spill "
                f"its numbers: {name}.to_numpy()"
            )
            raise MemkitError(message)
    return moved


def move_to_memory(
    groups: list[dict[str, Any]], progress: Callable[[int, int], object] | None
) -> dict[str, Any]:
    """Return values as views of new memory, as `move_to_files` does.

    Raises
    ------
    MemkitError
        If they do not fit into memory.
    """
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    def read(layout: BufferLayout, update: Callable[[int], object]) -> Any:
        _check_room(layout.bytes)
        memory = np.empty(layout.bytes, np.uint8)
        done_bytes = 0
        for block in layout.read():
            memory[done_bytes : done_bytes + block.nbytes] = block
            done_bytes += block.nbytes
            update(done_bytes)
        return memory

    return _move(groups, read, progress)


def _move(
    groups: list[dict[str, Any]],
    place: Callable[[BufferLayout, Callable[[int], object]], Any],
    progress: Callable[[int, int], object] | None,
) -> dict[str, Any]:
    layouts = [BufferLayout(list(group.values())) for group in groups]
    total_bytes = sum(layout.bytes for layout in layouts)
    placed_bytes = 0

    def update(done_bytes: int) -> None:
        if progress is not None:
            progress(placed_bytes + done_bytes, total_bytes)

    moved: dict[str, Any] = {}
    for group, layout in zip(groups, layouts, strict=True):
        memory = place(layout, update)
        moved.update(zip(group, layout.build(memory), strict=True))
        placed_bytes += layout.bytes
    return moved


def _check_room(needed_bytes: int) -> None:
    free_bytes = read_room_bytes()
    if free_bytes is not None and free_bytes < needed_bytes:
        message = (
            f"{format_bytes(needed_bytes)} does not fit into memory, which has "
            f"{format_bytes(free_bytes)} free; free some (%memfree), or use a part of "
            "it"
        )
        raise MemkitError(message)
