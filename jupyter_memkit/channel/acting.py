"""Changes a variable, or unloads a library, at the request of the page.

The request comes on the shell channel: so an action waits for its turn among the cells,
can be interrupted like one, and runs on the thread that made the objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from IPython.core.getipython import get_ipython

from jupyter_memkit import protocol
from jupyter_memkit.channel.identity import find_value
from jupyter_memkit.channel.inspecting import unavailable
from jupyter_memkit.channel.requests import find_fault
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.protocol import VariableAction
from jupyter_memkit.techniques.arrays.pack_names import pack_names
from jupyter_memkit.techniques.arrays.records import Packed, Shrunk
from jupyter_memkit.techniques.arrays.shrink_names import shrink_names
from jupyter_memkit.techniques.release import free
from jupyter_memkit.techniques.spilling.variables import (
    Spilled,
    spill_variables,
    unspill_variables,
)
from jupyter_memkit.techniques.variables.undo import undo_names


@dataclass(frozen=True, slots=True)
class Shown:
    """A reply in the form in which the kernel returns the value of an expression."""

    reply: protocol.Reply

    def _repr_json_(self) -> dict[str, Any]:
        return dict(self.reply)


def act(text: str) -> Shown:
    """Carry out a request.

    A variable is changed only if it still holds the listed object.

    Parameters
    ----------
    text : str
        An `Act` or an `Unload` as JSON. Nothing in it is evaluated.

    Returns
    -------
    Shown
        The reply: what was done, or why nothing was changed.
    """
    request = json.loads(text)
    fault = find_fault(request, ["act", "unload"])
    if fault is not None:
        return Shown(fault)
    shell: Any = get_ipython()
    name = request["name"]
    try:
        if request["type"] == "unload":
            # Imported on first use: few unload a library from the page.
            from jupyter_memkit.channel.libraries import (  # noqa: PLC0415
                unload_library,
            )

            return Shown(unload_library(name, shell))
        find_value(shell, name, request["token"])
        return Shown(_ACTIONS[request["action"]](name, shell))
    except MemkitError as error:
        return Shown(unavailable(error))


def _acted(
    action: VariableAction,
    name: str,
    freed_bytes: int,
    *,
    sizes: tuple[int | None, int | None] = (None, None),
    along: Sequence[str] = (),
    holders: Sequence[str] = (),
    remedies: Sequence[str] = (),
) -> protocol.Acted:
    before_bytes, after_bytes = sizes
    return {
        "type": "acted",
        "protocol": protocol.PROTOCOL_VERSION,
        "action": action,
        "name": name,
        "freed_bytes": freed_bytes,
        "before_bytes": before_bytes,
        "after_bytes": after_bytes,
        "along": list(along),
        "holders": list(holders),
        "remedies": list(remedies),
    }


def _delete(name: str, shell: Any) -> protocol.Acted:
    freed = free(name, shell=shell)
    held = freed.held.get(name)
    return _acted(
        "delete",
        name,
        freed.total_bytes,
        holders=held.holders if held else (),
        remedies=held.remedies if held else (),
    )


def _shrink(name: str, shell: Any) -> protocol.Acted:
    return _replaced("shrink", name, shrink_names(name, shell=shell))


def _to_array(name: str, shell: Any) -> protocol.Acted:
    return _replaced("to_array", name, pack_names(name, shell=shell))


def _replaced(
    action: VariableAction, name: str, done: Shrunk | Packed
) -> protocol.Acted:
    (replaced,) = done.variables
    return _acted(
        action,
        name,
        done.freed_bytes or 0,
        sizes=(replaced.before_bytes, replaced.after_bytes),
        along=[each for each in replaced.name.split(", ") if each != name],
        holders=replaced.held,
    )


def _restore(name: str, shell: Any) -> protocol.Acted:
    before_bytes = sizeof(shell.user_ns[name]).bytes
    before_rss_bytes = read_rss_bytes()
    restored = undo_names(name, shell=shell)
    freed_bytes = before_rss_bytes - read_rss_bytes()
    after_bytes = sizeof(shell.user_ns[name]).bytes
    return _acted(
        "restore",
        name,
        freed_bytes,
        sizes=(before_bytes, after_bytes),
        along=[each for each in restored.names if each != name],
    )


def _spill(name: str, shell: Any) -> protocol.Acted:
    return _moved("spill", name, spill_variables(name, shell=shell))


def _load(name: str, shell: Any) -> protocol.Acted:
    return _moved("load", name, unspill_variables(name, shell=shell))


def _moved(action: VariableAction, name: str, moved: Spilled) -> protocol.Acted:
    return _acted(action, name, moved.freed_bytes, along=moved.along)


_ACTIONS: dict[VariableAction, Callable[[str, Any], protocol.Acted]] = {
    "delete": _delete,
    "shrink": _shrink,
    "restore": _restore,
    "to_array": _to_array,
    "spill": _spill,
    "load": _load,
}
