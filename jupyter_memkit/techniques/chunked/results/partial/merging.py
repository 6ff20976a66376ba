"""Statistics of some rows, which can be merged with those of others."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.partial.kinds import (
    Spec,
    find_statistic,
    label,
)


class Partial:
    """Statistics of some rows by group, as `partial(...).agg(...)` returns them.

    Parameters
    ----------
    specs : mapping of str to a statistic, or a list of them
        The requested statistics, by column.
    by : tuple
        The names of the keys; if empty, all rows are one group.
    states : mapping
        The state of each column and statistic.
    """

    def __init__(
        self,
        specs: Mapping[str, Spec | list[Spec]],
        by: tuple[Any, ...],
        states: Mapping[tuple[str, Spec], Any],
    ) -> None:
        self._specs = dict(specs)
        self._by = by
        self._states = dict(states)

    def __repr__(self) -> str:
        """Name the statistics."""
        names = ", ".join(f"{label(spec)} of {name}" for name, spec in self._states)
        by = f" by {', '.join(map(str, self._by))}" if self._by else ""
        return f"<partial {names}{by}>"

    def merge(self, other: Partial) -> Partial:
        """Return the statistics of both; the rows of this one come first.

        Raises
        ------
        ReduceError
            If they are not the same statistics.
        """
        if (self._specs, self._by) != (other._specs, other._by):
            message = (
                f"{self!r} cannot be merged with {other!r}; compute the same "
                "statistics in every chunk"
            )
            raise ReduceError(message)
        states = {
            (column, spec): find_statistic(spec).merge(
                state, other._states[column, spec]
            )
            for (column, spec), state in self._states.items()
        }
        return Partial(self._specs, self._by, states)

    def result(self) -> Any:
        """Return the statistics as ``agg`` of pandas does over all rows.

        Returns
        -------
        pandas.DataFrame or pandas.Series
            With groups, a frame with a row for each, with two levels of columns if a
            column has a list of statistics. Without groups, a series by column, or a
            frame with a row for each statistic.
        """
        pandas = sys.modules["pandas"]
        found = {
            (column, label(spec)): find_statistic(spec).finish(state)
            for (column, spec), state in self._states.items()
        }
        is_nested = any(isinstance(spec, list) for spec in self._specs.values())
        if self._by:
            frame = pandas.concat(found, axis=1)
            if frame.index.nlevels > 1:
                # Merged levels may hold missing keys as values, which sort as such.
                levels = map(frame.index.get_level_values, range(frame.index.nlevels))
                frame.index = pandas.MultiIndex.from_arrays(
                    list(levels), names=frame.index.names
                )
            frame = frame.sort_index()
            return frame if is_nested else frame.droplevel(1, axis=1)
        values = {key: _only(series) for key, series in found.items()}
        if not is_nested:
            return pandas.Series(
                {column: values[column, name] for column, name in values}
            )
        return _tabulate(values)


def _tabulate(values: Mapping[tuple[str, str], Any]) -> Any:
    """Return a frame with a row for each statistic and a column for each column."""
    frame = sys.modules["pandas"].DataFrame(
        index=list(dict.fromkeys(name for _, name in values)),
        columns=list(dict.fromkeys(column for column, _ in values)),
        dtype=object,
    )
    for (column, name), value in values.items():
        frame.at[name, column] = value
    return frame.infer_objects()


def _only(series: Any) -> Any:
    return series.iloc[0] if len(series) else None
