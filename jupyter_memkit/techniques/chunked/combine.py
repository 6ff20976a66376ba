"""Reductions: how the values of chunks become one result, one value at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.aligned import MAX, MIN, SUM
from jupyter_memkit.techniques.chunked.concat import Concat
from jupyter_memkit.techniques.chunked.errors import ReduceError


class Reduction(Protocol):
    """Takes values one after the other and gives what they make together."""

    def add(self, value: Any) -> None:
        """Take the next value; one that does not fit changes nothing."""

    def result(self) -> Any:
        """Return the result of the values so far; None without any."""

    def parts(self) -> Any:
        """Return what is held so far, without the work of a result."""


class Fold:
    """A result that each value is folded into, so that no value is kept.

    Parameters
    ----------
    begin : callable
        Makes the first result of the first value.
    step : callable
        Makes the next result of the result so far and a value.
    """

    def __init__(
        self, begin: Callable[[Any], Any], step: Callable[[Any, Any], Any]
    ) -> None:
        self._begin = begin
        self._step = step
        self._started = False
        self._so_far: Any = None

    def add(self, value: Any) -> None:
        """Fold the next value in."""
        __tracebackhide__ = True
        if self._started:
            self._so_far = self._step(self._so_far, value)
        else:
            self._so_far = self._begin(value)
            self._started = True

    def result(self) -> Any:
        """Return the result so far."""
        return self._so_far

    parts = result


class Dropped:
    """Keeps nothing: the side effects of the user's code are the result."""

    def add(self, value: Any) -> None:
        """Drop the value."""

    def result(self) -> None:
        """Return None: there is no result."""

    parts = result


def open_reduction(op: str | Callable[[Any, Any], Any] | None) -> Reduction:
    """Return a new reduction by its name or its function; None drops the values.

    Raises
    ------
    MemkitError
        When there is no reduction of this name.
    """
    if op is None:
        return Dropped()
    if callable(op):
        return Fold(_identity, op)
    if op in REDUCTIONS:
        return REDUCTIONS[op]()
    message = (
        f"there is no reduction {op!r}; give one of {', '.join(REDUCTIONS)}, "
        "or a function of the result so far and the next value"
    )
    raise MemkitError(message)


def _identity(value: Any) -> Any:
    return value


def _count(value: Any) -> int:
    try:
        return len(value)
    except TypeError:
        message = (
            f"count adds up lengths, and {type(value).__name__} has none; "
            "end the cell with the items to count, or use sum"
        )
        raise ReduceError(message) from None


def _add_count(so_far: int, value: Any) -> int:
    return so_far + _count(value)


def _enlist(value: Any) -> list[Any]:
    return [value]


def _append(so_far: list[Any], value: Any) -> list[Any]:
    so_far.append(value)
    return so_far


def _unite(so_far: set[Any], value: Any) -> set[Any]:
    so_far |= _as_set(value)
    return so_far


def _as_set(value: Any) -> set[Any]:
    # Of an array or a Series Python's own numbers, which print as numbers.
    items = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(items, Iterable) and not isinstance(items, (str, bytes)):
        try:
            return set(items)
        except TypeError as error:
            message = f"union needs items that can be in a set ({error})"
            raise ReduceError(message) from error
    message = (
        f"union needs sets, lists or arrays, not {type(value).__name__}; "
        "end the cell with the items in a set"
    )
    raise ReduceError(message)


def _copy_mapping(value: Any) -> dict[Any, Any]:
    if isinstance(value, Counter):
        return Counter(value)
    if isinstance(value, Mapping):
        return dict(value)
    message = (
        f"merge needs dicts, not {type(value).__name__}; end the cell with a dict, "
        "or use append"
    )
    raise ReduceError(message)


def _merge(so_far: dict[Any, Any], value: Any) -> dict[Any, Any]:
    # A new one each time: a Counter's own update can be interrupted half-way.
    merged = _copy_mapping(so_far)
    merged.update(_copy_mapping(value))
    return merged


REDUCTIONS: dict[str, Callable[[], Reduction]] = {
    "sum": partial(Fold, SUM.begin, SUM.step),
    "min": partial(Fold, MIN.begin, MIN.step),
    "max": partial(Fold, MAX.begin, MAX.step),
    "count": partial(Fold, _count, _add_count),
    "concat": Concat,
    "append": partial(Fold, _enlist, _append),
    "union": partial(Fold, _as_set, _unite),
    "merge": partial(Fold, _copy_mapping, _merge),
}
