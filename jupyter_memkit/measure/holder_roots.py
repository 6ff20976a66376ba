"""Finds where a search for holders starts.

IPython's own names are left out: a user cannot delete them, and they lead to all that
the shell and the kernel hold. The shell and the kernel have their own roots, named by
expressions, as do the event loop and what was registered with the interpreter. They are
searched from the start, so no path goes through a variable that merely refers to the
same shell, logger, loop or context.
"""

from __future__ import annotations

import contextvars
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.measure.event_loop import find_loop
from jupyter_memkit.measure.hidden import (
    belongs_to_ipython,
    find_hidden,
    find_results,
    is_output_name,
)
from jupyter_memkit.measure.holder_search import Root
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_dict

# IPython's dicts of outputs, whose values are the user's.
_OUTPUTS = ("Out", "_oh")
_DEFAULTS = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler)


def find_roots(shell: Any) -> Iterator[Root]:
    """Yield the roots of the search, the user's names first."""
    for namespace in _read_namespaces(shell):
        # A copy, which is searched in place of the namespace.
        names = {
            name: value
            for name, value in namespace.copy().items()
            if name in _OUTPUTS
            or shell is None
            or not belongs_to_ipython(name, namespace, shell)
        }
        yield Root("", names, "variable", is_namespace=True)
    for holder in find_hidden(shell):
        yield Root(holder.name, holder.value, holder.kind)
    yield from _find_program(shell)
    yield from _find_loggers()
    loop = find_loop()
    if loop is not None:
        yield Root("asyncio.get_running_loop()", loop, "registered")
    yield Root("the context", contextvars.copy_context(), "registered")
    # One step deeper, so that a path starts at a variable that is the handler as well.
    yield Root("", _read_handlers(), "registered", is_namespace=True)
    for name, module in sys.modules.copy().items():
        if module is not None:
            yield Root(name, module, "module")
    yield from _find_frames()


def read_ends(shell: Any) -> list[Any]:
    """Return where a search ends, because every value there is itself a root."""
    found: list[Any] = list(_read_namespaces(shell))
    if shell is not None:
        # What IPython keeps of outputs.
        found += [shell.user_ns_hidden, shell.displayhook, *find_results(shell)]
    return found


def _read_namespaces(shell: Any) -> list[dict[str, Any]]:
    """Return the namespaces of the user."""
    namespaces = [vars(sys.modules["__main__"])]
    if shell is not None and shell.user_ns is not namespaces[0]:
        namespaces.insert(0, shell.user_ns)
    return namespaces


def _find_program(shell: Any) -> Iterator[Root]:
    """Yield the shell, its kernel and application, and the parts that users name."""
    kernel = getattr(shell, "kernel", None)
    display = getattr(shell, "display_formatter", None)
    program = {
        "": shell,
        ".kernel": kernel,
        # The application created the kernel.
        ".kernel.parent": getattr(kernel, "parent", None),
        ".events": getattr(shell, "events", None),
        ".display_formatter": display,
        ".magics_manager": getattr(shell, "magics_manager", None),
    }
    for kind, formatter in getattr(display, "formatters", {}).items():
        program[f".display_formatter.formatters[{kind!r}]"] = formatter
    if shell is not None:
        # Outputs among these names are listed as such, and variables take theirs along.
        program[".user_ns_hidden"] = {
            name: value
            for name, value in list(shell.user_ns_hidden.items())
            if not is_output_name(str(name)) and shell.user_ns.get(name) is not value
        }
    for name, value in program.items():
        if value is not None:
            yield Root(f"get_ipython(){name}", value, "registered")


def _find_loggers() -> Iterator[Root]:
    root = find_loaded("logging", "root")
    if root is None:
        return
    yield Root("logging.getLogger()", root, "registered")
    manager = read_dict(find_loaded("logging", "Logger")).get("manager")
    for name, logger in dict(getattr(manager, "loggerDict", ())).items():
        # Names between two loggers have placeholders.
        if type(name) is str and derives_from(type(logger), "logging", "Logger"):
            yield Root(f"logging.getLogger({name!r})", logger, "registered")


def _read_handlers() -> dict[str, Any]:
    """Return the handlers of signals, by the expressions that return them."""
    handlers = {
        f"signal.getsignal(signal.{each.name})": signal.getsignal(each)
        for each in signal.Signals
    }
    return {
        name: handler
        for name, handler in handlers.items()
        if handler is not None and all(handler is not each for each in _DEFAULTS)
    }


def _find_frames() -> Iterator[Root]:
    """Yield the local variables of functions that run in other threads."""
    frames = sys._current_frames()  # noqa: SLF001 - it has no public name
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        if thread.ident == threading.get_ident():
            continue
        while frame is not None:
            name = f"the thread {thread.name}, {frame.f_code.co_name}()"
            yield Root(name, dict(frame.f_locals), "thread", is_namespace=True)
            frame = frame.f_back
