"""Checks which values can be moved to a file, and finds their arrays."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.techniques.arrays.leaves import is_sequence
from jupyter_memkit.techniques.arrays.plain_forms import has_only_values, is_masked
from jupyter_memkit.techniques.spilling.files import find_file
from jupyter_memkit.techniques.spilling.parts import find_root

_SHOWN_COLUMNS = 3


def check_value(value: Any, name: str) -> None:
    """Raise an error unless a value can be moved to a file.

    Parameters
    ----------
    value : object
        Any object.
    name : str
        Its name for the user.

    Raises
    ------
    MemkitError
        If it cannot; the message contains the remedy.
    """
    reason = _find_reason(value, name)
    if reason is not None:
        message = f"{name} {reason}"
        raise MemkitError(message)


def is_spilled(value: Any) -> bool:
    """Return whether a value, or a part of it, is in one of our files."""
    return any(find_file(array) is not None for array in arrays_of(value))


def arrays_of(value: Any) -> Iterator[Any]:
    """Yield the arrays of numbers of an array, a frame or a Series."""
    import numpy as np  # noqa: PLC0415 - as above

    pandas: Any = sys.modules.get("pandas")
    if type(value) is np.ndarray:
        yield value
    elif pandas is not None and type(value) is pandas.DataFrame:
        for number in range(value.shape[1]):
            yield from arrays_of(value.iloc[:, number])
    elif (
        pandas is not None
        and type(value) is pandas.Series
        and isinstance(value.dtype, np.dtype)
    ):
        yield value.to_numpy(copy=False)


def _find_reason(value: Any, name: str) -> str | None:
    """Return why a value cannot be moved to a file, with the remedy; None if it can."""
    import numpy as np  # noqa: PLC0415 - as above

    pandas: Any = sys.modules.get("pandas")
    kind = type(value)
    if pandas is not None and (kind is pandas.DataFrame or kind is pandas.Series):
        frame = value if kind is pandas.DataFrame else value.to_frame()
        unfit = [
            str(column)
            for column, dtype in zip(frame.columns, frame.dtypes, strict=True)
            if not isinstance(dtype, np.dtype) or dtype.hasobject
        ]
        if unfit:
            return _describe_unfit(unfit, value.ndim)
    elif kind is not np.memmap and kind is not np.ndarray:
        return _describe_type(value, name)
    elif value.dtype.hasobject:
        return _describe_objects(value.dtype, name)
    arrays = [value] if issubclass(kind, np.ndarray) else list(arrays_of(value))
    if not any(array.nbytes for array in arrays):
        return "is empty, so there is nothing to spill"
    if all(issubclass(type(find_root(array).base), mmap.mmap) for array in arrays):
        return "is already in a mapped file"
    return None


def _describe_objects(dtype: Any, name: str) -> str:
    if dtype.kind == "T":
        return (
            f"holds strings of any length ({dtype}), which cannot be stored in a file; "
            f"spill them with a fixed width: {name}_texts = np.array({name}.tolist())"
        )
    remedy = (
        f"if all have the same type, %shrink {name} converts them to numbers or strings"
        if dtype.names is None
        else "spill a copy without these fields"
    )
    return f"holds Python objects ({dtype}), which cannot be stored in a file; {remedy}"


def _describe_unfit(columns: list[str], n_dimensions: int) -> str:
    if n_dimensions == 1:
        return (
            "holds strings or a pandas extension type, which cannot be stored in a "
            "file; convert it to numbers first, with .to_numpy() or .cat.codes"
        )
    listed = ", ".join(columns[:_SHOWN_COLUMNS])
    if len(columns) > _SHOWN_COLUMNS:
        listed += f" and {len(columns) - _SHOWN_COLUMNS} more"
    return (
        f"has strings or pandas extension types in {listed}, which cannot be stored in "
        'a file; spill only the numbers: .select_dtypes("number")'
    )


def _describe_type(value: Any, name: str) -> str:
    import numpy as np  # noqa: PLC0415 - as above

    kind = name_type(type(value))
    short = kind.rpartition(".")[2]
    if issubclass(type(value), np.ndarray):
        remedy = _describe_plain_form(type(value), name)
    elif is_sequence(value):
        remedy = f"convert it to an array first: %to_numpy {name}"
    elif kind.startswith(("polars.", "pyarrow.")):
        remedy = "write it to a Parquet file, and read that in chunks: %%chunked"
    elif kind.startswith("pandas.") and short.endswith("Index"):
        remedy = f"spill its values: {name}_values = {name}.to_numpy(copy=True)"
    elif kind.startswith("scipy."):
        remedy = f"spill its numbers: {name}.data"
    else:
        remedy = "convert it to an array first"
    return (
        f"has the type {short}, but only NumPy arrays and pandas frames and Series can "
        f"be spilled; {remedy}"
    )


def _describe_plain_form(kind: type, name: str) -> str:
    """Return the remedy for an array of a subclass, which loses nothing."""
    if has_only_values(kind):
        return f"use its plain array: {name} = np.asarray({name})"
    if is_masked(kind):
        return (
            "spill copies of its .data and its .mask: "
            f"{name}_data, {name}_mask = "
            f"{name}.data.copy(), np.ma.getmaskarray({name}).copy()"
        )
    return (
        "it may hold more than numbers; spill a copy of these: "
        f"{name}_values = np.array({name})"
    )
