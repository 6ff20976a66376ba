"""What keeps objects alive in an IPython shell besides the user's own names.

A shell is read by its attributes; nothing of IPython is imported.
"""

from __future__ import annotations

import functools
import gc
import linecache
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_memkit.records import Record

HolderKind = Literal["cache", "figure", "output", "traceback"]

# The names of the last three outputs, and of all of them.
_LAST_OUTPUTS = ("_", "__", "___")
_LAST_ERRORS = ("last_exc", "last_value", "last_traceback")


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenHolder(Record):
    """Something that keeps an object alive without the user's asking.

    Attributes
    ----------
    name : str
        What a user calls it: ``Out[3]``, ``_``, ``sys.last_value``.
    kind : str
        ``"cache"``, ``"figure"``, ``"output"`` or ``"traceback"``.
    value : object
        What it holds.
    """

    name: str
    kind: HolderKind
    value: Any


def find_shell() -> Any:
    """Return the running IPython shell; None where IPython is not loaded."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def find_hidden(shell: Any) -> list[HiddenHolder]:
    """Return what a shell, the interpreter and matplotlib hold.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell; without one there are no outputs.

    Returns
    -------
    list of HiddenHolder
        Outputs first; of several names for one object, all.
    """
    found: list[HiddenHolder] = []
    if shell is not None:
        found += _find_outputs(shell)
    found += _find_tracebacks(shell)
    found += _find_figures()
    return found


def find_caches() -> Iterator[HiddenHolder]:
    """Yield what modules have remembered to be quicker the next time.

    Those are the caches of ``functools`` on functions that are not of the standard
    library, and the lines of source files that tracebacks have shown.
    """
    for cache in gc.get_objects():
        # By its own type: an object can say that it is of another.
        if type(cache) is functools._lru_cache_wrapper:  # noqa: SLF001 - has no other name
            module = getattr(cache, "__module__", None) or ""
            if module.partition(".")[0] not in sys.stdlib_module_names:
                name = f"cache of {cache.__qualname__} ({module.partition('.')[0]})"
                yield HiddenHolder(name=name, kind="cache", value=cache)
    yield HiddenHolder(name="linecache.cache", kind="cache", value=linecache.cache)


def read_outputs(namespace: Mapping[str, Any]) -> dict[int, Any]:
    """Return the values that IPython has shown, by the numbers of their cells."""
    outputs = namespace.get("_oh")
    return dict(outputs) if type(outputs) is dict else {}


def _find_outputs(shell: Any) -> Iterator[HiddenHolder]:
    namespace = shell.user_ns
    for number, value in read_outputs(namespace).items():
        yield HiddenHolder(name=f"Out[{number}]", kind="output", value=value)
        if namespace.get(f"_{number}") is value:
            yield HiddenHolder(name=f"_{number}", kind="output", value=value)
    hook = shell.displayhook
    for name in _LAST_OUTPUTS:
        for holder, value in (
            (name, namespace.get(name, "")),
            (f"the display hook's {name}", getattr(hook, name, "")),
        ):
            if not _is_empty(value):
                yield HiddenHolder(name=holder, kind="output", value=value)
    result = getattr(shell.last_execution_result, "result", None)
    if result is not None:
        yield HiddenHolder(name="the last result", kind="output", value=result)


def _find_tracebacks(shell: Any) -> Iterator[HiddenHolder]:
    for name in _LAST_ERRORS:
        value = getattr(sys, name, None)
        if value is not None:
            yield HiddenHolder(name=f"sys.{name}", kind="traceback", value=value)
    for name in ("InteractiveTB", "SyntaxTB"):
        value = getattr(getattr(shell, name, None), "tb", None)
        if value is not None:
            holder = f"the last traceback ({name})"
            yield HiddenHolder(name=holder, kind="traceback", value=value)
    error = getattr(
        getattr(shell, "last_execution_result", None), "error_in_exec", None
    )
    if error is not None:
        yield HiddenHolder(name="the last error", kind="traceback", value=error)


def _find_figures() -> Iterator[HiddenHolder]:
    # Only where somebody has imported it.
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    managers = getattr(getattr(helpers, "Gcf", None), "figs", {})
    for number, manager in dict(managers).items():
        figure = manager.canvas.figure
        yield HiddenHolder(name=f"figure {number}", kind="figure", value=figure)


def _is_empty(value: Any) -> bool:
    return type(value) is str and not value
