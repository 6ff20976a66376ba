"""Computes the partial statistics of a chunk."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.chunked.results.partial.kept_rows import keeps_rows
from jupyter_memkit.techniques.chunked.results.partial.kinds import (
    NAMES,
    Spec,
    find_statistic,
    freeze,
    label,
)
from jupyter_memkit.techniques.chunked.results.partial.merging import Partial


class PartialGroups:
    """The rows of a chunk by group, as `partial` returns them."""

    def __init__(self, frame: Any, keys: Sequence[Any]) -> None:
        self._frame = frame
        self._dtypes = tuple(key.dtype for key in keys)
        self._keys = list(map(_uncategorize, keys))

    def agg(self, /, **statistics: Spec | list[Spec]) -> Partial:
        """Return statistics of columns.

        Parameters
        ----------
        **statistics
            For each column the name of a statistic, or a list of names: ``count``,
            ``size``, ``sum``, ``mean``, ``var``, ``std``, ``sem``, ``min``, ``max``,
            ``first``, ``last``, ``unique``, ``nunique``, ``value_counts``,
            ``approx_nunique``; or with an argument ``("top", 3)``, the most frequent
            values, ``("largest", 3)``, ``("smallest", 3)``, ``("corr", "other")``,
            ``("histogram", [0, 1, 2])``, ``("approx_quantile", 0.5)``, ``("std", 0)``
            with the degrees of freedom, and ``("nunique", False)`` to count a missing
            value too. As in pandas, ``m=("price", "mean")`` names the result.

        Returns
        -------
        Partial
            The statistics, to be merged with those of other chunks.

        Raises
        ------
        MemkitError
            If there is no such column or statistic, or it has none for such values.
        """
        if not statistics:
            message = 'name a column and a statistic, such as .agg(price="mean")'
            raise MemkitError(message)
        states: dict[tuple[str, Any], Any] = {}
        used: dict[str, None] = {}
        frozen: dict[str, Any] = {}
        for name, given in statistics.items():
            column, specs = self._read(name, given)
            asked = list(map(freeze, specs if isinstance(specs, list) else [specs]))
            frozen[name] = asked if isinstance(specs, list) else asked[0]
            for spec in asked:
                columns = [column, *_find_others(spec)]
                for each in columns:
                    _check_column(self._frame, each)
                used |= dict.fromkeys(columns)
                states[name, spec] = self._begin(column, spec)
        names = tuple(key.name for key in self._keys)
        rows = self._choose(used) if keeps_rows() else None
        return Partial(frozen, names, states, self._dtypes, rows)

    def _choose(self, columns: Iterable[str]) -> Any:
        """Return some columns, and the keys."""
        # Two keys may have the same name.
        keys = {f"key {number}": key for number, key in enumerate(self._keys, 1)}
        values = {name: self._frame[name] for name in columns}
        return sys.modules["pandas"].DataFrame({**keys, **values})

    def _read(self, name: str, given: Any) -> tuple[str, Any]:
        """Return a column and its statistics, which may be named as in pandas."""
        match given:
            case tuple((str(column), how)) if column in self._frame.columns and not (
                name in self._frame.columns and column in NAMES
            ):
                return column, how
        return name, given

    def _begin(self, column: str, spec: Spec) -> Any:
        statistic = find_statistic(spec)
        # Without groups, the key is the same for all rows.
        keys = self._keys or [
            sys.modules["pandas"].Series(0, index=self._frame.index, name="all")
        ]
        try:
            # The sum of infinities of both signs is NaN, without a warning.
            with sys.modules["numpy"].errstate(invalid="ignore"):
                return statistic.begin(self._frame, column, keys)
        except (TypeError, ValueError) as error:
            message = (
                f"{label(spec)} of {column} cannot be computed from values of type "
                f"{self._frame[column].dtype} ({error}); use another statistic, such "
                "as count, or convert the column first"
            )
            raise MemkitError(message) from error


def _find_others(spec: Spec) -> tuple[Any, ...]:
    """Return the columns that a statistic names in addition to its own."""
    is_correlation = not isinstance(spec, str) and spec[0] == "corr"
    return tuple(spec[1:]) if is_correlation else ()


def partial(chunk: Any, by: Any = None, *, dropna: bool = True) -> PartialGroups:
    """Return statistics of a chunk that combine to those of the whole.

    Use it in the last line of a cell of ``%%chunked`` with ``--reduce merge``, or as
    the value of a function in ``chunked(...).map(...).reduce("merge")``.

    Parameters
    ----------
    chunk : pandas.DataFrame
        The rows; a polars frame or a pyarrow table is converted.
    by : str, Series, array, or list of them, optional
        The keys: columns by their names, or a value for each row, such as
        ``chunk.time.dt.year``; for polars also an expression.
    dropna : bool
        Whether to leave out rows without a key, as pandas does by default.

    Returns
    -------
    PartialGroups
        Its ``agg`` takes the statistics.

    Raises
    ------
    MemkitError
        If the chunk is not a table, or has no such column, or the keys are not one for
        each row.

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
    given = [] if by is None else by if isinstance(by, (list, tuple)) else [by]
    keys = [_find_key(chunk, frame, each) for each in given]
    if dropna and keys:
        kept = sys.modules["numpy"].logical_and.reduce([key.notna() for key in keys])
        if not kept.all():
            frame, keys = frame[kept], [key[kept] for key in keys]
    return PartialGroups(frame, keys)


