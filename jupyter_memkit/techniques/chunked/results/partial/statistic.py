"""The interface of statistics that combine, and the simplest ones.

The state of a statistic is a pandas table by group, which is small compared to the
chunk and can be pickled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from jupyter_memkit.techniques.chunked.results.aligned import MAX, MIN, SUM, Aligned

# The kinds of objects that are numbers, by their names in pandas.
_NUMBERS = frozenset(
    {"boolean", "decimal", "empty", "floating", "integer", "mixed-integer-float"}
)


class Statistic(Protocol):
    """A statistic of a column by group."""

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the state for the rows of a frame.

        Parameters
        ----------
        frame : pandas.DataFrame
            The rows.
        column : str
            The column.
        keys : sequence of pandas.Series
            The key of each row.
        """

    def merge(self, one: Any, other: Any) -> Any:
        """Return the state of the rows of both; the rows of `one` come first."""

    def finish(self, state: Any) -> Any:
        """Return the statistic, a series by group."""


def read_numbers(values: Any) -> Any:
    """Return a column of numbers or Booleans as floats.

    Raises
    ------
    TypeError
        If it has other values: pandas would convert texts of digits, and times of
        pyarrow.
    """
    types = sys.modules["pandas"].api.types
    dtype = values.dtype
    if (
        types.is_numeric_dtype(dtype)
        or types.is_bool_dtype(dtype)
        or (types.is_object_dtype(dtype) and types.infer_dtype(values) in _NUMBERS)
    ):
        return values.astype("float64")
    message = "it takes numbers"
    raise TypeError(message)


def group(values: Any, keys: Sequence[Any]) -> Any:
    """Return the groups of a column; the rows without a key are a group."""
    return values.groupby(list(keys), observed=True, dropna=False)


def group_state(state: Any, *, sort: bool = True) -> Any:
    """Return the groups of a table with its keys in the index."""
    return group_by_level(state, state.index.nlevels, sort=sort)


def group_by_level(state: Any, n_levels: int, *, sort: bool = True) -> Any:
    """Return the groups of a table by the first levels of its index."""
    # pandas 2 warns about a list of one level.
    level = 0 if n_levels == 1 else list(range(n_levels))
    return state.groupby(level=level, sort=sort, observed=True, dropna=False)


def stack(one: Any, other: Any) -> Any:
    """Return the rows of two states."""
    parts = [state for state in (one, other) if len(state)]
    return sys.modules["pandas"].concat(parts) if parts else one


def map_groups(groups: Any, function: Callable[[Any], Any]) -> Any:
    """Return a function's values for each group, as objects."""
    found = [function(values) for _, values in groups]
    index = groups.size().index
    return sys.modules["pandas"].Series(found, index=index, dtype=object)


class Simple:
    """A statistic that is a method of pandas' groups, and combines by an operation.

    Parameters
    ----------
    method : str
        The method.
    aligned : Aligned
        The operation that combines two of its values.
    """

    def __init__(self, method: str, aligned: Aligned) -> None:
        self._method = method
        self._aligned = aligned

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the values of the method."""
        return getattr(group(frame[column], keys), self._method)()

    def merge(self, one: Any, other: Any) -> Any:
        """Return the values of both, label by label."""
        return self._aligned.step(one, other)

    def finish(self, state: Any) -> Any:
        """Return the values."""
        return state


class Sum(Simple):
    """The sum, which is NaN for infinities of both signs."""

    def __init__(self) -> None:
        super().__init__("sum", SUM)

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the sums; texts have none, though pandas would join them."""
        if sys.modules["pandas"].api.types.infer_dtype(frame[column]) == "string":
            message = "texts do not add up"
            raise TypeError(message)
        return super().begin(frame, column, keys)

    def merge(self, one: Any, other: Any) -> Any:
        """Return the sums of both; NaN stays, because the sum of no values is 0."""
        merged = super().merge(one, other)
        is_nan = stack(one, other).isna()
        if not is_nan.any():
            return merged
        return merged.mask(group_state(is_nan).any().reindex(merged.index))


class Chosen:
    """The first value that is not missing, or the last.

    Parameters
    ----------
    method : str
        ``first`` or ``last``.
    """

    def __init__(self, method: str) -> None:
        self._method = method

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the values."""
        return getattr(group(frame[column], keys), self._method)()

    def merge(self, one: Any, other: Any) -> Any:
        """Return the first value of both, or the last."""
        return getattr(group_state(stack(one, other)), self._method)()

    def finish(self, state: Any) -> Any:
        """Return the values."""
        return state


SIMPLE: dict[str, Statistic] = {
    "count": Simple("count", SUM),
    "size": Simple("size", SUM),
    "sum": Sum(),
    "min": Simple("min", MIN),
    "max": Simple("max", MAX),
    "first": Chosen("first"),
    "last": Chosen("last"),
}
