"""Lists the variables of a notebook by their true sizes."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.cells.history import read_history
from jupyter_memkit.cells.usage import find_usage
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import (
    HiddenHolder,
    HolderKind,
    find_caches,
    find_hidden,
)
from jupyter_memkit.measure.models import ModelSizes, model_sizes
from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.measure.sizes import Size, sizes
from jupyter_memkit.measure.sizes.elements import CONTAINERS
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.unknown_names import explain_unknown
from jupyter_memkit.records import Record
from jupyter_memkit.track.remainder import Remainder, read_remainder
from jupyter_memkit.track.user_variables import (
    find_names,
    find_program,
    is_listed,
    is_part_of_program,
)

_PART_REMEDY = "from jupyter_memkit import sizeof; sizeof({name}) returns its size"
# How long models and their graphs are searched.
_MODELS_BUDGET_S = 1.0

# Holders that are not the user's variables, as named in the listing.
_GROUPS: dict[HolderKind, str] = {
    "cache": "caches",
    "display": "displayed text and images",
    "figure": "figures",
    "global": "data read by functions of scripts",
    "output": "outputs",
    "script": "variables of scripts",
    "traceback": "tracebacks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Record):
    """A variable and its size.

    Attributes
    ----------
    name : str
        Its name, or a description of a hidden holder.
    type : str
        The name of its type, with the dtype of an array.
    shape : tuple of int or None
        Its shape; None if it has none.
    size : Size
        Its size.
    made_in : int or None
        The number of the cell that set it last, if known.
    is_hidden : bool
        Whether it is an output, a traceback, a figure or the like instead of a
        variable.
    """

    name: str
    type: str
    shape: tuple[int, ...] | None
    size: Size
    made_in: int | None
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables(Record):
    """The variables of a namespace, the largest first.

    Attributes
    ----------
    variables : tuple of Variable
        The requested variables.
    total_bytes : int
        The total of all measured variables, counting shared memory once.
    left_out : int
        The number of measured variables that are not listed.
    remainder : Remainder or None
        The rest of the process; None if only some variables were requested.
    models : ModelSizes
        What the torch models in the variables take; with their layers if only some
        variables were requested.
    """

    variables: tuple[Variable, ...]
    total_bytes: int
    left_out: int = 0
    remainder: Remainder | None = None
    models: ModelSizes = field(default_factory=ModelSizes)


def list_variables(
    shell: Any,
    *,
    patterns: Iterable[str] = (),
    types: Iterable[str] = (),
    at_least_bytes: int = 0,
    hidden: bool = False,
    exact: bool = False,
    budget_s: float | None = None,
    progress: Callable[[int], object] | None = None,
) -> Variables:
    """Measure the variables of a shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    patterns : iterable of str
        Names, which may contain ``*`` and ``?``; all variables if empty.
    types : iterable of str
        Names of types, likewise; an array's type with or without its dtype.
    at_least_bytes : int
        List only variables of at least this size, in bytes.
    hidden : bool
        Whether to also list what IPython and matplotlib hold, modules and functions.
    exact : bool
        Whether to visit every object instead of sampling.
    budget_s : float, optional
        The time limit, in seconds.
    progress : callable, optional
        Called with the number of objects visited so far.

    Returns
    -------
    Variables
        The variables, the largest first. All are measured, so that shared memory is
        attributed correctly. Functions, classes and private names are included if they
        hold data.

    Raises
    ------
    MemkitError
        If a name or a type does not exist.
    """
    patterns, types = tuple(patterns), tuple(types)
    values = find_names(shell, program=True)
    names = set(values)
    is_whole = not (patterns or types or at_least_bytes)
    groups: dict[str, list[Any]] = {}
    if hidden:
        values |= _find_hidden(shell, values)
    else:
        _check_names(patterns, values, shell)
        if is_whole:
            groups = _group_hidden(shell)
    usage = find_usage(read_history(shell.user_ns))
    made_in = {name: each.made_in for name, each in usage.items()}
    values = _order(values, patterns, made_in)
    program = find_program(shell)
    measured = sizes(
        values | groups,
        exact=exact,
        budget_s=budget_s,
        program=program,
        progress=progress,
    )
    models = model_sizes(
        {name: each for name, each in values.items() if name in names},
        layers=bool(patterns),
        budget_s=_MODELS_BUDGET_S if budget_s is None else budget_s,
        program=program,
    )
    rows = [
        Variable(
            name=name,
            type=read_type(value),
            shape=read_shape(value),
            size=measured[name],
            made_in=made_in.get(name),
            is_hidden=name not in names,
        )
        for name, value in values.items()
        if hidden or name in patterns or is_listed(name, value, measured[name])
    ]
    _check_types(types, [row.type for row in rows])
    shown = [
        row
        for row in rows
        if _matches(row.name, patterns)
        and (_matches(row.type, types) or _matches(row.type.partition(" ")[0], types))
        and row.size.everywhere_bytes >= at_least_bytes
    ]
    held = {name: measured[name].bytes - measured[name].shared_bytes for name in groups}
    listed_bytes = measured.total_bytes - sum(held.values())
    return Variables(
        variables=tuple(sorted(shown, key=lambda row: -row.size.everywhere_bytes)),
        total_bytes=listed_bytes,
        left_out=len(rows) - len(shown),
        remainder=read_remainder(listed_bytes, held) if is_whole else None,
        models=models,
    )


def _order(
    values: dict[str, Any], patterns: Iterable[str], made_in: Mapping[str, int | None]
) -> dict[str, Any]:
    """Return values in the order in which they are measured, while there is time.

    A library of which all names were imported has thousands.
    """

    def rank(variable: tuple[str, Any]) -> tuple[bool, ...]:
        name, value = variable
        is_named = bool(patterns) and _matches(name, patterns)
        is_imported = made_in.get(name) is None
        # Visiting the elements of a container can use up the time.
        is_container = contains_identical(CONTAINERS, type(value))
        return not is_named, is_part_of_program(name, value), is_imported, is_container

    return dict(sorted(values.items(), key=rank))


def _check_names(
    patterns: Iterable[str], values: Mapping[str, Any], shell: Any
) -> None:
    """Refuse names that do not exist."""
    for name in patterns:
        if name in values or any(sign in name for sign in "*?"):
            continue
        if re.split(r"[.\[]", name, maxsplit=1)[0] in shell.user_ns.keys() - values:
            message = f"{name!r} is IPython's own; %memls --all lists what it holds"
            raise MemkitError(message)
        raise MemkitError(explain_unknown(name, values, _PART_REMEDY))


def _check_types(types: Iterable[str], known: Iterable[str]) -> None:
    """Refuse misspelt types, and types of which there is no variable."""
    found = {each for kind in known for each in (kind, kind.partition(" ")[0])}
    missing = [
        name for name in types if not any(_matches(each, [name]) for each in found)
    ]
    for name in missing:
        by_lower = {each.lower(): each for each in found}
        close = difflib.get_close_matches(name.lower(), by_lower, n=1)
        if close:
            message = (
                f"no variable is of type {name!r}; did you mean {by_lower[close[0]]}?"
            )
            raise MemkitError(message)
    if missing and missing == list(types):
        message = f"no variable is of type {missing[0]!r}; %memls shows the types"
        raise MemkitError(message)


def _group_hidden(shell: Any) -> dict[str, list[Any]]:
    """Return the objects that are not held by a variable, by kind."""
    groups: dict[str, list[Any]] = {}
    for holder in _iterate_hidden(shell):
        groups.setdefault(_GROUPS[holder.kind], []).append(holder.value)
    return groups


def _iterate_hidden(shell: Any) -> Iterator[HiddenHolder]:
    yield from find_hidden(shell)
    yield from find_caches()


def _find_hidden(shell: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the objects that are not held by a variable, each once."""
    met = {id(value) for value in values.values()}
    found: dict[str, Any] = {}
    for holder in _iterate_hidden(shell):
        if id(holder.value) not in met:
            met.add(id(holder.value))
            found[holder.name] = holder.value
    return found


def _matches(name: str, patterns: Iterable[str]) -> bool:
    wanted = tuple(patterns)
    return (
        not wanted
        or name in wanted
        or any(fnmatch.fnmatchcase(name, each) for each in wanted)
    )
