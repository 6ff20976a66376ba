"""Moves a value to a file, and back."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.limits import read_limit
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.spilling.files import (
    find_file,
    read_resident,
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
    """Write an array or a frame to a file that is mapped into memory.

    What comes back is the same value, of the same type, over the file: its memory can
    be taken by others, and is read from the disk when it is needed again. Bind it to
    the name of the first one, which gives the memory of that back.

    Parameters
    ----------
    value : numpy.ndarray, pandas.DataFrame or pandas.Series
        Numbers, truth values, times, texts of fixed width or records of them.
    folder : path-like, optional
        Where the file goes: into a folder of this process's own in this one; that for
        temporary files when left out.
    progress : callable, optional
        Called with the number of bytes that are written, and that of all.

    Returns
    -------
    numpy.ndarray, pandas.DataFrame or pandas.Series
        The value. Where the first one was writable it is, too, and what is written to
        it goes to the file. The file is removed when nothing refers to it any more, at
        the latest at the end of the process.

    Raises
    ------
    MemkitError
        For a value that cannot lie in a file, and when the disk is full; there is
        no file then.

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
    """Read a value that was spilled back into memory.

    Parameters
    ----------
    value : numpy.ndarray, pandas.DataFrame or pandas.Series
        What `spill` gave, or a part of it.
    progress : callable, optional
        Called with the number of bytes that are read, and that of all.

    Returns
    -------
    numpy.ndarray, pandas.DataFrame or pandas.Series
        The value, in memory of its own.

    Raises
    ------
    MemkitError
        When it is in memory already, or does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> prices = unspill(spill(np.arange(3)))
    """
    if not is_spilled(value):
        message = "the value is not on disk, so there is nothing to bring back"
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
        Values by name; those of a group share their memory, and get one file.
    folder, progress
        As of `spill`.

    Raises
    ------
    MemkitError
        When one of them cannot be moved; then there is no file.
    """

    def write(layout: BufferLayout, tell: Callable[[int], object]) -> Any:
        return write_file(layout.read(), layout.bytes, folder, tell)

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
        When they do not fit.
    """
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    def read(layout: BufferLayout, tell: Callable[[int], object]) -> Any:
        _check_room(layout.bytes)
        memory = np.empty(layout.bytes, np.uint8)
        done_bytes = 0
        for block in layout.read():
            memory[done_bytes : done_bytes + block.nbytes] = block
            done_bytes += block.nbytes
            tell(done_bytes)
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

    def tell(done_bytes: int) -> None:
        if progress is not None:
            progress(placed_bytes + done_bytes, total_bytes)

    moved: dict[str, Any] = {}
    for group, layout in zip(groups, layouts, strict=True):
        memory = place(layout, tell)
        moved.update(zip(group, layout.build(memory), strict=True))
        placed_bytes += layout.bytes
    return moved


def _check_room(needed_bytes: int) -> None:
    limit = read_limit()
    if limit is None:
        return
    # What is in memory of files makes room by itself.
    used_bytes = read_rss_bytes() - sum((read_resident() or {}).values())
    free_bytes = max(0, limit.bytes - used_bytes)
    if free_bytes < needed_bytes:
        message = (
            f"{format_bytes(needed_bytes)} do not fit into memory, where "
            f"{format_bytes(free_bytes)} are free; free some (%memfree), or take a "
            "part of it"
        )
        raise MemkitError(message)
