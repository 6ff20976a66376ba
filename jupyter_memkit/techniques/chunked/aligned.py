"""Sum, minimum and maximum of values that have labels, aligned by them.

A group that one chunk lacks counts as nothing there: it never turns to NaN, and
whole numbers stay whole.
"""

from __future__ import annotations

import operator
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """One way to combine two values: numbers, arrays, Series, frames or dicts.

    Numbers, Series and frames take a missing value (NaN) as nothing, as pandas
    does over the whole; a sum of numbers and all of numpy's arrays let it through,
    as numpy does.
    """

    name: str
    ufunc: str
    scalars: Callable[[Any, Any], Any]

    def begin(self, value: Any) -> Any:
        """Return the first value as a result."""
        kind = self._kind(value)
        if kind == "mapping":
            begun = {key: self.begin(item) for key, item in value.items()}
            return Counter(begun) if isinstance(value, Counter) else begun
        return _widen(value) if self.name == "sum" else value

    def step(self, so_far: Any, value: Any) -> Any:
        """Return the two as one."""
        kind = self._kind(value)
        if kind != self._kind(so_far):
            message = (
                f"{self.name} got {type(value).__name__} after "
                f"{type(so_far).__name__}; give every chunk's value the same form"
            )
            raise ReduceError(message)
        combine = {
            "array": self._arrays,
            "frame": self._frames,
            "series": self._series,
            "mapping": self._mappings,
        }.get(kind, self.scalars)
        try:
            return combine(so_far, value)
        except (TypeError, ValueError) as error:
            message = (
                f"{self.name} cannot combine {type(so_far).__name__} and "
                f"{type(value).__name__} ({error}); use append, or your own function"
            )
            raise ReduceError(message) from error

    def _arrays(self, so_far: Any, value: Any) -> Any:
        if so_far.shape != value.shape:
            message = (
                f"{self.name} cannot align arrays of shapes {so_far.shape} and "
                f"{value.shape}; reduce each chunk first, or use concat"
            )
            raise ReduceError(message)
        return getattr(sys.modules["numpy"], self.ufunc)(so_far, value)

    def _mappings(self, so_far: Any, value: Any) -> Any:
        combined = Counter(so_far) if isinstance(so_far, Counter) else dict(so_far)
        for key, item in value.items():
            combined[key] = (
                self.step(so_far[key], item) if key in so_far else self.begin(item)
            )
        return combined

    def _frames(self, so_far: Any, value: Any) -> Any:
        if self.name == "sum" and not so_far.columns.equals(value.columns):
            columns = so_far.columns.union(value.columns, sort=False)
            so_far = so_far.reindex(columns=columns, fill_value=0)
            value = value.reindex(columns=columns, fill_value=0)
        return self._series(so_far, value)

    def _series(self, so_far: Any, value: Any) -> Any:
        """Combine what has the same label, in sorted order where both are sorted."""
        if not len(value):
            return so_far
        if not len(so_far):
            return self.begin(value)
        is_sorted = all(side.index.is_monotonic_increasing for side in (so_far, value))
        return (
            sys.modules["pandas"]
            .concat([so_far, value])
            .groupby(
                level=list(range(so_far.index.nlevels)),
                sort=is_sorted,
                observed=True,
                dropna=False,
            )
            .agg(self.name)
        )

    def _kind(self, value: Any) -> str:
        """Name the form of a value, or refuse it."""
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.ndarray):
            return "array"
        pandas = sys.modules.get("pandas")
        if pandas is not None and isinstance(value, (pandas.Series, pandas.DataFrame)):
            if self.name == "sum":
                _refuse_text(pandas, value)
            return "series" if isinstance(value, pandas.Series) else "frame"
        if isinstance(value, Mapping):
            return "mapping"
        if isinstance(value, str) and self.name != "sum":
            return "text"
        if value is None or hasattr(value, "__len__"):
            message = (
                f"{self.name} cannot take {type(value).__name__}; end the cell with "
                "a number, an array, a Series, a frame or a dict of numbers, or use "
                "append, concat or your own function"
            )
            raise ReduceError(message)
        return "number"


def _refuse_text(pandas: Any, value: Any) -> None:
    """Refuse text, of which pandas would make one long text."""
    columns = {"values": value} if value.ndim == 1 else dict(value.items())
    for name, column in columns.items():
        if pandas.api.types.is_string_dtype(column) and len(column):
            message = (
                f"sum cannot add the text in {name!r}; make it the index, with "
                "groupby(...) or set_index(...), or leave it out"
            )
            raise ReduceError(message)


def _widen(value: Any) -> Any:
    """Make small and Boolean numbers 64 bits wide, as numpy's own sums are."""
    dtype: Any = getattr(value, "dtype", None)
    # A nullable dtype of pandas has no byte order, and widens by itself.
    if not hasattr(dtype, "byteorder") or dtype.kind not in "biu" or dtype.itemsize > 4:
        return value
    return value.astype("uint64" if dtype.kind == "u" else "int64")


def _lesser(so_far: Any, value: Any) -> Any:
    return value if so_far != so_far or value < so_far else so_far  # noqa: PLR0124 - NaN


def _greater(so_far: Any, value: Any) -> Any:
    return value if so_far != so_far or value > so_far else so_far  # noqa: PLR0124 - NaN


SUM = Aligned(name="sum", ufunc="add", scalars=operator.add)
MIN = Aligned(name="min", ufunc="minimum", scalars=_lesser)
MAX = Aligned(name="max", ufunc="maximum", scalars=_greater)
