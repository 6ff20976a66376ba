"""The true size of an object, and of the variables of a namespace."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from jupyter_memkit.measure.deadlines import deadline_after
from jupyter_memkit.measure.heap import leaving_no_growth
from jupyter_memkit.measure.process import read_rss_bytes, read_swap_bytes
from jupyter_memkit.measure.sizes.records import Size, Sizes
from jupyter_memkit.measure.sizes.sampling import LEVEL_SIZE
from jupyter_memkit.measure.sizes.walk import Tally, Walk

# An estimate of one of many variables draws at least this many elements.
_SMALLEST_LEVEL = 32
# Parts of a program, which get no share: they rarely hold anything, and a library of
# which all names were imported has thousands.
_PROGRAM = (FunctionType, ModuleType, type)
# Student's t for 95 % and the four folds of a sample.
_T_QUANTILE = 3.18
# A sample does not show the overhead of the pools of small objects.
_LEAST_ERROR_RATIO = 0.005
# Hidden memory is not reported when it is less than this fraction of a size, or less
# than a page, the least that a process can grow by.
_HIDDEN_RATIO = 0.01
_HIDDEN_BYTES = 4096


def sizeof(obj: Any, *, exact: bool = True, budget_s: float | None = None) -> Size:
    """Return the true size of an object: everything that it keeps in memory.

    Parts of the program do not count: modules, classes, and the code of functions.
    Memory of numpy, pandas, polars, pyarrow, torch and others is found, and an object
    that is reached twice counts once.

    Parameters
    ----------
    obj : object
        Any object.
    exact : bool
        Whether to visit every object, at about a tenth of a microsecond each. Otherwise
        large containers are sampled, after a look at the own size of each element.
    budget_s : float, optional
        The most seconds to spend; the size of what was visited by then is returned as
        a lower bound.

    Returns
    -------
    Size
        The size in bytes, and its accuracy.

    Examples
    --------
    >>> numbers = [float(number) for number in range(1000)]
    >>> sizeof(numbers).bytes > 1000 * (8 + 32)
    True
    >>> sizeof([numbers, numbers]).bytes - sizeof(numbers).bytes < 100
    True
    """
    with leaving_no_growth():
        return _sizeof(obj, None if exact else LEVEL_SIZE, deadline_after(budget_s))


def sizes(
    namespace: Mapping[str, Any] | None = None,
    *,
    exact: bool = False,
    budget_s: float | None = None,
    program: Iterable[Any] = (),
    progress: Callable[[int], object] | None = None,
) -> Sizes:
    """Return the true sizes of the variables of a namespace.

    Parameters
    ----------
    namespace : mapping of str to object, optional
        The variables; by default those of ``__main__`` without a leading underscore.
    exact : bool
        Whether to visit every object; otherwise large containers are sampled.
    budget_s : float, optional
        The most seconds to spend: by default one, and no limit with `exact`. Of the
        variables that are left by then, only the objects themselves are sized; their
        sizes are marked as lower bounds.
    program : iterable
        Objects that count for no variable, such as the shell.
    progress : callable, optional
        Called with the number of objects visited so far.

    Returns
    -------
    Sizes
        The sizes by name, with ``total_bytes`` in which shared memory counts once.

    Examples
    --------
    >>> rows = [{"row": row} for row in range(1000)]
    >>> both = sizes({"rows": rows, "first": rows[:500]})
    >>> both["first"].shared_bytes > 500 * 100
    True
    >>> both.total_bytes < both["rows"].bytes + both["first"].bytes
    True
    """
    variables = read_main() if namespace is None else dict(namespace)
    if budget_s is None and not exact:
        budget_s = 1.0
    end_s = deadline_after(budget_s)
    count = sum(not issubclass(type(each), _PROGRAM) for each in variables.values())
    level_size = None if exact else _share(count)
    with leaving_no_growth():
        tallies, together_bytes = _measure_all(
            variables, Walk(len(variables), program, level_size, progress), end_s
        )
    # An estimate is capped by the memory of the process.
    most_bytes = read_rss_bytes() + (read_swap_bytes() or 0)
    is_exact = not any(tally.is_sampled for tally in tallies)
    return Sizes(
        {
            name: _conclude(tally, most_bytes)
            for name, tally in zip(variables, tallies, strict=True)
        },
        round(together_bytes if is_exact else min(together_bytes, most_bytes)),
    )


def _sizeof(obj: Any, level_size: int | None, end_s: float) -> Size:
    walk = Walk(1, level_size=level_size)
    walk.measure(obj, end_s)
    (tally,), _ = walk.finish()
    return _conclude(tally, sys.maxsize)


def _measure_all(
    variables: Mapping[str, Any], walk: Walk, end_s: float
) -> tuple[list[Tally], float]:
    for value in variables.values():
        walk.measure(value, end_s)
    return walk.finish()


def read_main() -> dict[str, Any]:
    """Return the variables of ``__main__`` without a leading underscore."""
    variables = vars(sys.modules["__main__"]).copy()
    return {name: value for name, value in variables.items() if name[:1] != "_"}


def _share(count: int) -> int:
    """Return how many objects of a level to visit for each of several variables."""
    return max(_SMALLEST_LEVEL, min(LEVEL_SIZE, 16 * LEVEL_SIZE // max(1, count)))


def _conclude(tally: Tally, most_bytes: int) -> Size:
    total, *folds = tally.folds[0], *tally.folds[1:]
    n_bytes = total + sum(folds)
    error_ratio = 0.0
    if tally.is_sampled and n_bytes:
        mean = sum(folds) / len(folds)
        variance = sum((each - mean) ** 2 for each in folds) / (len(folds) - 1)
        error_ratio = _T_QUANTILE * math.sqrt(len(folds) * variance) / n_bytes
        error_ratio = max(_LEAST_ERROR_RATIO, error_ratio)
        n_bytes = min(n_bytes, most_bytes)
    is_doubtful = tally.doubtful_bytes > max(_HIDDEN_BYTES, n_bytes * _HIDDEN_RATIO)
    if is_doubtful:
        error_ratio += tally.doubtful_bytes / max(1, n_bytes)
    counted_bytes = n_bytes + sum(tally.elsewhere.values())
    most_hidden_bytes = max(_HIDDEN_BYTES, counted_bytes * _HIDDEN_RATIO)
    is_whole = sum(tally.hidden.values()) <= most_hidden_bytes
    return Size(
        bytes=round(n_bytes),
        shared_bytes=min(round(tally.shared_bytes), round(n_bytes)),
        elsewhere={device: round(each) for device, each in tally.elsewhere.items()},
        exact=not (tally.is_sampled or tally.is_cut or is_doubtful) and is_whole,
        error_ratio=None if tally.is_cut else error_ratio,
        opaque=() if is_whole else tuple(sorted(tally.hidden)),
    )
