"""Finds what keeps objects alive in an IPython shell, other than the user's variables.

The shell is read through its attributes, without importing IPython.
"""

from __future__ import annotations

import functools
import gc
import linecache
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_memkit.measure.scripts import (
    find_needed,
    find_script_variables,
    is_program,
)
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_qualname
from jupyter_memkit.records import Record

HolderKind = Literal[
    "cache", "display", "figure", "global", "output", "script", "traceback"
]

LAST_ERRORS = ("last_exc", "last_type", "last_value", "last_traceback")
"""The names in ``sys`` under which Python keeps the last error."""
TRACEBACK_PRINTERS = ("InteractiveTB", "SyntaxTB")
"""Attributes of a shell that print errors, and keep the last traceback."""
DEBUGGER_FRAMES = ("botframe", "curframe", "curframe_locals", "stack")
"""Attributes in which the debugger of ``%debug`` keeps frames after its end."""
USED_BY_IPYTHON = {"In", "Out", "_ih", "_oh", "_dh", "_i", "_ii", "_iii"}
USED_BY_IPYTHON |= {"exit", "quit", "open", "get_ipython"}
"""Names that IPython sets in the user's namespace, and uses itself."""

_LAST_OUTPUTS = ("_", "__", "___")
_OUTPUT_NAME = re.compile(r"_{1,3}|_\d+")
# Inputs, their records and that of outputs, a shell line's exit code, and the names of
# every module.
_OTHER_NAME = re.compile(r"_i{1,3}|_i\d+|_[iod]h|In|Out|_exit_code|__\w+__")


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenHolder(Record):
    """A holder that keeps an object alive without the user's request.

    Attributes
    ----------
    name : str
        The name that users know: ``Out[3]``, ``_``, ``sys.last_value``.
    kind : str
        ``"output"`` for a value that a cell returned, ``"display"`` for data that was
        sent to the page, ``"script"`` for a variable that ``%run`` keeps, ``"global"``
        for one that functions of the script read, ``"traceback"``, ``"figure"`` or
        ``"cache"``.
    value : object
        The object that it holds.
    """

    name: str
    kind: HolderKind
    value: Any


def find_shell() -> Any:
    """Return the running IPython shell; None if IPython is not loaded."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def find_hidden(shell: Any) -> list[HiddenHolder]:
    """Return the hidden holders in a shell, the interpreter and matplotlib.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell; without one there are no outputs.

    Returns
    -------
    list of HiddenHolder
        The holders, outputs first; an object with several names is listed for each.
    """
    found: list[HiddenHolder] = []
    if shell is not None:
        found += _find_outputs(shell)
    found += _find_tracebacks(shell)
    found += _find_figures()
    if shell is not None:
        found += _find_scripts(shell)
        found += _find_displayed(shell)
    return found


def find_caches() -> Iterator[HiddenHolder]:
    """Yield the caches of modules.

    These are the caches of ``functools`` on functions outside the standard library and
    this package, and the lines of source files that tracebacks have shown.
    """
    own = __name__.partition(".")[0]
    for cache in gc.get_objects():
        # By its real type, because an object can claim another.
        if type(cache) is functools._lru_cache_wrapper:  # noqa: SLF001 - it has no public name
            library = _read_name(cache, "__module__").partition(".")[0]
            if library not in ("", own, *sys.stdlib_module_names):
                name = f"cache of {_name_cached(cache)} ({library})"
                yield HiddenHolder(name=name, kind="cache", value=cache)
    yield HiddenHolder(name="linecache.cache", kind="cache", value=linecache.cache)


def read_cached(cache: Any) -> list[Any]:
    """Return what a cache of ``functools`` holds in addition to its function."""
    attributes = cache.__dict__
    lasting = (attributes, attributes.get("__wrapped__"))
    return [
        each
        for each in gc.get_referents(cache)
        if not any(each is other for other in lasting)
    ]


def is_output_name(name: str) -> bool:
    """Return whether a name is IPython's name of an output: ``_``, ``__``, ``_3``."""
    return _OUTPUT_NAME.fullmatch(name) is not None


def is_ipythons_name(name: str) -> bool:
    """Return whether a name is not the user's: of outputs, inputs, or every module."""
    return is_output_name(name) or _OTHER_NAME.fullmatch(name) is not None


def belongs_to_ipython(name: str, namespace: Mapping[str, Any], shell: Any) -> bool:
    """Return whether a variable was set by IPython, which uses it."""
    return name in USED_BY_IPYTHON and shell.user_ns_hidden.get(name) is namespace[name]


