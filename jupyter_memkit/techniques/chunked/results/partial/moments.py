"""Means, variances and correlations, by the update of Chan, Golub and LeVeque.

Sums of squares would lose all digits if a mean is large compared to the deviation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jupyter_memkit.techniques.chunked.results.partial.statistic import (
    Statistic,
    group,
    group_state,
    stack,
)


class Moments:
    """The count, the mean and the squared deviations of a column of numbers.

    Parameters
    ----------
    finish : callable
        Computes the statistic from a table with the columns ``n``, ``mean`` and
        ``m2``.
    """

    def __init__(self, finish: Callable[[Any], Any]) -> None:
        self._finish = finish

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the three values, by group."""
        values = frame[column].astype("float64")
        groups = group(values, keys)
        deviations = values - groups.transform("mean")
        return _table(
            n=groups.count().astype("float64"),
            mean=groups.mean(),
            m2=group(deviations**2, keys).sum(),
        )

    def merge(self, one: Any, other: Any) -> Any:
        """Return those of both."""
        one, other = _align(one, other)
        n = one.n + other.n
        delta = other["mean"] - one["mean"]
        share = (other.n / n).fillna(0)
        return _table(
            n=n,
            mean=one["mean"] + delta * share,
            m2=one.m2 + other.m2 + delta**2 * one.n * share,
        )

    def finish(self, state: Any) -> Any:
        """Return the statistic."""
        return self._finish(state)


class Correlation:
    """Pearson's correlation with another column, over rows that have both.

    Parameters
    ----------
    other : str
        The other column.
    """

    def __init__(self, other: str) -> None:
        self._other = other

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the count, the means and the squared deviations."""
        x, y = (frame[name].astype("float64") for name in (column, self._other))
        x, y = x.where(y.notna()), y.where(x.notna())
        of_x, of_y = group(x, keys), group(y, keys)
        dx, dy = x - of_x.transform("mean"), y - of_y.transform("mean")
        return _table(
            n=of_x.count().astype("float64"),
            x=of_x.mean(),
            y=of_y.mean(),
            xx=group(dx**2, keys).sum(),
            yy=group(dy**2, keys).sum(),
            xy=group(dx * dy, keys).sum(),
        )

    def merge(self, one: Any, other: Any) -> Any:
        """Return those of both."""
        one, other = _align(one, other)
        n = one.n + other.n
        share = (other.n / n).fillna(0)
        dx, dy = other.x - one.x, other.y - one.y
        return _table(
            n=n,
            x=one.x + dx * share,
            y=one.y + dy * share,
            xx=one.xx + other.xx + dx**2 * one.n * share,
            yy=one.yy + other.yy + dy**2 * one.n * share,
            xy=one.xy + other.xy + dx * dy * one.n * share,
        )

    def finish(self, state: Any) -> Any:
        """Return the correlation; NaN where a column does not vary."""
        product = state.xx * state.yy
        return (state.xy / product.where(product > 0) ** 0.5).where(state.n > 1)


class Mean(Moments):
    """The mean of a column of numbers, or the exact one of times."""

    def __init__(self) -> None:
        super().__init__(lambda state: state["mean"].where(state.n > 0))

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the three values, or the count and the sum of times, by group."""
        values = frame[column]
        if values.dtype.kind not in "mM":
            return super().begin(frame, column, keys)
        # Floats have too few digits for the nanoseconds since 1970.
        ticks = values.astype("int64").astype(object).where(values.notna(), 0)
        return _table(
            n=group(values, keys).count(),
            ticks=group(ticks, keys).sum(),
            dtype=group(values, keys).size().map(lambda _: values.dtype),
        )

    def merge(self, one: Any, other: Any) -> Any:
        """Return those of both."""
        if "ticks" not in one:
            return super().merge(one, other)
        both = group_state(stack(one, other))
        return _table(
            n=both.n.sum(), ticks=both.ticks.sum(), dtype=both["dtype"].first()
        )

    def finish(self, state: Any) -> Any:
        """Return the mean."""
        if "ticks" not in state:
            return super().finish(state)
        pandas = sys.modules["pandas"]
        # As pandas, without the fraction of the last digit.
        means = [
            pandas.NaT.value if not n else abs(ticks) // n * (-1 if ticks < 0 else 1)
            for n, ticks in zip(state.n, state.ticks, strict=True)
        ]
        times = pandas.Series(means, state.index, dtype="int64")
        if not len(times):
            return times
        dtype = state["dtype"].iloc[0]
        if getattr(dtype, "tz", None) is None:
            return times.astype(dtype)
        return (
            times.astype(f"datetime64[{dtype.unit}]")
            .dt.tz_localize("UTC")
            .dt.tz_convert(dtype.tz)
        )


def make_variance(ddof: int = 1) -> Statistic:
    """Return the variance, with degrees of freedom as in pandas."""
    return Moments(partial(_find_variance, ddof=ddof))


def make_deviation(ddof: int = 1) -> Statistic:
    """Return the standard deviation."""
    return Moments(lambda state: _find_variance(state, ddof) ** 0.5)


def make_error(ddof: int = 1) -> Statistic:
    """Return the standard error of the mean."""
    return Moments(lambda state: (_find_variance(state, ddof) / state.n) ** 0.5)


def _find_variance(state: Any, ddof: int) -> Any:
    return state.m2 / (state.n - ddof).where(state.n > ddof)


MOMENTS: dict[str, Statistic] = {
    "mean": Mean(),
    "var": make_variance(),
    "std": make_deviation(),
    "sem": make_error(),
}


def _table(**columns: Any) -> Any:
    return sys.modules["pandas"].DataFrame(columns)


def _align(one: Any, other: Any) -> tuple[Any, Any]:
    """Return two tables with the same groups and no missing values."""
    # The result is sorted; text beside missing keys cannot be here.
    groups = one.index.union(other.index, sort=False)
    one, other = (
        state.fillna(0).reindex(groups, fill_value=0.0) for state in (one, other)
    )
    # The mean of no values is set to that of the other, so that it changes nothing.
    for name in set(one.columns) & {"mean", "x", "y"}:
        one[name] = one[name].where(one.n > 0, other[name])
        other[name] = other[name].where(other.n > 0, one[name])
    return one, other
