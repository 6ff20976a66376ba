"""The variables of a notebook by their true sizes."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_memkit.measure.hidden import find_caches, find_hidden
from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.measure.sizes import Size, sizes
from jupyter_memkit.records import Record
from jupyter_memkit.track.usage import find_usage

# These belong to the program rather than to the data.
_PROGRAM = (
    BuiltinFunctionType,
    FunctionType,
    MethodType,
    ModuleType,
    type,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Record):
    """A variable, and what it holds.

    Attributes
    ----------
    name : str
        Its name, or what a hidden holder is called.
    type : str
        The name of its type, with the dtype of an array.
    shape : tuple of int or None
        Its length in each dimension; None where it has none.
    size : Size
        What it holds.
    made_in : int or None
        The number of the cell that set it last, where that is known.
    is_hidden : bool
        Whether it is no variable of the user's: an output, a traceback, a figure.
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
        Those that were asked for.
    total_bytes : int
        What all that were measured hold together, shared parts counted once.
    left_out : int
        How many were measured and are not among them.
    """

    variables: tuple[Variable, ...]
    total_bytes: int
    left_out: int = 0


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
    """Size the variables of a shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Whose variables.
    patterns : iterable of str
        Names with ``*`` and ``?``; all when empty.
    types : iterable of str
        Types by name, likewise.
    at_least_bytes : int
        Leave out what holds less.
    hidden : bool
        Whether to list also what IPython and matplotlib hold, modules and functions.
    exact : bool
        Whether to visit every object.
    budget_s : float, optional
        When to stop, in seconds.
    progress : callable, optional
        Called with the number of objects that were visited so far.

    Returns
    -------
    Variables
        The largest first. All are measured, so that what is shared is told truly.
    """
    values = dict(_find_variables(shell, program=hidden))
    names = set(values)
    if hidden:
        values |= _find_hidden(shell, values)
    measured = sizes(
        values,
        exact=exact,
        budget_s=budget_s,
        program=find_program(shell),
        progress=progress,
    )
    usage = find_usage(shell.user_ns.get("In", ()))
    rows = [
        Variable(
            name=name,
            type=read_type(value),
            shape=read_shape(value),
            size=measured[name],
            made_in=usage[name].made_in if name in usage else None,
            is_hidden=name not in names,
        )
        for name, value in values.items()
    ]
    shown = [
        row
        for row in rows
        if _matches(row.name, patterns)
        and _matches(row.type, types)
        and _count(row.size) >= at_least_bytes
    ]
    return Variables(
        variables=tuple(sorted(shown, key=lambda row: -_count(row.size))),
        total_bytes=measured.total_bytes,
        left_out=len(rows) - len(shown),
    )


def user_variables(shell: Any) -> dict[str, Any]:
    """Return the variables that hold the user's data, by name."""
    return dict(_find_variables(shell, program=False))


def find_program(shell: Any) -> list[Any]:
    """Return where sizing ends: the shell, and what a notebook's names are kept in."""
    kernel = getattr(shell, "kernel", None)
    # The application made the kernel, and is met in the tracebacks of cells.
    application = getattr(kernel, "parent", None)
    ends = [shell, kernel, application, shell.user_ns, shell.user_ns_hidden]
    return [end for end in ends if end is not None]


def _find_variables(shell: Any, *, program: bool) -> Iterator[tuple[str, Any]]:
    hidden: Mapping[str, Any] = shell.user_ns_hidden
    nothing = object()
    for name, value in dict(shell.user_ns).items():
        # As `%who` does: what IPython has put there and the user has not changed.
        if type(name) is not str or name[:1] == "_" or name in ("In", "Out"):
            continue
        if hidden.get(name, nothing) is value:
            continue
        if program or not issubclass(type(value), _PROGRAM):
            yield name, value


def _find_hidden(shell: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is held without a name of the user's, each object once."""
    met = {id(value) for value in values.values()}
    found: dict[str, Any] = {}
    for holder in (*find_hidden(shell), *find_caches()):
        if id(holder.value) not in met:
            met.add(id(holder.value))
            found[holder.name] = holder.value
    return found


def _count(size: Size) -> int:
    return size.bytes + sum(size.elsewhere.values())


def _matches(name: str, patterns: Iterable[str]) -> bool:
    wanted = tuple(patterns)
    return not wanted or any(fnmatch.fnmatchcase(name, each) for each in wanted)
