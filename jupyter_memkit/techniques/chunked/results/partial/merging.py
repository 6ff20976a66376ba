"""Statistics of some rows, which can be merged with those of others."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.categories import unite_categories
from jupyter_memkit.techniques.chunked.results.partial.kinds import (
    ORDERED,
    Spec,
    find_statistic,
    label,
)
from jupyter_memkit.techniques.chunked.results.partial.statistic import group_state


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
    dtypes : tuple
        The types of the keys. Those of categories are not in the states, because other
        chunks may have other categories.
    rows : pandas.DataFrame, optional
        The rows, if they are to be compared.
    """

    def __init__(
        self,
        specs: Mapping[str, Spec | list[Spec]],
        by: tuple[Any, ...],
        states: Mapping[tuple[str, Spec], Any],
        dtypes: tuple[Any, ...],
        rows: Any = None,
    ) -> None:
        self._specs = dict(specs)
        self._by = by
        self._states = dict(states)
        self._dtypes = dtypes
        self.rows = rows

    def __repr__(self) -> str:
        """Name the statistics."""
        names = ", ".join(f"{label(spec)} of {name}" for name, spec in self._states)
        by = f" by {', '.join(map(str, self._by))}" if self._by else ""
        return f"<partial {names}{by}>"

    @property
    def depends_on_order(self) -> bool:
        """Whether another order of the same rows has other statistics."""
        return any(label(spec) in ORDERED for _, spec in self._states)

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
        try:
            states = {
                (column, spec): find_statistic(spec).merge(
                    state, other._states[column, spec]
                )
                for (column, spec), state in self._states.items()
            }
        except (MemoryError, ReduceError):
            raise
        except Exception as error:
            # pandas raises many errors for keys and values that it cannot align.
            message = (
                f"{self!r} cannot be merged with that of the next chunk ({error}); "
                "give the columns and keys of every chunk the same types, and bins the "
                "same edges"
            )
            raise ReduceError(message) from error
        pairs = zip(self._dtypes, other._dtypes, strict=True)
        dtypes = tuple(unite_categories(list(pair)) for pair in pairs)
        return Partial(self._specs, self._by, states, dtypes)

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
            frame = _sort_groups(pandas.concat(found, axis=1), self._dtypes)
            return frame if is_nested else frame.droplevel(1, axis=1)
        values = {key: _only(series) for key, series in found.items()}
        if not is_nested:
            return pandas.Series(
                {column: values[column, name] for column, name in values}
            )
        return _tabulate(values)


def _sort_groups(frame: Any, dtypes: Sequence[Any]) -> Any:
    """Return a table with its keys in the form and order of pandas' groups.

    Texts beside numbers are in order too, and categories in theirs.
    """
    pandas = sys.modules["pandas"]
    # Merged levels may hold missing keys as values, which sort as such.
    levels = [
        level.astype(dtype) if dtype == "category" else level
        for number, dtype in enumerate(dtypes)
        for level in [frame.index.get_level_values(number)]
    ]
    frame = frame.set_axis(
        levels[0]
        if len(levels) == 1
        else pandas.MultiIndex.from_arrays(levels, names=frame.index.names)
    )
    return frame.iloc[group_state(frame).ngroup().argsort()]


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
