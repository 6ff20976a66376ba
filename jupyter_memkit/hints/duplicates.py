"""Arrays and frames that hold the same data as another variable."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.track.leaks.duplicates import find_duplicates


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each variable that another one could replace."""
    own = {name: scene.own_bytes(name) for name in scene.variables}
    for name, original in find_duplicates(scene.variables, own, scene.deadline_s):
        cure = f"{name} = {original}"
        yield Hint(
            kind="duplicate",
            name=name,
            found=f"holds the same data as {original}",
            bytes=own[name],
            cure=cure,
            _call=partial(scene.shell.ex, cure),
        )
