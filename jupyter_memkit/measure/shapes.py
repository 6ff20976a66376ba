"""Reads the shape and type of a value, without running the user's code."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from jupyter_memkit.measure.sizes.elements import CONTAINERS
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro
from jupyter_memkit.measure.sizes.registry import name_type

# The names of these types in all supported versions.
_SHAPES = {
    "numpy.ndarray": "numpy:ndarray",
    "pandas.DataFrame": "pandas:DataFrame",
    "pandas.Index": "pandas:Index",
    "pandas.Series": "pandas:Series",
    "pandas.core.frame.DataFrame": "pandas:DataFrame",
    "pandas.core.indexes.base.Index": "pandas:Index",
    "pandas.core.series.Series": "pandas:Series",
    "polars.dataframe.frame.DataFrame": "polars:DataFrame",
    "polars.series.series.Series": "polars:Series",
    "pyarrow.lib.RecordBatch": "pyarrow:RecordBatch",
    "pyarrow.lib.Table": "pyarrow:Table",
    "torch.Tensor": "torch:Tensor",
}

_DTYPES = ("numpy.ndarray", "pandas.Series", "pandas.core.series.Series")

_SIZED: tuple[type, ...] = (*CONTAINERS, str, bytes, bytearray)


def read_shape(value: Any) -> tuple[int, ...] | None:
    """Return the shape of an array, frame or container; None for other objects.

    Parameters
    ----------
    value : object
        Any object.

    Returns
    -------
    tuple of int or None
        The length of each dimension.

    Examples
    --------
    >>> read_shape([1, 2, 3])
    (3,)
    >>> read_shape(1.5) is None
    True
    """
    kind = type(value)
    for base in read_mro(kind):
        if contains_identical(_SIZED, base):
            return (base.__len__(value),)
        if name_type(base) in _SHAPES:
            shape = _read_property(value, _SHAPES[name_type(base)], "shape")
            # A jagged tensor has a length that is only a symbol.
            is_known = shape is not None and all(type(each) is int for each in shape)
            return tuple(shape) if is_known else None
    return None


def read_type(value: Any) -> str:
    """Return the name of a value's type, with an array's dtype.

    Examples
    --------
    >>> read_type({"a": 1})
    'dict'
    """
    name = name_type(type(value)).rpartition(".")[2]
    for base in read_mro(type(value)):
        if name_type(base) in _DTYPES:
            dtype = _read_property(value, _SHAPES[name_type(base)], "dtype")
            return name if dtype is None else f"{name} {dtype}"
    return name


def _has_own_access(kind: type, owner: type) -> bool:
    """Return whether a subclass has code that runs when any attribute is read."""
    subclasses = itertools.takewhile(lambda each: each is not owner, read_mro(kind))
    return any("__getattribute__" in read_dict(each) for each in subclasses)


def _read_property(value: Any, home: str, name: str) -> Any:
    """Read a property of a library's own class, which a subclass may override."""
    module, _, class_name = home.partition(":")
    owner = find_loaded(module, class_name)
    if not issubclass(type(owner), type) or _has_own_access(type(value), owner):
        return None
    reader: Callable[[Any], Any] | None
    reader = getattr(getattr(owner, name, None), "__get__", None)
    if reader is None:
        return None
    # Else a subclass of torch's tensor would be asked.
    plain = find_loaded("torch._C", "DisableTorchFunctionSubclass") or nullcontext
    try:
        with plain():
            return reader(value)
    except Exception:  # noqa: BLE001 - a deleted or broken object
        return None
