"""The formatters and callbacks of a library in an IPython shell."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.sizes.registry import name_module
from jupyter_memkit.techniques.unloading.removal import Removal, name_all


def clear(removal: Removal) -> Iterator[str]:
    """Remove formatters and callbacks from the running shell, if there is one.

    Formatters of others for a library's objects are kept by the name of the class.
    """
    shell = find_shell()
    if shell is None:
        return
    kinds = set()
    for formatter in shell.display_formatter.formatters.values():
        for kind, function in list(formatter.type_printers.items()):
            if not removal.owns(kind) and not removal.owns(function):
                continue
            kinds.add(kind)
            formatter.pop(kind)
            if not removal.owns(function):
                name = kind.__qualname__
                formatter.for_type_by_name(name_module(kind), name, function)
    yield from (f"the formatter of {name}" for name in name_all(kinds))
    for event, callbacks in shell.events.callbacks.items():
        found = [each for each in callbacks if removal.owns(each)]
        for callback in found:
            shell.events.unregister(event, callback)
        yield from (f"{name} at {event}" for name in name_all(found))