def _find_key(chunk: Any, frame: Any, key: Any) -> Any:
    """Return the values of a key, a series with the index of the frame."""
    pandas = sys.modules["pandas"]
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(key, polars.Expr):
        key = chunk.select(key).to_series()
    if isinstance(key, str) or not hasattr(key, "__len__"):
        _check_column(frame, key)
        return frame[key]
    if name_library(type(key)) in {"polars", "pyarrow"}:
        name = getattr(key, "name", None)
        key = key.to_pandas()
        key.name = name
    elif isinstance(key, pandas.Series) and not key.index.equals(chunk.index):
        # pandas aligns keys with the rows too, if some of these were left out.
        key = key.reindex(chunk.index)
    if getattr(key, "ndim", 1) != 1:
        message = (
            f"a key is one column, not a {type(key).__name__} of several; use a list "
            "of their names"
        )
        raise MemkitError(message)
    if len(key) != len(frame):
        message = (
            f"a key has {len(key):,} values, but the chunk {len(frame):,} rows; use "
            "the name of a column, or one value for each row"
        )
        raise MemkitError(message)
    name = getattr(key, "name", None)
    return pandas.Series(getattr(key, "array", key), frame.index, name=name)


def _uncategorize(key: Any) -> Any:
    # Other chunks may have other categories.
    if str(key.dtype) != "category":
        return key
    dtype = key.cat.categories.dtype
    # No integer is missing, and a missing Boolean would be true.
    holds_missing = getattr(dtype, "kind", "") not in "biu" or not key.hasnans
    return key.astype(dtype if holds_missing else object)


def _make_frame(chunk: Any) -> Any:
    if name_library(type(chunk)) in {"polars", "pyarrow"}:
        chunk = chunk.to_pandas()
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(chunk, pandas.DataFrame):
        message = (
            f"partial needs a frame, not {type(chunk).__name__}; pass the chunk itself"
        )
        raise MemkitError(message)
    # The labels of rows do not matter, and may be repeated.
    return chunk.reset_index(drop=True)


def _check_column(frame: Any, name: Any) -> None:
    if name not in frame.columns:
        known = list(map(str, frame.columns))
        remedy = suggest(str(name), known, f"it has {', '.join(known)}")
        message = f"the chunk has no column {name!r}; {remedy}"
        raise MemkitError(message)
