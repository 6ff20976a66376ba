"""Finds arrays and frames that hold the same data twice."""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.measure.sizes.loaded import find_loaded

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
        When to stop, on the clock of `time.perf_counter`.

    Yields
    ------
    name, original : str
        The later and the earlier of them, in the order of the variables.
    """
    alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for name, value in variables.items():
        if sizes[name] >= _LEAST_BYTES:
            blocks = _read_arrays(value)
            if blocks:
                key = (read_type(value), read_shape(value))
                key += tuple((block.dtype.str, block.shape) for block in blocks)
                alike[key].append(name)
    for names in alike.values():
        originals: dict[int, str] = {}
        for name in names if len(names) > 1 else ():
            digest = _digest(_read_arrays(variables[name]), deadline_s)
            if digest is None:
                return
            original = originals.setdefault(digest, name)
            if original != name and variables[original] is not variables[name]:
                yield name, original


def _read_arrays(value: Any) -> list[Any]:
    """Return the arrays that a value consists of; empty if some are not numeric."""
    dtype = find_loaded("numpy", "dtype")
    kind = type(value)
    if dtype is None:
        return []
    if kind is find_loaded("numpy", "ndarray"):
        return [] if value.dtype.hasobject else [value]
    if kind is find_loaded("pandas", "Series"):
        columns = [value]
    elif kind is find_loaded("pandas", "DataFrame"):
        columns = [column for _, column in value.items()]
    else:
        return []
    # For any other dtype `to_numpy` would create one object per row.
    kinds = [column.dtype for column in columns]
    if not all(issubclass(type(each), dtype) and not each.hasobject for each in kinds):
        return []
    return [column.to_numpy(copy=False) for column in columns]


def _digest(arrays: list[Any], deadline_s: float) -> int | None:
    """Return a checksum of the data; None when time is up."""
    digest = 0
    for array in arrays:
        flat = array.reshape(-1)
        step = max(1, _BLOCK_BYTES // max(1, flat.itemsize))
        for start in range(0, len(flat), step):
            if time.perf_counter() > deadline_s:
                return None
            digest = zlib.crc32(flat[start : start + step].tobytes(), digest)
    return digest
