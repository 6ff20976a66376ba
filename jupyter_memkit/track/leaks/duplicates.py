"""Finds arrays and frames that hold the same data twice."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from jupyter_memkit.measure.deadlines import has_passed
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.track.leaks.likeness import SameData, are_alike, read_layout
from jupyter_memkit.track.leaks.pandas_parts import is_table, read_blocks, read_stored

# Smaller ones are not compared.
_LEAST_BYTES = 1024 * 1024
_BLOCK_BYTES = 8 * 1024 * 1024


def find_duplicates(
    variables: Mapping[str, Any], sizes: Mapping[str, int], deadline_s: float
) -> Iterator[tuple[str, str]]:
    """Yield pairs of variables that hold equal data in different memory.

    Parameters
    ----------
    variables : mapping of str to object
        The variables; numpy arrays, and pandas frames and series, are compared.
    sizes : mapping of str to int
        How much memory only this variable holds, in bytes.
    deadline_s : float
        When to stop, as `deadline_after` returns it.

    Yields
    ------
    name, original : str
        The later and the earlier of them, in the order of the variables.
    """
    alike: dict[Any, list[str]] = defaultdict(list)
    for name, value in variables.items():
        if sizes[name] >= _LEAST_BYTES:
            arrays = _read_arrays(value)
            layouts = [read_layout(array) for array in arrays]
            if arrays and None not in layouts:
                # How the blocks of a frame are laid out makes no difference.
                n_compared = 2 if is_table(value) else None
                key = tuple(layout[:n_compared] for layout in layouts if layout)
                alike[id(type(value)), key].append(name)
    have_same_data = partial(_have_same_data, deadline_s)
    for names in alike.values():
        originals: dict[int, list[str]] = defaultdict(list)
        for name in names if len(names) > 1 else ():
            value = variables[name]
            digest = _digest(_read_arrays(value), deadline_s)
            if digest is None:
                return
            for original in originals[digest]:
                # Another name for it takes no memory.
                if value is variables[original]:
                    break
                if _are_same(variables[original], value, have_same_data):
                    yield name, original
                    break
            else:
                originals[digest].append(name)


def _are_same(one: Any, other: Any, have_same_data: SameData) -> bool:
    """Return whether one value can replace another with an equal digest."""
    if is_table(one) and not are_alike(one, other, have_same_data):
        return False
    pairs = zip(_read_arrays(one), _read_arrays(other), strict=True)
    return all(have_same_data(*pair) for pair in pairs)


def _read_arrays(value: Any) -> list[Any]:
    """Return the arrays that a value consists of; empty if some are not numeric.

    Those of a frame are in the order of its columns, because its copy may be stored in
    other blocks.
    """
    kind = find_loaded("numpy", "ndarray")
    if kind is None:
        return []
    if type(value) is kind:
        return [value]
    if not is_table(value):
        return []
    columns: list[tuple[int, Any]] = []
    for values, indexer in read_blocks(value):
        # Dates consist of one array, without a dtype of pandas.
        array = list(read_stored(values))[-1]
        if type(array) is not kind or not issubclass(
            type(values.dtype), type(array.dtype)
        ):
            return []
        if array.ndim == 1:
            return [array]
        is_slice = type(indexer) is slice
        places = range(value.shape[1])[indexer] if is_slice else map(int, indexer)
        columns += zip(places, array, strict=True)
    return [array for _, array in sorted(columns, key=lambda column: column[0])]


def _digest(arrays: list[Any], deadline_s: float) -> int | None:
    """Return a checksum of the data; None when time is up."""
    digest = 0
    for array in arrays:
        for block in _read_data(array):
            if has_passed(deadline_s):
                return None
            digest = zlib.crc32(block, digest)
    return digest


def _have_same_data(deadline_s: float, one: Any, other: Any) -> bool:
    """Return whether two arrays of one layout certainly hold the same bytes."""
    pairs = zip(_read_data(one), _read_data(other), strict=True)
    return all(a == b and not has_passed(deadline_s) for a, b in pairs)


def _read_data(array: Any) -> Iterator[bytes]:
    """Yield the data in memory order, without a copy of the whole."""
    is_contiguous = array.flags.c_contiguous or array.flags.f_contiguous
    rows = array.ravel(order="K") if is_contiguous else array
    step = max(1, _BLOCK_BYTES * len(rows) // max(1, rows.nbytes))
    for start in range(0, len(rows), step):
        yield rows[start : start + step].tobytes()
