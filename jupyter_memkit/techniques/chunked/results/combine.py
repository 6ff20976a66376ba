"""Reductions: combine the values of chunks into one result, one value at a time."""

from __future__ import annotations

import dataclasses
import operator
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.aligned import (
    MAX,
    MIN,
    SUM,
    Aligned,
)
from jupyter_memkit.techniques.chunked.results.concat import (
    begin_concat,
    finish_concat,
    join_concat,
)
from jupyter_memkit.techniques.chunked.results.missing import (
    mark,
    mark_keys,
    unmark,
    unmark_keys,
)
from jupyter_memkit.techniques.chunked.results.partial import Partial


def _identity(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A way to combine many values into one result.

    Attributes
    ----------
    begin : callable
        Turns a value into a part, or rejects it.
    join : callable
        Joins two parts; it may reuse the first one.
    finish : callable
        Turns the last part into the result.
    is_associative : bool
        Whether later parts can be joined with each other before the first.
    """

    begin: Callable[[Any], Any] = _identity
    join: Callable[[Any, Any], Any]
    finish: Callable[[Any], Any] = _identity
    is_associative: bool = True


class Reduction:
    """Combines values one after the other.

    Attributes
    ----------
    part : object
        The part so far, before it is turned into a result.
    started : bool
        Whether there is a part.
    """

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self.started = False
        self.part: Any = None

    def add(self, value: Any) -> None:
        """Add the next value; one that does not fit changes nothing."""
        __tracebackhide__ = True
        self.add_part(self._operation.begin(value))

    def add_part(self, part: Any) -> None:
        """Add a part that was made from one or several values elsewhere."""
        __tracebackhide__ = True
        if self.started:
            self.part = self._operation.join(self.part, part)
        else:
            self.part = part
            self.started = True

    def result(self) -> Any:
        """Return the result of the values so far; None if there are none."""
        return self._operation.finish(self.part) if self.started else None


def find_operation(
    op: str | Callable[[Any, Any], Any], keys: tuple[str, ...] = ()
) -> Operation:
    """Return an operation by its name, or for the user's function.

    Parameters
    ----------
    op : str or callable
        The name, or the function of the result so far and the next value.
    keys : tuple of str
        The columns of the values that are keys, for operations that align by labels.

    Raises
    ------
    MemkitError
        If there is no operation of this name.
    """
    if callable(op):
        return Operation(join=op, is_associative=False)
    if op in OPERATIONS:
        return _align(ALIGNED[op], keys) if keys and op in ALIGNED else OPERATIONS[op]
    if op in NOT_COMBINED:
        message = (
            f"combining the {op} of each chunk does not give the {op} of all the data; "
            f"{NOT_COMBINED[op]}"
        )
        raise MemkitError(message)
    message = (
        f"there is no reduction {op!r}; use one of {', '.join(OPERATIONS)}, "
        "or a function of the result so far and the next value"
    )
    raise MemkitError(message)


def _count(value: Any) -> int:
    try:
        return len(value)
    except TypeError:
        message = (
            f"count adds up lengths, but {type(value).__name__} has none; "
            "end the cell with the items to count, or use sum"
        )
        raise ReduceError(message) from None


def _enlist(value: Any) -> list[Any]:
    return [value]


def _extend(so_far: list[Any], more: list[Any]) -> list[Any]:
    so_far.extend(more)
    return so_far


def _unite(so_far: set[Any], more: set[Any]) -> set[Any]:
    so_far |= more
    return so_far


def _as_set(value: Any) -> set[Any]:
    if hasattr(type(value), "columns"):
        message = (
            f"union would collect the columns of a {type(value).__name__}; end the "
            "cell with its rows in a set, as tuples"
        )
        raise ReduceError(message)
    # The items of a dict of sets would be lost.
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        try:
            return set(map(mark, _list_items(value)))
        except TypeError as error:
            message = (
                f"union needs items that can be in a set ({error}); make them tuples "
                "or text in the cell"
            )
            raise ReduceError(message) from error
    message = (
        f"union needs sets, lists or arrays, not {type(value).__name__}; "
        "end the cell with the items in a set"
    )
    raise ReduceError(message)


def _list_items(value: Any) -> Iterable[Any]:
    """Return the items of an array or a column as Python objects."""
    pandas = sys.modules.get("pandas")
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if pandas is not None and kind in {"m", "M"}:
        # For these types tolist() returns integers.
        value = pandas.Index(value)
    # The names of columns are attributes of a frame, but not of its type.
    methods = [name for name in ("tolist", "to_pylist") if hasattr(type(value), name)]
    items: Iterable[Any] = getattr(value, methods[0])() if methods else value
    return items


def _finish_set(part: set[Any]) -> set[Any]:
    return set(map(unmark, part))


def _begin_merge(value: Any) -> Any:
    if isinstance(value, Partial):
        return value
    _check_mapping(value)
    if any(isinstance(item, Partial) for item in value.values()):
        message = (
            "merge combines one memkit.partial(...), not those in a dict; end the cell "
            "with one, and run it again for each of the others"
        )
        raise ReduceError(message)
    # Counters add up, and of the items of one key in dicts the last stays.
    combine = operator.add if isinstance(value, Counter) else _take_last
    return mark_keys(value, _identity, combine)


def _take_last(_: Any, last: Any) -> Any:
    return last


def _check_mapping(value: Any) -> None:
    if not isinstance(value, Mapping):
        message = (
            f"merge needs dicts or partial statistics, not {type(value).__name__}; end "
            "the cell with one of them, or use append"
        )
        raise ReduceError(message)


def _merge(so_far: Any, value: Any) -> Any:
    if isinstance(so_far, Partial) and isinstance(value, Partial):
        return so_far.merge(value)
    _check_mapping(so_far)
    _check_mapping(value)
    # A new one each time, because the update of a Counter can be interrupted half-way.
    merged = so_far.copy()
    merged.update(value)
    return merged


def _finish_merge(part: Any) -> Any:
    if isinstance(part, Partial):
        return part.result()
    return unmark_keys(part, _identity)


def reject_partial(value: Any) -> None:
    """Reject partial statistics.

    Raises
    ------
    ReduceError
        If the value is partial statistics; the message names the right reduction.
    """
    if isinstance(value, Partial):
        message = "partial statistics have to be merged; use --reduce merge"
        raise ReduceError(message)


def _begin_plain(begin: Callable[[Any], Any], value: Any) -> Any:
    reject_partial(value)
    return begin(value)


def _align(aligned: Aligned, keys: tuple[str, ...] = ()) -> Operation:
    aligned = dataclasses.replace(aligned, keys=keys)
    begin = partial(_begin_plain, aligned.begin)
    return Operation(begin=begin, join=aligned.step, finish=aligned.finish)


# The operations that combine values by their labels.
ALIGNED = {"sum": SUM, "min": MIN, "max": MAX}

OPERATIONS: dict[str, Operation] = {
    **{name: _align(aligned) for name, aligned in ALIGNED.items()},
    "count": Operation(begin=partial(_begin_plain, _count), join=operator.add),
    "concat": Operation(
        begin=partial(_begin_plain, begin_concat),
        join=join_concat,
        finish=finish_concat,
    ),
    "append": Operation(begin=_enlist, join=_extend),
    "union": Operation(
        begin=partial(_begin_plain, _as_set), join=_unite, finish=_finish_set
    ),
    "merge": Operation(begin=_begin_merge, join=_merge, finish=_finish_merge),
}

# Statistics that people ask for, but that the results of chunks do not combine to.
NOT_COMBINED = {
    "mean": 'sum .agg(["sum", "count"]) of each chunk, and divide at the end',
    "std": "sum the count, the values and their squares, and compute it at the end",
    "var": "sum the count, the values and their squares, and compute it at the end",
    "median": "sum .value_counts() of each chunk, or of its rounded values, and take "
    "the middle at the end",
    "quantile": "sum .value_counts() of each chunk, or of its rounded values, and look "
    "it up at the end",
    "nunique": "use --reduce union over each chunk's .unique(), and take its length",
    "mode": "sum .value_counts() of each chunk, and take the largest at the end",
}
