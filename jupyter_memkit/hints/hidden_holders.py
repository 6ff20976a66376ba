"""Values that only outputs, tracebacks, figures, scripts or caches keep alive."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.hidden import HolderKind
from jupyter_memkit.techniques.release import free
from jupyter_memkit.track.leaks.hidden import HiddenLeak, find_hidden_leaks, join

# The option of `free` that releases each kind; every call releases tracebacks.
_OPTIONS: dict[HolderKind, str] = {
    "cache": "caches",
    "display": "outputs",
    "figure": "figures",
    "output": "outputs",
    "script": "scripts",
}


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each group of holders that are released together."""
    for leak in find_hidden_leaks(scene.shell, scene.variables, scene.measure):
        yield _build(scene, leak)


def _build(scene: Scene, leak: HiddenLeak) -> Hint:
    options: dict[str, Any] = {
        _OPTIONS[kind]: True for kind in leak.kinds if kind in _OPTIONS
    }
    names: dict[str, None] = {}
    if leak.kinds == ("script",):
        # "loaded of load.py": the variable comes before its script.
        names = dict.fromkeys(name.partition(" ")[0] for name in leak.names)
        options = {}
    name = join(leak.names)
    if leak.kinds[-1] in ("output", "traceback"):
        name = leak.names[0]
    return Hint(
        kind=leak.kinds[-1],
        name=name,
        found=leak.note,
        bytes=leak.bytes,
        accuracy="exact" if leak.exact else "at most",
        cure=" ".join(["%memfree", *names, *(f"--{each}" for each in options)]),
        _call=partial(free, *names, shell=scene.shell, **options),
    )
