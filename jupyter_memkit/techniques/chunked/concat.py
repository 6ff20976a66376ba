"""Joins the values of all chunks end to end, once, when the last is there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import chain
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError


class Concat:
    """Keeps frames, series, arrays, lists or tuples, and joins them at the end."""

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def add(self, value: Any) -> None:
        """Keep the next part."""
        _find_join(value)
        if self._parts and not _fits(self._parts[0], value):
            message = (
                f"concat cannot join {_describe(value)} to {_describe(self._parts[0])};"
                " give every chunk's value the same form, or use append"
            )
            raise ReduceError(message)
        self._parts.append(value)

    def result(self) -> Any:
        """Return the parts as one."""
        return _find_join(self._parts[0])(self._parts) if self._parts else None

    def parts(self) -> list[Any]:
        """Return the parts."""
        return self._parts


def _find_join(value: Any) -> Callable[[list[Any]], Any]:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray) and value.ndim:
        concatenate: Callable[[list[Any]], Any] = numpy.concatenate
        return concatenate
    for name in ("pandas", "polars"):
        library = sys.modules.get(name)
        if library and isinstance(value, (library.DataFrame, library.Series)):
            concat: Callable[[list[Any]], Any] = library.concat
            return concat
    if isinstance(value, (list, tuple)):
        return _chain
    message = (
        "concat joins frames, series, arrays and lists, "
        f"not {type(value).__name__}; use append for a list of the values"
    )
    raise ReduceError(message)


def _chain(parts: list[Any]) -> list[Any]:
    return list(chain.from_iterable(parts))


def _fits(first: Any, value: Any) -> bool:
    # A frame's columns may differ, as pandas allows; an array's axes may not.
    same_axes = hasattr(value, "columns") or (
        getattr(first, "shape", ())[1:] == getattr(value, "shape", ())[1:]
    )
    return type(first) is type(value) and same_axes


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    name = type(value).__name__
    return f"{name} of shape {shape}" if shape is not None else name
