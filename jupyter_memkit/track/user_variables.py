"""Finds the user's variables among the names of a shell."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from jupyter_memkit.measure.hidden import is_ipythons_name
from jupyter_memkit.measure.scripts import is_program
from jupyter_memkit.measure.sizes.records import Size

# Parts of the program, and private names, are listed only if they hold data.
_PROGRAM_BYTES = 64 * 1024


def user_variables(shell: Any, *, program: bool = False) -> dict[str, Any]:
    """Return the variables that hold the user's data, by name.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    program : bool
        Whether to include functions, classes and private names, which may hold data.
    """
    found = find_names(shell, program=program)
    return {name: value for name, value in found.items() if _holds_data(value)}


def find_names(shell: Any, *, program: bool) -> dict[str, Any]:
    """Return the names that the user has set, modules included, with their values.

    Parts of the program come last: where all names of a library were imported, there
    are thousands of them, and no time may be left.

    Parameters
    ----------
    shell, program
        As in `user_variables`.
    """
    hidden: Mapping[str, Any] = shell.user_ns_hidden
    nothing = object()
    found = {
        name: value
        for name, value in dict(shell.user_ns).items()
        if type(name) is str
        and not is_ipythons_name(name)
        # As in `%who`: names that IPython set and the user has not changed.
        and hidden.get(name, nothing) is not value
        and (program or not is_part_of_program(name, value))
    }
    return dict(sorted(found.items(), key=lambda each: is_part_of_program(*each)))


def is_listed(name: str, value: Any, size: Size) -> bool:
    """Return whether a value counts as a variable of the user.

    Functions, classes and private names do if they hold data.
    """
    if not is_part_of_program(name, value):
        return True
    return _holds_data(value) and size.everywhere_bytes >= _PROGRAM_BYTES


def find_program(shell: Any) -> list[Any]:
    """Return objects that sizing does not enter: the shell, and its namespaces."""
    kernel = getattr(shell, "kernel", None)
    # The application created the kernel, and is reachable from the tracebacks of cells.
    application = getattr(kernel, "parent", None)
    ends = [shell, kernel, application, shell.user_ns, shell.user_ns_hidden]
    return [end for end in ends if end is not None]


def is_part_of_program(name: str, value: Any) -> bool:
    """Return whether a name is private, or that of a function, a class or a module."""
    return name[:1] == "_" or is_program(value)


def _holds_data(value: Any) -> bool:
    # A module belongs to a library, which is in the remainder.
    return not issubclass(type(value), ModuleType)
