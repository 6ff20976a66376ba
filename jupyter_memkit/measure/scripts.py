"""The namespaces of scripts, which IPython keeps after ``%run``.

The variables of a script are copied to the user's namespace, while its functions keep
reading the script's own. Therefore variables that the user has deleted are still alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_memkit.measure.sizes.loaded import read_namespace
from jupyter_memkit.measure.sizes.raw_reads import read_dict

# Types of objects that a script defines rather than computes.
_PROGRAM = (BuiltinFunctionType, FunctionType, MethodType, ModuleType, type)


def read_scripts(shell: Any) -> dict[str, dict[str, Any]]:
    """Return the namespaces that ``%run`` keeps, by the paths of the scripts."""
    scripts = {}
    for path, module in getattr(shell, "_main_mod_cache", {}).copy().items():
        namespace = read_namespace(module)
        if namespace is not None:
            scripts[str(path)] = namespace
    return scripts


def find_script_variables(shell: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield the data that is only in a script's namespace.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that ran the scripts.

    Yields
    ------
    path, namespace, name : str, dict, str
        The script, its namespace, and a name in it that has another value or none in
        the user's namespace.
    """
    missing = object()
    for path, namespace in read_scripts(shell).items():
        for name, value in list(namespace.items()):
            if name[:2] == "__" or is_program(value):
                continue
            if shell.user_ns.get(name, missing) is not value:
                yield path, namespace, name


def is_program(value: Any) -> bool:
    """Return whether a value is code: a function, a class or a module."""
    return issubclass(type(value), _PROGRAM)


def find_needed(namespace: dict[str, Any], user_ns: dict[str, Any]) -> set[str]:
    """Return the names that a script's functions read when the user calls them.

    Parameters
    ----------
    namespace : dict
        The script's namespace.
    user_ns : dict
        The user's namespace, which contains its functions, its classes or their
        instances.

    Returns
    -------
    set of str
        The names that they need to work.
    """
    values = list(user_ns.values())
    waiting = [each for each in values if _is_code(each)]
    waiting += map(type, values)
    seen: set[int] = set()
    needed: set[str] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        for function in _find_functions(value):
            if function.__globals__ is namespace:
                fresh = set(_read_names(function.__code__)) - needed
                needed |= fresh
                found = [namespace.get(name) for name in fresh]
                waiting += [each for each in found if _is_code(each)]
    return needed


def _is_code(value: Any) -> bool:
    return type(value) is FunctionType or issubclass(type(value), type)


def _find_functions(value: Any) -> Iterable[FunctionType]:
    """Return a function, or the functions of a class."""
    if type(value) is FunctionType:
        return [value]
    return [each for each in read_dict(value).values() if type(each) is FunctionType]


def _read_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _read_names(each)
