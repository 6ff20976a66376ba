"""The names of the statistics."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
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


def _is_number(value: Any) -> bool:
    return type(value) in {int, float}


def _is_rank(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def _are_edges(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) > 1
        and all(map(_is_number, value))
        and all(one < other for one, other in pairwise(value))
    )


# The arguments that statistics take, other than names of columns.
_ARGUMENTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "approx_quantile": (_is_rank, "a rank from 0 to 1, such as 0.5"),
    "histogram": (_are_edges, "edges that increase, such as [0, 1, 2]"),
    "nunique": (lambda value: type(value) is bool, "True or False"),
    **dict.fromkeys(
        ("largest", "smallest", "top"), (_is_count, "a number of values, such as 3")
    ),
    **dict.fromkeys(
        ("sem", "std", "var"), (_is_number, "degrees of freedom, such as 0")
    ),
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
        If there is no statistic of this name, or its argument is missing or unfit.
    """
    name, *arguments = (spec,) if isinstance(spec, str) else spec
    if name in SIMPLE and not arguments:
        return SIMPLE[name]
    if name in MOMENTS and not arguments:
        return MOMENTS[name]
    if name in _PLAIN and not arguments:
        return _PLAIN[name]()
    if len(arguments) == 1 and (name in _WITH_ARGUMENT or name in _WITH_CHOICE):
        _check_argument(name, arguments[0])
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


def _check_argument(name: str, argument: Any) -> None:
    fits, what = _ARGUMENTS.get(name, (None, ""))
    if fits is not None and not fits(argument):
        message = f"{name} takes {what}, not {argument!r}"
        raise MemkitError(message)


def freeze(spec: Any) -> Spec:
    """Return a statistic in hashable form.

    Raises
    ------
    MemkitError
        If it is neither a name nor a name with an argument.

    Examples
    --------
    >>> freeze(("histogram", [0, 1]))
    ('histogram', (0, 1))
    """
    if isinstance(spec, str):
        return spec
    if isinstance(spec, tuple) and spec and isinstance(spec[0], str):
        return tuple(map(_freeze_argument, spec))
    message = (
        f"{spec!r} is not a partial statistic; use a name, such as 'mean', or one with "
        "an argument, such as ('top', 3)"
    )
    raise MemkitError(message)


def _freeze_argument(argument: Any) -> Any:
    # Arrays and numbers of numpy have this method.
    plain = argument.tolist() if hasattr(argument, "tolist") else argument
    return tuple(plain) if isinstance(plain, (list, range)) else plain


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
