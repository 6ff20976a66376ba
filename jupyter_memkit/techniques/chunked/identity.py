"""What a function does, as text that stays the same until its code changes.

A run that resumes compares this text with that of the run before, in another process.
It covers the function's code with the functions inside it, the default arguments, and
the plain values that it takes from the functions around it. It does not cover global
variables, nor the functions that it calls.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from jupyter_memkit.errors import MemkitError


def identify(function: Callable[..., Any]) -> str:
    """Return the identity of a function.

    Parameters
    ----------
    function : callable
        A function, a method, a partial one, or one of a library, which its name
        identifies; or any object whose attribute ``source`` is the text of its code.

    Raises
    ------
    MemkitError
        If it is another object, for which nothing shows whether it changed.
    """
    source = getattr(function, "source", None)
    return source if isinstance(source, str) else repr(_describe(function, ()))


def _describe(function: Any, outer: tuple[Any, ...]) -> Any:
    """Return what identifies a function.

    Parameters
    ----------
    function : callable
        The function.
    outer : tuple of callable
        The functions around it, to one of which it may refer.
    """
    if any(function is each for each in outer):
        return "a function around"
    outer = (*outer, function)
    if isinstance(function, FunctionType):
        named = (function.__kwdefaults__ or {}).items()
        cells = map(_read_cell, function.__closure__ or ())
        values = [function.__defaults__, *named, *cells]
        return _describe_code(function.__code__), _describe_values(values, outer)
    if isinstance(function, MethodType):
        kind = type(function.__self__).__qualname__
        return kind, _describe(function.__func__, outer)
    if isinstance(function, functools.partial):
        values = [function.args, *function.keywords.items()]
        return _describe(function.func, outer), _describe_values(values, outer)
    wrapped = getattr(function, "__wrapped__", None)
    if callable(wrapped):
        return _describe(wrapped, outer)
    name = getattr(function, "__qualname__", None) or getattr(
        function, "__name__", None
    )
    if not isinstance(name, str):
        message = (
            f"a run that calls a {type(function).__name__} cannot be resumed, because "
            "nothing shows whether it changed; call it in a function of your own, "
            "defined with def"
        )
        raise MemkitError(message)
    return getattr(function, "__module__", None), name


def _describe_code(code: CodeType) -> tuple[Any, ...]:
    constants = [
        _describe_code(value) if isinstance(value, CodeType) else _describe_plain(value)
        for value in code.co_consts
    ]
    return code.co_code, code.co_names, constants


def _describe_plain(value: Any) -> Any:
    """Return the items of a set in an order that is the same in every process."""
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    return (
        list(map(_describe_plain, value)) if isinstance(value, tuple) else repr(value)
    )


def _describe_values(values: Iterable[Any], outer: tuple[Any, ...]) -> list[Any]:
    """Return what identifies arguments and values of the functions around.

    Of an object that can change during a run, that is its type.
    """
    found: list[Any] = []
    for value in values:
        if isinstance(value, tuple):
            found.append(_describe_values(value, outer))
        elif isinstance(value, (str, bytes, bool, int, float, complex, frozenset)):
            found.append(_describe_plain(value))
        elif isinstance(value, (FunctionType, MethodType, functools.partial)):
            found.append(_describe(value, outer))
        else:
            found.append(type(value).__qualname__)
    return found


def _read_cell(cell: CellType) -> Any:
    """Return the value of a variable of a function around, None if it has none yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
