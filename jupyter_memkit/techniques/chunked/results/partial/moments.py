"""Means, variances and correlations, by the update of Chan, Golub and LeVeque.

Sums of squares would lose all digits if a mean is large compared to the deviation.

As in pandas, the mean of infinities is infinite, or NaN if they have both signs, and
their other moments are NaN. So NaN in a group with values is never a missing value.
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
    read_numbers,
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
        values = read_numbers(frame[column])
        groups = group(values, keys)
        deviations = values - groups.transform("mean")
        mean = groups.mean()
        return _table(
            n=groups.count().astype("float64"),
            mean=mean,
            m2=_add_up(deviations**2, keys, mean),
        )

    def merge(self, one: Any, other: Any) -> Any:
        """Return those of both."""
        one, other = _align(one, other)
        n = one.n + other.n
        share = (other.n / n).fillna(0)
        delta = other["mean"] - one["mean"]
        return _table(
            n=n,
            mean=_join_means(one["mean"], other["mean"], share),
            m2=one.m2 + other.m2 + delta * (one.n * share) * delta,
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
        x, y = (read_numbers(frame[name]) for name in (column, self._other))
        x, y = x.where(y.notna()), y.where(x.notna())
        of_x, of_y = group(x, keys), group(y, keys)
        dx, dy = x - of_x.transform("mean"), y - of_y.transform("mean")
        mean_x, mean_y = of_x.mean(), of_y.mean()
        return _table(
            n=of_x.count().astype("float64"),
            x=mean_x,
            y=mean_y,
            xx=_add_up(dx**2, keys, mean_x),
            yy=_add_up(dy**2, keys, mean_y),
            xy=_add_up(dx * dy, keys, mean_x + mean_y),
        )

    def merge(self, one: Any, other: Any) -> Any:
        """Return those of both."""
        one, other = _align(one, other)
        n = one.n + other.n
        share = (other.n / n).fillna(0)
        dx, dy = other.x - one.x, other.y - one.y
        return _table(
            n=n,
            x=_join_means(one.x, other.x, share),
            y=_join_means(one.y, other.y, share),
            xx=one.xx + other.xx + dx * (one.n * share) * dx,
            yy=one.yy + other.yy + dy * (one.n * share) * dy,
            xy=one.xy + other.xy + dx * (one.n * share) * dy,
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


def _add_up(products: Any, keys: Sequence[Any], means: Any) -> Any:
    """Return the sums of products of deviations by group; NaN for infinite means."""
    # The sum would leave out NaN, the deviation of an infinite value, as if missing.
    return group(products, keys).sum().where(sys.modules["numpy"].isfinite(means))


def _join_means(one: Any, other: Any, share: Any) -> Any:
    """Return the means of both, of which the other has a share."""
    delta = other - one
    # Infinities have no difference, but add up as in pandas.
    return (one + delta * share).where(
        sys.modules["numpy"].isfinite(delta), one * (1 - share) + other * share
    )


def _align(one: Any, other: Any) -> tuple[Any, Any]:
    """Return two tables with the same groups, and 0 for groups without values."""
    # The result is sorted; text beside missing keys cannot be here.
    groups = one.index.union(other.index, sort=False)
    one, other = (state.reindex(groups, fill_value=0.0) for state in (one, other))
    for state in (one, other):
        # The mean of no values is NaN, which would spread to the mean of both.
        state[state.n == 0] = 0.0
    return one, other
