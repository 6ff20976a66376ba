"""Deletes variables with every copy that IPython keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.measure.hidden import read_outputs

_LAST_OUTPUTS = ("_", "__", "___")


def check_names(names: Iterable[str], namespace: dict[str, Any]) -> None:
    """Raise unless all names are variables.

    Raises
    ------
    MemkitError
        For the first that is none.
    """
    for name in names:
        if name in namespace:
            continue
        remedy = suggest(name, namespace, "%memls lists what there is")
        message = f"there is no variable {name!r}, and nothing was deleted; {remedy}"
        raise MemkitError(message)


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
    return [
        *_forget_numbered(value, shell),
        *_forget_last(value, shell),
        *_forget_results(value, shell),
    ]


def _forget_numbered(value: Any, shell: Any) -> Iterator[str]:
    outputs = shell.user_ns.get("_oh", {})
    for number, output in read_outputs(shell.user_ns).items():
        if output is value:
            del outputs[number]
            _delete(f"_{number}", value, shell.user_ns, shell.user_ns_hidden)
            yield f"Out[{number}]"


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
    hook_result = getattr(shell.displayhook, "exec_result", None)
    results = [shell.last_execution_result, hook_result]
    held = [result for result in results if getattr(result, "result", None) is value]
    for result in held:
        result.result = None
    if held:
        yield "the last result"


def _delete(name: str, value: Any, *namespaces: dict[str, Any]) -> None:
    for namespace in namespaces:
        if namespace.get(name) is value:
            del namespace[name]


def is_atom(value: Any) -> bool:
    """Tell whether an object is a number or a text, which others share by chance."""
    return isinstance(value, (bool, bytes, complex, float, int, str, type(None)))
