"""Lists of torch losses that keep their computation graphs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.sizes.loaded import find_loaded

# How many elements at the end of a list are checked.
_LAST_ELEMENTS = 20


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each list of tensors that were not detached."""
    tensor = find_loaded("torch", "Tensor")
    if not issubclass(type(tensor), type):
        return
    for name, value in scene.variables.items():
        if type(value) is not list:
            continue
        last = value[-_LAST_ELEMENTS:]
        if any(type(each) is tensor and each.grad_fn is not None for each in last):
            cure = f"{name} = [each.item() for each in {name}]"
            yield Hint(
                kind="graph",
                name=name,
                found="its tensors keep their computation graphs",
                cure=cure,
                _call=partial(scene.shell.ex, cure),
            )
