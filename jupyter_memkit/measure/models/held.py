"""Finds what a torch tensor keeps alive that the garbage collector does not visit.

A tensor refers to its storage and to its graph in C++. Views share a storage, whose
Python object torch keeps as long as its memory, so the storage represents the memory
wherever it is met. The graph ends in the leaves for which it computes gradients: a loss
keeps all parameters of its model, even after `backward`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Any

from jupyter_memkit.measure.deadlines import has_passed
from jupyter_memkit.measure.sizes.loaded import derives_from

HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)
"""The dicts of hooks among the attributes of a module (torch/nn/modules/module.py)."""

_HOOK_STEPS = frozenset(f".{name}" for name in HOOKS)


class _OutOfTimeError(Exception):
    """Ends the reading of a graph when time is up."""


def is_tensor_type(kind: type) -> bool:
    """Return whether a type is torch's tensor or derives from it."""
    return derives_from(kind, "torch", "Tensor")


def is_module_type(kind: type) -> bool:
    """Return whether a type is torch's module or derives from it."""
    return derives_from(kind, "torch.nn.modules.module", "Module")


def find_hook(steps: Sequence[tuple[Any, str | None]]) -> int | None:
    """Return how many steps lead to a hook of a module; None if none does.

    Parameters
    ----------
    steps : sequence of (object, str or None)
        The objects that lead to another, each with the code of the step that follows.
    """
    for depth, (owner, step) in enumerate(steps):
        if step in _HOOK_STEPS and is_module_type(type(owner)):
            # One step to the dict of the hooks, and one from there.
            return depth + 2
    return None


def is_view(tensor: Any) -> bool:
    """Return whether a tensor is a view of another one."""
    torch: Any = sys.modules["torch"]
    # A subclass can override torch's functions.
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
        return bool(torch.Tensor._is_view(tensor))  # noqa: SLF001 - it has no public name


def find_storage(tensor: Any) -> Any:
    """Return the storage of a tensor; None if its layout has none."""
    torch: Any = sys.modules["torch"]
    # A subclass can override torch's functions.
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
        return tensor.untyped_storage() if tensor.layout is torch.strided else None


def find_held(tensor: Any, deadline_s: float) -> list[Any]:
    """Return the storage of a tensor, and the tensors that its graph keeps.

    Parameters
    ----------
    tensor : torch.Tensor
        The tensor; none of its own code runs.
    deadline_s : float
        When to stop following the graph, as `deadline_after` returns it.

    Returns
    -------
    list
        The storage, unless the layout has none, the leaves of the graph, and what its
        nodes saved for the backward pass, as far as they were reached.
    """
    # Imports torch, which has made the tensor.
    from jupyter_memkit.measure.models.graphs import Graph  # noqa: PLC0415
    from jupyter_memkit.measure.models.tensors import read_graph  # noqa: PLC0415

    def check() -> None:
        if has_passed(deadline_s):
            raise _OutOfTimeError

    storage = find_storage(tensor)
    held = [] if storage is None else [storage]
    root = read_graph(tensor)
    if root is None:
        return held
    graph = Graph(check)
    # What was read until then is returned.
    with contextlib.suppress(_OutOfTimeError):
        graph.add(root)
    for saved in graph.saved.values():
        held += saved
    return held + list(graph.leaves.values())


def name_held(tensor: Any, held: Any) -> str | None:
    """Return the attribute of a tensor that leads to an object; None if none does."""
    torch: Any = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - as above
        if type(held) is torch.UntypedStorage:
            return ".untyped_storage()"
        for name in ("_backward_hooks", "_post_accumulate_grad_hooks"):
            if getattr(tensor, name, None) is held:
                return f".{name}"
        if tensor.is_leaf:
            return ".grad" if tensor.grad is held else None
        return ".grad_fn" if is_tensor_type(type(held)) else None
