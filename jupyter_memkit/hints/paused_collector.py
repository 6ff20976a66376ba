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
    call: Callable[[], object] = gc.enable
    if status.paused_by == SWITCH:
        call = partial(scene.shell.run_line_magic, "gc_pause", "off")
    yield Hint(
        kind="gc_paused",
        name="the garbage collector",
        found="is paused, so reference cycles stay in memory",
        cure=status.cure,
        _call=call,
    )
