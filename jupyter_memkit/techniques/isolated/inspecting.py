"""Finds functions of the notebook that inspect the whole session.

In another process they would find only the variables that were sent.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from jupyter_memkit.cells.magic_calls import MAGIC_CALLS
from jupyter_memkit.cells.names import iterate_code
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_module, read_mro
from jupyter_memkit.techniques.processes.reach import iterate_parts

OF_THE_SHELL = frozenset(
    {"history_manager", "user_global_ns", "user_module", "user_ns", "user_ns_hidden"}
)
"""The attributes of the shell that refer to the session."""

SESSION_MAGICS = frozenset(
    {
        *("debug", "dhist", "dirs", "ed", "edit", "hist", "history", "logoff", "logon"),
        *("logstart", "logstate", "logstop", "macro", "notebook", "pastebin", "pdb"),
        *("popd", "psearch", "recall", "rep", "rerun", "reset", "reset_selective"),
        *("save", "store", "tb", "who", "who_ls", "whos", "xdel"),
    }
)
"""The magics that read or change the session."""

# Walking further would take longer than most cells.
_MOST_OBJECTS = 100_000

_IMPORTS = frozenset({"import_module", "modules"})
_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})


def find_inspection(
    functions: Iterable[FunctionType], namespace: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return a function that inspects the session, and with what; None without one.

    Parameters
    ----------
    functions : iterable of function
        The functions that are sent to another process.
    namespace : mapping
        The user's variables.

    Examples
    --------
    >>> namespace = {}
    >>> exec("def use(): return globals().get('mode')", namespace)
    >>> find_inspection([namespace["use"]], namespace)
    ('use', 'globals()')
    """
    for function in functions:
        if function.__globals__ is namespace:
            for what in _inspect(function.__code__):
                if what.removesuffix("()") not in namespace:
                    return function.__qualname__, what
    return None


def find_functions(values: Iterable[Any]) -> Iterator[FunctionType]:
    """Yield the functions among values and in them, and the methods of classes.

    Examples
    --------
    >>> [each.__name__ for each in find_functions([{"a": find_inspection}])]
    ['find_inspection']
    """
    waiting = list(values)
    # The classes are kept, so that no other object gets the address of one.
    seen: dict[int, type] = {}
    while waiting:
        classes: list[type] = []
        for each in iterate_parts(waiting, _MOST_OBJECTS):
            kind = type(each)
            if kind is FunctionType:
                yield each
            elif issubclass(kind, type) and id(each) not in seen:
                seen[id(each)] = each
                classes.append(each)
        waiting = []
        for found in classes:
            if _is_of_main(found):
                waiting += [*read_mro(found), *_find_methods(found)]


def _find_methods(kind: type) -> Iterator[Any]:
    for each in read_dict(kind).values():
        if type(each) in (classmethod, staticmethod):
            yield each.__func__
        elif type(each) is property:
            yield from (each.fget, each.fset, each.fdel)
        else:
            yield each


def _is_of_main(kind: type) -> bool:
    try:
        return bool(read_module(kind) == "__main__")
    except AttributeError:
        return False


def _inspect(code: CodeType) -> Iterator[str]:
    """Yield what the code of a function inspects the session with."""
    for part in iterate_code(code):
        texts = {each for each in part.co_consts if type(each) is str}
        if not texts.isdisjoint(SESSION_MAGICS) and not MAGIC_CALLS.keys().isdisjoint(
            part.co_names
        ):
            yield f"%{min(texts & SESSION_MAGICS)}"
        if "__main__" in texts and not _IMPORTS.isdisjoint(part.co_names):
            yield "__main__"
        if {"__main__", "globals"}.isdisjoint(
            part.co_names
        ) and OF_THE_SHELL.isdisjoint(part.co_names):
            continue
        for each in dis.get_instructions(part):
            if each.opname in _LOADS and each.argval == "globals":
                yield "globals()"
            elif each.opname == "IMPORT_NAME" and each.argval == "__main__":
                yield "__main__"
            elif "ATTR" in each.opname or "METHOD" in each.opname:
                yield from OF_THE_SHELL & {each.argval}
