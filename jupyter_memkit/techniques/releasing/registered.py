"""Names what was registered with IPython, the interpreter or the event loop.

The statement that releases it is written where it is certain. Others have to be removed
where they were registered, because only the library knows how. A statement whose value
still refers to what it releases ends with a semicolon, which keeps it out of ``Out``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import Context, copy_context
from itertools import pairwise
from types import CoroutineType, FunctionType, MethodType
from typing import Any

from jupyter_memkit.measure.chains import find_variable
from jupyter_memkit.measure.event_loop import is_task, read_task_name
from jupyter_memkit.measure.holder_search import Way
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_dict

_WIDGET = ("ipywidgets.widgets.widget", "Widget")
# What a path leads through, by module and class.
_ROLES = {
    _WIDGET: "widget",
    ("IPython.core.events", "EventManager"): "callback of an IPython event",
    ("IPython.core.formatters", "BaseFormatter"): "display formatter",
    ("IPython.core.magic", "Magics"): "magic",
    ("IPython.core.magic", "MagicsManager"): "magic",
    ("logging", "Logger"): "logger",
    ("asyncio.base_events", "BaseEventLoop"): "event loop",
}
_TIMER = ("asyncio.events", "TimerHandle")
# A task releases its variables when its loop runs the next time.
_CANCEL_TASK = "import asyncio; {}; await asyncio.sleep(0)"
_CALLBACK = re.compile(r"get_ipython\(\)\.events\.callbacks\[('\w+')\]\[(\d+)\]")
_HANDLER = re.compile(r"signal\.getsignal\((signal\.\w+)\)")


def find_registered_role(way: Way) -> str:
    """Describe what a path from the interpreter or IPython leads through."""
    if _find_finalizer(way) is not None:
        return "finalizer"
    if find_widget(way) is not None:
        return "widget"
    if way.root.origin != "registered" or _find_context(way) is not None:
        return ""
    if _HANDLER.match(way.name):
        return "handler of a signal"
    for step in way.steps[:-1]:
        for (module, name), role in _ROLES.items():
            if derives_from(type(step), module, name):
                return role
    return ""


def count_steps(way: Way) -> int | None:
    """Return how many steps lead to a callback or handler; None for other paths."""
    pattern = _HANDLER if _HANDLER.match(way.name) else _CALLBACK
    for number in range(1, len(way.steps) + 1):
        if pattern.fullmatch(way.write(number)):
            return number
    return None


def write_release(way: Way, namespace: Mapping[str, Any]) -> str | None:
    """Return the statement that releases what holds a value, if that is certain.

    Parameters
    ----------
    way : Way
        The path to the value.
    namespace : mapping of str to object
        The user's variables, which may name what was registered.
    """
    context = _find_context(way)
    if context is not None:
        return _write_reset(way.steps[context + 1 :], namespace)
    if way.root.origin == "module":
        return _write_ending(way, namespace)
    if way.root.origin != "registered":
        return None
    n_steps = count_steps(way)
    if n_steps is None:
        return _write_cancel(way, namespace)
    return _write_unregister(way.write(n_steps), way.steps[n_steps - 1])


def place_of(line: str) -> int:
    """Return the place of the callback that a line unregisters; 0 for other lines."""
    found = _CALLBACK.search(line)
    return int(found[2]) if found else 0


def _find_context(way: Way) -> int | None:
    """Return the number of the step that is a context; None if there is none."""
    numbers = (n for n, step in enumerate(way.steps[:-1]) if type(step) is Context)
    return next(numbers, None)


def _write_ending(way: Way, namespace: Mapping[str, Any]) -> str | None:
    """Return the statement that ends a finalizer or a widget that a variable names."""
    ended, line = _find_finalizer(way), "{}.detach();"
    if ended is None:
        number = find_widget(way)
        ended, line = None if number is None else way.steps[number], "{}.close()"
    name = None if ended is None else _find_name(ended, namespace)
    return None if name is None else line.format(name)


def find_widget(way: Way) -> int | None:
    """Return the number of the widget that ipywidgets has registered; None if none."""
    if way.root.origin != "module":
        return None
    numbers = (
        number
        for number, step in enumerate(way.steps[:-1])
        if derives_from(type(step), *_WIDGET)
    )
    return next(numbers, None)


def _write_cancel(way: Way, namespace: Mapping[str, Any]) -> str | None:
    """Return the statement that cancels a timer or a task of the event loop."""
    for step in way.steps[:-1]:
        is_timer = derives_from(type(step), *_TIMER)
        if not (is_timer or is_task(step)):
            continue
        name = _find_name(step, namespace)
        cancel = None if name is None else f"{name}.cancel()"
        if is_timer:
            return cancel
        cancel = cancel or _write_cancel_by_name(step)
        return None if cancel is None else _CANCEL_TASK.format(cancel)
    return None


def _write_cancel_by_name(task: Any) -> str | None:
    """Return what cancels a task of the user's, if no other task has its name."""
    import asyncio  # noqa: PLC0415 - it is already, because there is a task

    # Not the methods of the task, whose class can be the user's.
    tasks = asyncio.all_tasks(asyncio.Task.get_loop(task))
    name = read_task_name(task)
    is_unique = [read_task_name(each) for each in tasks].count(name) == 1
    if not (is_unique and _runs_users_code(asyncio.Task.get_coro(task))):
        return None
    return (
        "[each.cancel() for each in asyncio.all_tasks() "
        f"if each.get_name() == {name!r}]"
    )


def _runs_users_code(coroutine: Any) -> bool:
    """Return whether a coroutine is of a function of the user's."""
    frame = coroutine.cr_frame if type(coroutine) is CoroutineType else None
    return frame is not None and frame.f_globals.get("__name__") == "__main__"


def _find_finalizer(way: Way) -> Any:
    """Return the finalizer whose arguments hold the value; None if none does."""
    registry = read_dict(find_loaded("weakref", "finalize")).get("_registry")
    for step, info in pairwise(way.steps):
        if step is registry:
            found = (key for key, its in registry.copy().items() if its is info)
            return next(found, None)
    return None


def _write_unregister(text: str, registered: Any) -> str | None:
    """Return the statement that removes a handler or a callback, given its path."""
    handler = _HANDLER.fullmatch(text)
    if handler is not None:
        name = handler[1]
        default = "default_int_handler" if name == "signal.SIGINT" else "SIG_DFL"
        return f"import signal; signal.signal({name}, signal.{default});"
    callback = _CALLBACK.fullmatch(text)
    if callback is None or not _is_users(registered):
        return None
    return f"get_ipython().events.unregister({callback[1]}, {text})"


def _write_reset(values: list[Any], namespace: Mapping[str, Any]) -> str | None:
    """Return the statement that resets a variable of the current context."""
    context = copy_context()
    for value in values:
        variable = find_variable(context, value)
        if variable is not None:
            name = _find_name(variable, namespace)
            return None if name is None else f"{name}.set(None);"
    return None


def _find_name(value: Any, namespace: Mapping[str, Any]) -> str | None:
    """Return a name of a value; not ``_``, which is another output in the next cell."""
    names = (name for name, its in namespace.items() if its is value)
    return next((name for name in names if name.strip("_")), None)


def _is_users(callback: Any) -> bool:
    """Return whether a function or method is the user's, and not a library's."""
    function = callback.__func__ if type(callback) is MethodType else callback
    if type(function) is not FunctionType:
        return False
    module = function.__globals__.get("__name__")
    return type(module) is str and module == "__main__"
