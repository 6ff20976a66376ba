"""Names a class by its module, and a task of the event loop by its name.

A search may reach a class through one of its instances, which suggests that deleting
the instance frees what the class holds. But the module of the class keeps it. The path
from the loop to a task leads through futures and callbacks that users have not created
themselves.
"""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.event_loop import is_task, read_task_name
from jupyter_memkit.measure.holder_search import Root, Way
from jupyter_memkit.measure.sizes.loaded import read_namespace
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_qualname
from jupyter_memkit.measure.sizes.registry import name_module


def start_at_home(way: Way) -> Way:
    """Return the path from the module of the last class, or from the last task, on it.

    Parameters
    ----------
    way : Way
        Any path; one without either, and one that starts at a variable that is the
        class, or leads to it or to the task, is returned as it is.
    """
    # A variable of the user's names a class better than its module does.
    first = 2 if way.root.is_namespace else 1
    for number in reversed(range(first, len(way.steps) - 1)):
        step = way.steps[number]
        if way.root.origin == "registered" and is_task(step):
            root = Root(f"the task {read_task_name(step)}", step, "registered")
            return Way(root, root.name, way.steps[number:])
        home = _find_home(step) if issubclass(type(step), type) else []
        if home:
            root = Root(name_module(step), home[0], "module")
            return Way(root, root.name, [*home, *way.steps[number:]])
    return way


def _find_home(kind: type) -> list[Any]:
    """Return the steps from the module of a class to it; empty if it is not there."""
    name = name_module(kind)
    module = sys.modules.get(name)
    namespace = read_namespace(module)
    # The classes of the program are the user's variables.
    if namespace is None or name == "__main__":
        return []
    *outer, last = str.__str__(read_qualname(kind)).split(".")
    steps: list[Any] = [module, namespace]
    for part in outer:
        found = namespace.get(part)
        if not issubclass(type(found), type):
            return []
        steps.append(found)
        namespace = read_dict(found)
    return steps if namespace.get(last) is kind else []