def read_outputs(shell: Any) -> dict[int, Any]:
    """Return the values that cells have returned, by cell number."""
    found: dict[int, Any] = {}
    # The history keeps its own dict if the user has deleted or replaced ``Out``.
    history = getattr(shell.history_manager, "output_hist", None)
    for outputs in (history, shell.user_ns.get("_oh")):
        if type(outputs) is dict:
            found |= outputs
    return found


def _name_cached(cache: Any) -> str:
    """Return the name of the function of a cache, or of the class of its object."""
    cached = type(cache.__dict__.get("__wrapped__"))
    return _read_name(cache, "__qualname__") or read_qualname(cached)


def _read_name(cache: Any, name: str) -> str:
    """Return an attribute that a cache has from its function; empty if it has none."""
    found = cache.__dict__.get(name)
    return found if type(found) is str else ""


def _find_outputs(shell: Any) -> Iterator[HiddenHolder]:
    namespace = shell.user_ns
    for number, value in read_outputs(shell).items():
        yield HiddenHolder(name=f"Out[{number}]", kind="output", value=value)
    for name, value in list(namespace.items()):
        if type(name) is str and is_output_name(name) and not _is_empty(value):
            yield HiddenHolder(name=name, kind="output", value=value)
    for name, value in list(shell.user_ns_hidden.items()):
        # A copy that outlives the name: `%reset out` keeps it.
        is_copy = is_output_name(name) and namespace.get(name) is not value
        if is_copy and not _is_empty(value):
            holder = f"IPython's copy of {name}"
            yield HiddenHolder(name=holder, kind="output", value=value)
    for name in _LAST_OUTPUTS:
        value = getattr(shell.displayhook, name, "")
        if not _is_empty(value):
            holder = f"the display hook's {name}"
            yield HiddenHolder(name=holder, kind="output", value=value)
    for result in find_results(shell):
        if result.result is not None:
            name = "the last result"
            yield HiddenHolder(name=name, kind="output", value=result.result)


def find_results(shell: Any) -> Iterator[Any]:
    """Yield the last cell's result, as held by the shell and its display hook."""
    last = shell.last_execution_result
    shown = getattr(shell.displayhook, "exec_result", None)
    for result in (last, shown) if last is not shown else (last,):
        if hasattr(result, "result"):
            yield result


def _find_tracebacks(shell: Any) -> Iterator[HiddenHolder]:
    for name in LAST_ERRORS:
        value = getattr(sys, name, None)
        if value is not None and name != "last_type":
            yield HiddenHolder(name=f"sys.{name}", kind="traceback", value=value)
    for name in TRACEBACK_PRINTERS:
        printer = getattr(shell, name, None)
        value = getattr(printer, "tb", None)
        if value is not None:
            holder = f"the last traceback ({name})"
            yield HiddenHolder(name=holder, kind="traceback", value=value)
        debugger = getattr(printer, "pdb", None)
        frames = [getattr(debugger, each, None) for each in DEBUGGER_FRAMES]
        if any(frames):
            yield HiddenHolder(name="the debugger", kind="traceback", value=frames)
    last = getattr(shell, "last_execution_result", None)
    for name in ("error_in_exec", "error_before_exec"):
        error = getattr(last, name, None)
        if error is not None:
            yield HiddenHolder(name="the last error", kind="traceback", value=error)


def find_managers() -> dict[Any, Any]:
    """Return the managers of matplotlib's open figures, by figure number."""
    # Only if it has been imported.
    helpers = find_loaded("matplotlib._pylab_helpers", "Gcf")
    return dict(getattr(helpers, "figs", {}))


def _find_figures() -> Iterator[HiddenHolder]:
    for number, manager in find_managers().items():
        figure = manager.canvas.figure
        yield HiddenHolder(name=f"figure {number}", kind="figure", value=figure)


def _find_scripts(shell: Any) -> Iterator[HiddenHolder]:
    needed: dict[str, set[str]] = {}
    for path, namespace, name in find_script_variables(shell):
        if path not in needed:
            needed[path] = find_needed(namespace, shell.user_ns)
        holder = f"{name} of {Path(path).name}"
        kind: HolderKind = "global" if name in needed[path] else "script"
        yield HiddenHolder(name=holder, kind=kind, value=namespace[name])


def _find_displayed(shell: Any) -> Iterator[HiddenHolder]:
    """Yield the displayed text and images of all cells, which IPython 9 keeps."""
    displayed = getattr(shell.history_manager, "outputs", None)
    if displayed:
        name = "history_manager.outputs"
        yield HiddenHolder(name=name, kind="display", value=displayed)


def _is_empty(value: Any) -> bool:
    """Return whether it is IPython's initial value, or a function such as gettext's."""
    return is_program(value) or (type(value) is str and not value)
