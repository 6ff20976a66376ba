"""Makes a shell forget values, with every copy that IPython keeps of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.measure.hidden import (
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

_LAST_OUTPUTS = ("_", "__", "___")
_OUTPUT = re.compile(r"(?:Out|_oh)\[(\d+)\]")
# Names that IPython goes on to use.
_KEPT = {"In", "Out", "_ih", "_oh", "_dh", "_i", "_ii", "_iii"}
_KEPT |= {"exit", "quit", "open", "get_ipython"}
# Shorter texts are shared by chance, as numbers are.
_SHORT = 1000


def find_places(
    name: str, namespace: dict[str, Any], shell: Any
) -> list[tuple[dict[Any, Any], Any]]:
    """Return where a name that the user wrote stands.

    Parameters
    ----------
    name : str
        A variable, a variable that only a script of ``%run`` has, or an output as
        ``Out[3]``.
    namespace : dict
        The user's variables.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        Whose outputs and scripts are looked at.

    Returns
    -------
    list of (dict, object)
        Dicts and the key in each, all of them for one name.

    Raises
    ------
    MemkitError
        For a name that is none, and one that IPython needs.
    """
    known = list(namespace)
    if shell is not None:
        output = _OUTPUT.fullmatch(name)
        if output and int(output[1]) in read_outputs(shell):
            number = int(output[1])
            return [
                (outputs, number)
                for outputs in _read_output_dicts(shell)
                if number in outputs
            ]
        if name in namespace and _belongs_to_ipython(name, shell):
            message = (
                f"{name!r} is IPython's own, and nothing was deleted; "
                "%memfree --outputs forgets what cells have shown"
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
        remedy = suggest(name, known, "%memls lists what there is")
        message = f"there is no variable {name!r}, and nothing was deleted; {remedy}"
        raise MemkitError(message)
    return places


def forget(value: Any, shell: Any) -> list[str]:
    """Make a shell forget an object that it has shown.

    Parameters
    ----------
    value : object
        What was shown.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell; without one nothing was shown.

    Returns
    -------
    list of str
        What had held it.
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
    """Let go of an object also in scripts that were run, and close it as a figure.

    Parameters
    ----------
    value, shell
        As for `forget`.

    Returns
    -------
    list of str
        What had held it.
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
    """Make a shell forget all that cells have returned and displayed."""
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
    """Delete the data of scripts that the user's namespace no longer has.

    What functions of a script read stays while the user has the functions.
    """
    for _, variables, name in list(find_script_variables(shell)):
        if name not in find_needed(variables, shell.user_ns):
            del variables[name]


def is_atom(value: Any) -> bool:
    """Tell whether an object is a number or a short text, shared by chance."""
    if contains_identical((str, bytes), type(value)):
        return len(value) < _SHORT
    return contains_identical((bool, complex, float, int, type(None)), type(value))


def _belongs_to_ipython(name: str, shell: Any) -> bool:
    """Tell whether a name is one that IPython has made and goes on to use."""
    return name in _KEPT and shell.user_ns_hidden.get(name) is shell.user_ns[name]


def _read_output_dicts(shell: Any) -> Iterator[dict[int, Any]]:
    """Yield the dicts in which outputs have their numbers; mostly it is one."""
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
        # IPython takes the name for the user's own where it differs from the hook's.
        if shell.user_ns.get(name) is value:
            shell.user_ns[name] = ""
            yield name


def _forget_results(value: Any, shell: Any) -> Iterator[str]:
    for result in find_results(shell):
        if result.result is value:
            result.result = None
            yield "the last result"
