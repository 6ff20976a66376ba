"""Calls a cell on a few rows, in copies of the namespace."""

from __future__ import annotations

import ast
import copy
import time
import warnings
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.rehearsal.flattening import (
    find_difference,
    flatten,
)
from jupyter_memkit.techniques.chunked.rehearsal.probes import take, thin
from jupyter_memkit.techniques.chunked.results.partial import Partial, keeping_rows

# The numbers of rows to try a cell on, while a call is quick.
_SIZES = (16, 128, 1_000)
_QUICK_S = 0.003


class Trial:
    """A cell without effects, to be called in copies of the namespace.

    Parameters
    ----------
    body : CellBody
        The cell.

    Attributes
    ----------
    body
        As given.
    words : set of str
        The names in the cell that may be columns.
    is_stable : bool
        Whether two calls over the same rows returned the same value.
    partial : Partial or None
        The last partial statistics that the cell returned. Calls return their rows
        instead, because the statistics combine if these do.
    """

    def __init__(self, body: CellBody) -> None:
        self.body = body
        self.words = _find_words(body.tree)
        self.is_stable = True
        self.partial: Partial | None = None
        self._copy = copy.copy(body)
        self._start_s = time.thread_time()
        # The rows that were chosen, and the value over them.
        self._known: tuple[Any, list[Any]] = (None, [])

    @property
    def spent_s(self) -> float:
        """The processor time since the trial started, in seconds."""
        return time.thread_time() - self._start_s

    def call(self, rows: Any) -> list[Any]:
        """Return the value over a copy of some rows, in a list; empty if it fails."""
        known_rows, value = self._known
        return value if rows is known_rows else self._run(rows)

    def _run(self, rows: Any) -> list[Any]:
        self._copy.namespace = dict(self.body.namespace)
        try:
            with warnings.catch_warnings(), keeping_rows():
                warnings.simplefilter("ignore")
                value = self._copy(take(rows, range(len(rows))))
                if isinstance(value, Partial):
                    self.partial, value = value, value.rows
                # An iterator would be used up by the first comparison.
                return [tuple(value) if isinstance(value, Iterator) else value]
        except Exception:  # noqa: BLE001 - the cell's own, which the run will raise
            return []

    def choose_rows(self, probe: Any) -> Any:
        """Return as many rows as the cell is quick on; None if it always fails."""
        chosen: Any = None
        for size in _SIZES:
            rows = thin(probe, size)
            # The first call may import or compile something.
            first = self._run(rows) if chosen is None else []
            start_s = time.thread_time()
            value = self._run(rows)
            is_slow = time.thread_time() - start_s > _QUICK_S
            if first and value:
                self.is_stable = is_same(first[0], value[0])
            if value and (chosen is None or not is_slow):
                chosen = rows
                self._known = rows, value
            if is_slow or not self.is_stable or size >= len(probe):
                break
        return chosen


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, as far as they can be compared."""
    first, second = flatten(one), flatten(other)
    if first is None or second is None:
        return type(one) is type(other)
    # Threads may add up in another order.
    label = find_difference(first, second, tolerance=1e-15, scales=(), zero=None)
    return label is None


def _find_words(tree: ast.AST) -> set[str]:
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
    return words
