"""A garbage collector paused by hand, which leaves reference cycles in memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.techniques.gc_pausing.switch import SWITCH, read_gc_status


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint during a pause that only the user can end."""
    status = read_gc_status()
    if status.enabled or status.cure is None:
        return
    cure, call = _RESUME
    if status.paused_by == SWITCH:
        cure = status.cure
        call = partial(scene.shell.run_line_magic, "gc_pause", "off")
    yield Hint(
        kind="gc_paused",
        name="the garbage collector",
        found="is paused, so reference cycles stay in memory",
        cure=cure,
        _call=call,
    )


def _resume() -> None:
    gc.enable()
    gc.collect()


# Enabled alone, it runs only when many more objects have been created.
_RESUME: tuple[str, Callable[[], object]] = (
    "import gc; gc.enable(); gc.collect()",
    _resume,
)
