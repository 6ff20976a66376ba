"""Computes the partial statistics of a chunk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.techniques.chunked.results.partial.kinds import Spec, find_statistic
from jupyter_memkit.techniques.chunked.results.partial.merging import Partial


class PartialGroups:
    """The rows of a chunk by group, as `partial` returns them."""

    def __init__(self, frame: Any, by: tuple[str, ...]) -> None:
        self._frame = frame
        self._by = by

    def agg(self, **statistics: Spec | list[Spec]) -> Partial:
        """Return statistics of columns.

        Parameters
        ----------
        **statistics
            For each column the name of a statistic, or a list of names: ``count``,
            ``size``, ``sum``, ``mean``, ``var``, ``std``, ``sem``, ``min``, ``max``,
            ``first``, ``last``, ``unique``, ``nunique``, ``value_counts``,
            ``approx_nunique``; or with an argument ``("top", 3)``, the most frequent
            values, ``("largest", 3)``, ``("smallest", 3)``, ``("corr", "other")``,
            ``("histogram", [0, 1, 2])`` and ``("approx_quantile", 0.5)``.

        Returns
        -------
        Partial
            The statistics, to be merged with those of other chunks.

        Raises
        ------
        MemkitError
            If there is no such column or statistic.
        """
        if not statistics:
            message = 'name a column and a statistic, such as .agg(price="mean")'
            raise MemkitError(message)
        states = {}
        keys = self._find_keys()
        for column, specs in statistics.items():
            _check_column(self._frame, column)
            for spec in specs if isinstance(specs, list) else [specs]:
                statistic = find_statistic(spec)
                states[column, _freeze(spec)] = statistic.begin(
                    self._frame, column, keys
                )
        frozen = {
            column: [_freeze(spec) for spec in specs]
            if isinstance(specs, list)
            else _freeze(specs)
            for column, specs in statistics.items()
        }
        return Partial(frozen, self._by, states)

    def _find_keys(self) -> list[Any]:
        """Return the key of each row, which is the same for all without groups."""
        pandas = sys.modules["pandas"]
        if not self._by:
            return [pandas.Series(0, index=self._frame.index, name="all")]
        return [_uncategorize(self._frame[name]) for name in self._by]


def _uncategorize(key: Any) -> Any:
    # Other chunks may have other categories.
    is_category = str(key.dtype) == "category"
    return key.astype(key.cat.categories.dtype) if is_category else key


def partial(chunk: Any, by: str | Sequence[str] | None = None) -> PartialGroups:
    """Return statistics of a chunk that combine to those of the whole.

    Use it in the last line of a cell of ``%%chunked`` with ``--reduce merge``, or as
    the value of a function in ``chunked(...).map(...).reduce("merge")``.

    Parameters
    ----------
    chunk : pandas.DataFrame
        The rows; a polars frame or a pyarrow table is converted.
    by : str or sequence of str, optional
        The columns of the keys. Rows without a key are left out, as in pandas.

    Returns
    -------
    PartialGroups
        Its ``agg`` takes the statistics.

    Raises
    ------
    MemkitError
        If the chunk is not a table, or has no such column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"cat": ["a", "b", "a"], "price": [1.0, 2.0, 4.0]})
    >>> halves = [partial(part, by="cat").agg(price="mean")
    ...           for part in (table[:1], table[1:])]
    >>> halves[0].merge(halves[1]).result().price.to_dict()
    {'a': 2.5, 'b': 2.0}
    """
    frame = _make_frame(chunk)
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    for name in names:
        _check_column(frame, name)
    return PartialGroups(frame, names)


def _make_frame(chunk: Any) -> Any:
    if type(chunk).__module__.partition(".")[0] in {"polars", "pyarrow"}:
        chunk = chunk.to_pandas()
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(chunk, pandas.DataFrame):
        message = (
            f"partial needs a frame, not {type(chunk).__name__}; pass the chunk itself"
        )
        raise MemkitError(message)
    # The labels of rows do not matter, and may be repeated.
    return chunk.reset_index(drop=True)


def _check_column(frame: Any, name: str) -> None:
    if name not in frame.columns:
        known = list(map(str, frame.columns))
        remedy = suggest(str(name), known, f"it has {', '.join(known)}")
        message = f"the chunk has no column {name!r}; {remedy}"
        raise MemkitError(message)


def _freeze(spec: Any) -> Any:
    """Return a statistic in hashable form."""
    if isinstance(spec, str):
        return spec
    return tuple(tuple(part) if isinstance(part, list) else part for part in spec)
