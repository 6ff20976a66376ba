"""Statistics that keep values: distinct ones, their counts, the largest, histograms."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from jupyter_memkit.techniques.chunked.results.aligned import SUM
from jupyter_memkit.techniques.chunked.results.partial.statistic import (
    group,
    group_by_level,
    group_state,
    map_groups,
    stack,
)


class Distinct:
    """The distinct values of a group, in order of appearance.

    Parameters
    ----------
    counts : bool
        Whether to return their number.
    dropna : bool
        Whether not to count a missing one.
    """

    def __init__(self, *, counts: bool, dropna: bool = True) -> None:
        self._counts = counts
        self._dropna = dropna

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return each value once per group."""
        return _drop_repeated(_label(frame[column], keys))

    def merge(self, one: Any, other: Any) -> Any:
        """Return each value once."""
        return _drop_repeated(stack(one, other))

    def finish(self, state: Any) -> Any:
        """Return the number of values, or an array of them."""
        groups = group_state(state)
        return (
            groups.nunique(dropna=self._dropna)
            if self._counts
            else groups.agg(lambda values: [values.unique()]).str[0]
        )


class Counts:
    """How often each value of a group occurs, the most frequent first.

    Parameters
    ----------
    most : int, optional
        The most values to return; None is all.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the number of rows by group and value."""
        values = frame[column]
        is_there = values.notna()
        return (
            values[is_there]
            .groupby(
                [*(key[is_there] for key in keys), values[is_there]],
                observed=True,
                sort=False,
                dropna=False,
            )
            .size()
        )

    def merge(self, one: Any, other: Any) -> Any:
        """Return the sums."""
        return SUM.step(one, other)

    def finish(self, state: Any) -> Any:
        """Return a series of counts for each group."""
        levels = list(range(state.index.nlevels - 1))
        groups = group_by_level(state, len(levels))
        return map_groups(groups, lambda counts: self._sort(counts.droplevel(levels)))

    def _sort(self, counts: Any) -> Any:
        ordered = counts.sort_values(ascending=False, kind="stable").rename("count")
        return ordered if self._most is None else ordered.head(self._most)


class Extreme:
    """The largest values of a group, or the smallest.

    Parameters
    ----------
    most : int
        The most values to return.
    ascending : bool
        Whether to return the smallest.
    """

    def __init__(self, most: int, *, ascending: bool) -> None:
        self._most = most
        self._ascending = ascending

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return the values of each group, `most` at most."""
        return self._choose(_label(frame[column].dropna(), keys))

    def merge(self, one: Any, other: Any) -> Any:
        """Return the values of both, `most` at most."""
        return self._choose(stack(one, other))

    def finish(self, state: Any) -> Any:
        """Return an array for each group."""
        return map_groups(group_state(state), lambda values: values.to_numpy())

    def _choose(self, state: Any) -> Any:
        ordered = state.sort_values(ascending=self._ascending, kind="stable")
        return group_state(ordered, sort=False).head(self._most)


class Histogram:
    """How many values of a group are in each bin, as `numpy.histogram` counts.

    Parameters
    ----------
    edges : sequence of float
        The edges of the bins, which have to be the same in every chunk.
    """

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = list(edges)

    def begin(self, frame: Any, column: str, keys: Sequence[Any]) -> Any:
        """Return a row of counts for each group."""
        pandas = sys.modules["pandas"]
        numpy = sys.modules["numpy"]
        values = frame[column]
        bins = numpy.searchsorted(self._edges, values, side="right") - 1
        # The last bin includes both its edges.
        bins[values.to_numpy() == self._edges[-1]] = len(self._edges) - 2
        ones = {
            place: (bins == place).astype("int64")
            for place in range(len(self._edges) - 1)
        }
        return group(pandas.DataFrame(ones, index=values.index), keys).sum()

    def merge(self, one: Any, other: Any) -> Any:
        """Return the sums."""
        return SUM.step(one, other)

    def finish(self, state: Any) -> Any:
        """Return an array of counts for each group."""
        rows = list(state.to_numpy())
        return sys.modules["pandas"].Series(rows, index=state.index, dtype=object)


def _label(values: Any, keys: Sequence[Any]) -> Any:
    """Return values with their groups' keys in the index."""
    pandas = sys.modules["pandas"]
    table = pandas.concat([key.loc[values.index] for key in keys], axis=1)
    index = (
        pandas.Index(table.iloc[:, 0], name=table.columns[0])
        if len(keys) == 1
        else pandas.MultiIndex.from_frame(table)
    )
    return values.set_axis(index)


def _drop_repeated(state: Any) -> Any:
    # Keys may have any name, also that of another.
    named = state.rename("value").rename_axis(list(range(state.index.nlevels)))
    return state[~named.reset_index().duplicated().to_numpy()]
