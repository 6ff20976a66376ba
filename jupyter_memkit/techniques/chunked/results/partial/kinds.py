"""The names of the statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.techniques.chunked.results.partial.moments import (
    MOMENTS,
    Correlation,
    make_deviation,
    make_error,
    make_variance,
)
from jupyter_memkit.techniques.chunked.results.partial.sketches import (
    ApproximateCount,
    ApproximateQuantile,
)
from jupyter_memkit.techniques.chunked.results.partial.statistic import (
    SIMPLE,
    Statistic,
)
from jupyter_memkit.techniques.chunked.results.partial.values import (
    Counts,
    Distinct,
    Extreme,
    Histogram,
)

# A name, or a name with its arguments.
Spec = str | tuple[Any, ...]

_PLAIN: dict[str, Callable[[], Statistic]] = {
    "approx_nunique": ApproximateCount,
    "nunique": lambda: Distinct(counts=True),
    "unique": lambda: Distinct(counts=False),
    "value_counts": Counts,
}

_WITH_ARGUMENT: dict[str, Callable[[Any], Statistic]] = {
    "approx_quantile": ApproximateQuantile,
    "corr": Correlation,
    "histogram": Histogram,
    "largest": lambda most: Extreme(most, ascending=False),
    "smallest": lambda most: Extreme(most, ascending=True),
    "top": Counts,
}

# Statistics that take an argument, but need none.
_WITH_CHOICE: dict[str, Callable[[Any], Statistic]] = {
    "nunique": lambda dropna: Distinct(counts=True, dropna=dropna),
    "sem": make_error,
    "std": make_deviation,
    "var": make_variance,
}

NAMES = (*SIMPLE, *MOMENTS, *_PLAIN, *_WITH_ARGUMENT)

# Those for which the order of the rows matters.
ORDERED = frozenset({"first", "last", "unique"})

_INSTEAD = {
    "median": '("approx_quantile", 0.5)',
    "quantile": '("approx_quantile", 0.9)',
    "mode": '("top", 1)',
    "nlargest": '("largest", 5)',
    "nsmallest": '("smallest", 5)',
    "describe": '["count", "mean", "std", "min", "max"]',
}


def find_statistic(spec: Spec) -> Statistic:
    """Return a statistic by its name and argument.

    Raises
    ------
    MemkitError
        If there is no statistic of this name, or its argument is missing.
    """
    name, *arguments = (spec,) if isinstance(spec, str) else spec
    if name in SIMPLE and not arguments:
        return SIMPLE[name]
    if name in MOMENTS and not arguments:
        return MOMENTS[name]
    if name in _PLAIN and not arguments:
        return _PLAIN[name]()
    if len(arguments) == 1 and (name in _WITH_ARGUMENT or name in _WITH_CHOICE):
        return {**_WITH_ARGUMENT, **_WITH_CHOICE}[name](arguments[0])
    if name in _WITH_ARGUMENT:
        message = f'{name} needs one argument: write ("{name}", ...)'
    elif name in NAMES:
        message = f"{name} takes no argument; write {name!r}"
    elif name in _INSTEAD:
        message = f"{name} does not combine exactly; use {_INSTEAD[name]}"
    else:
        remedy = suggest(str(name), NAMES, f"use one of {', '.join(NAMES)}")
        message = f"there is no partial statistic {name!r}; {remedy}"
    raise MemkitError(message)


def label(spec: Spec) -> str:
    """Return the name of a statistic in the result.

    Examples
    --------
    >>> label(("approx_quantile", 0.5))
    'approx_quantile(0.5)'
    """
    if isinstance(spec, str):
        return spec
    name, *arguments = spec
    return f"{name}({', '.join(map(str, arguments))})" if arguments else str(name)
