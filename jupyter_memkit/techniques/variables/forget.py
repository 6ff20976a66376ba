"""Removes values from a shell, with every copy that IPython keeps of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import (
    belongs_to_ipython,
    find_managers,
    find_results,
    is_output_name,
    read_outputs,
)
from jupyter_memkit.measure.scripts import (
    find_needed,
    find_script_variables,
    read_scripts,
)
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.unknown_names import explain_unknown

_LAST_OUTPUTS = ("_", "__", "___")
# Without it, the user's classes would belong to the module of Python's own.
_NEEDED = "__name__"
_OUTPUT = re.compile(r"(?:Out|_oh)\[(\d+)\]")
# Shorter strings may be shared by chance, like numbers.
_SHORT = 1000
_PART_REMEDY = "give {variable}, or remove the part in Python and then run %memfree"


def find_places(
    name: str, namespace: dict[str, Any], shell: Any
) -> list[tuple[dict[Any, Any], Any]]:
    """Return the places of a name that the user wrote.

    Parameters
    ----------
    name : str
        A variable, a variable that only a script of ``%run`` holds, or an output such
        as ``Out[3]``.
    namespace : dict
        The user's variables.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell whose outputs and scripts are searched.

    Returns
    -------
    list of (dict, object)
        The dicts that contain the name, with the key in each.

    Raises
    ------
    MemkitError
        If the name does not exist, or Python or IPython needs it.
    """
    known = list(namespace)
    if name == _NEEDED:
        message = f"{name!r} is needed by Python, and nothing was deleted"
        raise MemkitError(message)
    if shell is not None:
        output = _OUTPUT.fullmatch(name)
        if output and int(output[1]) in read_outputs(shell):
            number = int(output[1])
            return [
                (outputs, number)
                for outputs in _read_output_dicts(shell)
                if number in outputs
            ]
        if name in namespace and belongs_to_ipython(name, namespace, shell):
            message = (
                f"{name!r} is IPython's own, and nothing was deleted; %memfree "
                "--outputs deletes the outputs of cells"
            )
            raise MemkitError(message)
    if name in namespace:
        return [(namespace, name)]
    places: list[tuple[dict[Any, Any], Any]] = []
    if shell is not None:
        for _, variables, hidden in find_script_variables(shell):
            known.append(hidden)
            if hidden == name:
                places.append((variables, hidden))
    if not places:
        reason = explain_unknown(name, known, _PART_REMEDY)
        message = f"nothing was deleted: {reason}"
        raise MemkitError(message)
    return places


def forget(value: Any, shell: Any) -> list[str]:
    """Remove an object from the outputs of a shell.

    Parameters
    ----------
    value : object
        The object.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell; without one there are no outputs.

    Returns
    -------
    list of str
        The holders from which it was removed.
    """
    if shell is None or is_atom(value):
        return []
    names = [
        *_forget_numbered(value, shell),
        *_forget_last(value, shell),
        *_forget_results(value, shell),
    ]
    return list(dict.fromkeys(names))


def forget_everywhere(value: Any, shell: Any) -> list[str]:
    """Remove an object from outputs and scripts, and close it if it is a figure.

    Parameters
    ----------
    value, shell
        As in `forget`.

    Returns
    -------
    list of str
        The holders from which it was removed.
    """
    if is_atom(value):
        return []
    names = forget(value, shell)
    for path, variables in read_scripts(shell).items() if shell else ():
        for name in [each for each, held in list(variables.items()) if held is value]:
            del variables[name]
            names.append(f"{name} of {Path(path).name}")
    for number, manager in find_managers().items():
        if manager.canvas.figure is value:
            sys.modules["matplotlib.pyplot"].close(number)
            names.append(f"figure {number}")
    return names


def forget_outputs(shell: Any) -> None:
    """Delete everything that cells returned and displayed."""
    for outputs in _read_output_dicts(shell):
        outputs.clear()
    for namespace in (shell.user_ns, shell.user_ns_hidden):
        for name in [each for each in list(namespace) if is_output_name(str(each))]:
            if name in _LAST_OUTPUTS:
                namespace[name] = ""
            else:
                del namespace[name]
    for name in _LAST_OUTPUTS:
        if hasattr(shell.displayhook, name):
            setattr(shell.displayhook, name, "")
    for result in find_results(shell):
        result.result = None
    displayed = getattr(shell.history_manager, "outputs", None)
    if displayed:
        displayed.clear()


def forget_scripts(shell: Any) -> None:
    """Delete data of scripts that are no longer in the user's namespace.

    Data that a script's functions read are kept while the user has the functions.
    """
    for _, variables, name in list(find_script_variables(shell)):
        if name not in find_needed(variables, shell.user_ns):
            del variables[name]


def is_atom(value: Any) -> bool:
    """Return whether an object is a number or short string, which may be shared."""
    if contains_identical((str, bytes), type(value)):
        return len(value) < _SHORT
    return contains_identical((bool, complex, float, int, type(None)), type(value))


def _read_output_dicts(shell: Any) -> Iterator[dict[int, Any]]:
    """Yield the dicts of numbered outputs, usually one."""
    found: list[dict[int, Any]] = []
    history = getattr(shell.history_manager, "output_hist", None)
    for outputs in (history, shell.user_ns.get("_oh")):
        if type(outputs) is dict and all(outputs is not each for each in found):
            found.append(outputs)
            yield outputs


def _forget_numbered(value: Any, shell: Any) -> Iterator[str]:
    for outputs in _read_output_dicts(shell):
        for number in [each for each, held in list(outputs.items()) if held is value]:
            del outputs[number]
            yield f"Out[{number}]"
    for namespace in (shell.user_ns, shell.user_ns_hidden):
        for name in [each for each, held in list(namespace.items()) if held is value]:
            if is_output_name(str(name)) and name not in _LAST_OUTPUTS:
                del namespace[name]


def _forget_last(value: Any, shell: Any) -> Iterator[str]:
    hook = shell.displayhook
    for name in _LAST_OUTPUTS:
        if getattr(hook, name, None) is value:
            setattr(hook, name, "")
        if shell.user_ns_hidden.get(name) is value:
            shell.user_ns_hidden[name] = ""
        # IPython treats the name as the user's own if it differs from the hook's.
        if shell.user_ns.get(name) is value:
            shell.user_ns[name] = ""
            yield name


def _forget_results(value: Any, shell: Any) -> Iterator[str]:
    for result in find_results(shell):
        if result.result is value:
            result.result = None
            yield "the last result"
