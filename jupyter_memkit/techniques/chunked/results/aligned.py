"""Sum, minimum and maximum of values with labels, aligned by their labels.

A group that a chunk does not have is ignored there: it never becomes NaN, and integers
stay integers.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError, ShapeError
from jupyter_memkit.techniques.chunked.results.categories import share_categories
from jupyter_memkit.techniques.chunked.results.missing import (
    is_nan,
    mark_keys,
    unmark_keys,
)

# The name that pandas gives to the counts of values, which are sorted by it.
_COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """A way to combine two values: numbers, arrays, Series, frames or dicts.

    Numbers, Series and frames ignore a missing value (NaN), as pandas does over the
    whole; a sum of numbers and all operations on numpy arrays propagate it, as numpy
    does. What a masked array masks is ignored, as numpy does over the whole.

    Attributes
    ----------
    name : str
        The name of the method in pandas.
    ufunc : str
        The name of the function in numpy.
    scalars : callable
        Combines two numbers.
    keys : tuple of str
        The columns of a frame that are the keys of its groups, not values.
    """

    name: str
    ufunc: str
    scalars: Callable[[Any, Any], Any]
    keys: tuple[str, ...] = ()

    def begin(self, value: Any) -> Any:
        """Return a value as a part, with its keys in the index."""
        value = _read_scalar(value)
        if self.name != "sum" and _is_missing(value):
            return value
        kind = self._kind(value)
        if kind == "frame" and self.keys:
            return self._set_keys(value)
        if kind == "mapping":
            return mark_keys(value, self.begin, self.step)
        return _widen(value) if self.name == "sum" else value

    def finish(self, part: Any) -> Any:
        """Return the result, with its keys in columns if the values had them there."""
        if isinstance(part, Mapping):
            return unmark_keys(part, self.finish)
        if self.keys and self._kind(part) == "frame":
            return part.reset_index()
        return part

    def _set_keys(self, value: Any) -> Any:
        try:
            return value.set_index(list(self.keys))
        except KeyError as error:
            message = (
                f"{self.name} needs the keys {', '.join(self.keys)} in the frame of "
                f"every chunk, but one has {', '.join(map(str, value.columns))}; give "
                "the value of every chunk the same columns"
            )
            raise ReduceError(message) from error

    def step(self, so_far: Any, value: Any) -> Any:
        """Return the combination of the two."""
        is_of_no_rows = _is_masked if self.name == "sum" else _is_missing
        if is_of_no_rows(value) or is_of_no_rows(so_far):
            # The value of no rows is missing, even if the other values are texts.
            return value if is_of_no_rows(so_far) else so_far
        kinds = self._kind(so_far), self._kind(value)
        if {*kinds} == {"frame", "series"} and not (len(so_far) and len(value)):
            # Without groups, apply of pandas returns an empty frame.
            return so_far if len(so_far) else value
        if kinds[0] != kinds[1]:
            message = (
                f"{self.name} got {type(value).__name__} after "
                f"{type(so_far).__name__}; give the value of every chunk the same type"
            )
            raise ReduceError(message)
        combine = {
            "array": self._arrays,
            "frame": self._frames,
            "series": self._series,
            "mapping": self._mappings,
        }.get(kinds[0], self.scalars)
        try:
            return combine(so_far, value)
        except (MemoryError, ReduceError):
            raise
        except Exception as error:
            # Libraries raise many errors for values that they cannot align.
            message = (
                f"{self.name} cannot combine {type(so_far).__name__} and "
                f"{type(value).__name__} ({error}); use append, or your own function"
            )
            raise ReduceError(message) from error

    def _arrays(self, so_far: Any, value: Any) -> Any:
        if so_far.shape != value.shape:
            message = (
                f"{self.name} cannot align arrays of shapes {so_far.shape} and "
                f"{value.shape}; give the arrays of every chunk the same shape, as "
                "minlength does in np.bincount, or use concat"
            )
            raise ShapeError(message)
        numpy = sys.modules["numpy"]
        if any(isinstance(each, numpy.ma.MaskedArray) for each in (so_far, value)):
            # The functions of numpy mask what is masked in one of the two.
            return getattr(numpy.ma.stack([so_far, value]), self.name)(axis=0)
        return getattr(numpy, self.ufunc)(so_far, value)

    def _mappings(self, so_far: Any, value: Any) -> Any:
        combined = so_far.copy()
        for key, item in value.items():
            combined[key] = (
                self.step(so_far[key], item) if key in so_far else self.begin(item)
            )
        return combined

    def _frames(self, so_far: Any, value: Any) -> Any:
        if not so_far.columns.equals(value.columns):
            # In sorted order if both are, as a pivot table over the whole has them.
            sides = (so_far.columns, value.columns)
            is_sorted = all(side.is_monotonic_increasing for side in sides)
            columns = sides[0].union(sides[1], sort=None if is_sorted else False)
            so_far, value = (
                _add_columns(side, other).reindex(columns=columns)
                for side, other in ((so_far, value), (value, so_far))
            )
        return self._series(so_far, value)

    def _series(self, so_far: Any, value: Any) -> Any:
        """Combine the values of each label, in sorted order if both are sorted."""
        if not len(value):
            return so_far
        if not len(so_far):
            return value
        if len(so_far) != len(value) and _counts_rows(so_far) and _counts_rows(value):
            message = (
                f"{self.name} aligns by the index, but these {len(so_far):,} and "
                f"{len(value):,} rows are only numbered; make the keys the index with "
                ".set_index([...]), or leave out as_index=False and reset_index()"
            )
            raise ReduceError(message)
        so_far, value = share_categories([so_far, value])
        is_sorted = all(side.index.is_monotonic_increasing for side in (so_far, value))
        groups = (
            sys.modules["pandas"]
            .concat([so_far, value])
            .groupby(
                level=list(range(so_far.index.nlevels)),
                sort=is_sorted,
                observed=True,
                dropna=False,
            )
        )
        # The sum of infinities of both signs is NaN, without a warning.
        with sys.modules["numpy"].errstate(invalid="ignore"):
            # A sum of missing values only is missing, as over the whole.
            combined = (
                groups.sum(min_count=1) if self.name == "sum" else groups.agg(self.name)
            )
        if combined.index.nlevels == 1 and so_far.index.dtype == value.index.dtype:
            # pandas makes texts of objects when it joins them.
            combined.index = combined.index.astype(value.index.dtype)
        if is_sorted and (freq := _find_freq(so_far, value)) is not None:
            return self._fill_bins(combined, freq)
        for ascending in (False, True):
            if not is_sorted and all(
                _are_counts(side, ascending=ascending) for side in (so_far, value)
            ):
                return combined.sort_values(
                    **({} if combined.ndim == 1 else {"by": _COUNT}),
                    ascending=ascending,
                    kind="stable",
                )
        return combined

    def _fill_bins(self, combined: Any, freq: Any) -> Any:
        """Add the time bins between two chunks, which the whole has too."""
        filled = combined.asfreq(freq, fill_value=0 if self.name == "sum" else None)
        if not combined.index.isin(filled.index).all():
            message = (
                f"{self.name} cannot align bins of {freq.freqstr} that begin at "
                "different times in each chunk; pass origin='epoch' to resample or "
                "Grouper"
            )
            raise ReduceError(message)
        return filled

    def _kind(self, value: Any) -> str:
        """Return the kind of a value, or reject it."""
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.ndarray):
            return "array"
        pandas = sys.modules.get("pandas")
        if pandas is not None and isinstance(value, (pandas.Series, pandas.DataFrame)):
            if self.name == "sum":
                _reject_text(pandas, value, self.keys)
            return "series" if isinstance(value, pandas.Series) else "frame"
        if isinstance(value, Mapping):
            return "mapping"
        if isinstance(value, str) and self.name != "sum":
            return "text"
        if type(value).__module__.startswith("polars"):
            message = (
                f"{self.name} does not support {type(value).__name__} of polars, which "
                "has no labels; end the cell with .to_pandas().set_index([...]) of the "
                "keys, or use concat"
            )
            raise ReduceError(message)
        if value is None or hasattr(value, "__len__"):
            zero = ", with 0 for no values (in pyarrow, min_count=0)"
            message = (
                f"{self.name} does not support {type(value).__name__}; end the cell "
                "with a number, an array, a Series, a frame or a dict of "
                f"numbers{zero if value is None else ''}, or use append, concat or "
                "your own function"
            )
            raise ReduceError(message)
        return "number"


def _read_scalar(value: Any) -> Any:
    """Return a pyarrow scalar as a Python value; others unchanged.

    Those of pyarrow have no order, and adding up a missing one gives a missing one.
    """
    arrow = sys.modules.get("pyarrow")
    is_scalar = arrow is not None and isinstance(value, arrow.Scalar)
    return value.as_py() if is_scalar else value


def _add_columns(frame: Any, other: Any) -> Any:
    """Return a frame with the columns that only the other has, filled with 0 or NaN."""
    new = other.columns.difference(frame.columns, sort=False)
    frame = frame.copy(deep=False)
    for name in new:
        is_whole = getattr(other[name].dtype, "kind", "") in "iub"
        frame[name] = 0 if is_whole else math.nan
    return frame


def _are_counts(value: Any, *, ascending: bool) -> bool:
    """Return whether a value has counts as ``value_counts`` returns them."""
    names = [value.name] if value.ndim == 1 else list(value.columns)
    if names != [_COUNT]:
        return False
    counts = value if value.ndim == 1 else value[_COUNT]
    return bool(
        counts.is_monotonic_increasing if ascending else counts.is_monotonic_decreasing
    )


def _counts_rows(value: Any) -> bool:
    """Return whether an index only numbers the rows, from 0."""
    index = value.index
    is_range = type(index) is sys.modules["pandas"].RangeIndex
    return is_range and index.name is None and index.start == 0


def _find_freq(*sides: Any) -> Any:
    """Return the frequency of the time bins that all sides share, or None."""
    pandas = sys.modules["pandas"]
    kinds = (pandas.DatetimeIndex, pandas.TimedeltaIndex)
    first, *others = (
        side.index.freq if isinstance(side.index, kinds) else None for side in sides
    )
    return first if all(other == first for other in others) else None


def _reject_text(pandas: Any, value: Any, keys: tuple[str, ...]) -> None:
    """Reject text, which pandas would join to one long text."""
    columns = [("values", value)] if value.ndim == 1 else list(value.items())
    for name, column in columns:
        if (
            name not in keys
            and pandas.api.types.is_string_dtype(column.dtype)
            and _has_text(column)
        ):
            message = (
                f"sum cannot add the text in {name!r}; make it the index with "
                "groupby(...) or set_index(...), or leave it out"
            )
            raise ReduceError(message)


def _has_text(column: Any) -> bool:
    return any(isinstance(item, str) for item in column)


def _is_missing(value: Any) -> bool:
    """Return whether a value means no rows: None, NaN, or a library's equivalent."""
    pandas = sys.modules.get("pandas")
    markers = () if pandas is None else (pandas.NA, pandas.NaT)
    is_marker = any(value is each for each in markers) or _is_masked(value)
    return value is None or is_nan(value) or is_marker


def _is_masked(value: Any) -> bool:
    """Return whether a value is what numpy returns where all is masked."""
    masked_arrays = sys.modules.get("numpy.ma")
    return masked_arrays is not None and value is masked_arrays.masked


def _widen(value: Any) -> Any:
    """Make small integers and Booleans 64 bits wide, as numpy's own sums are."""
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
