"""Reads what a torch tensor keeps alive that the garbage collector does not visit.

A tensor refers to its storage and to its computation graph in C++. Views share a
storage, whose Python object torch keeps as long as its memory, so the storage stands
for the memory wherever it is met. The graph ends in the leaves for which it computes
gradients: a loss keeps all parameters of its model, even after `backward`.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from jupyter_memkit.measure.sizes.loaded import (
    derives_from,
    find_loaded,
    read_namespace,
)


def is_tensor_type(kind: type) -> bool:
    """Return whether a type is torch's tensor or derives from it."""
    return derives_from(kind, "torch", "Tensor")


def read_kept(tensor: Any, deadline_s: float) -> list[Any]:
    """Return the storage of a tensor, and the leaves of its computation graph.

    Parameters
    ----------
    tensor : torch.Tensor
        The tensor; none of its own code runs.
    deadline_s : float
        When to stop following the graph, on the clock of `time.perf_counter`.

    Returns
    -------
    list
        The storage, unless the layout has none, and the leaves that were reached.
    """
    torch: Any = sys.modules["torch"]
    # A subclass can override torch's functions.
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
        kept = []
        if tensor.layout is torch.strided:
            kept.append(tensor.untyped_storage())
        return kept + _find_leaves(tensor.grad_fn, deadline_s)


def name_kept(tensor: Any, kept: Any) -> str | None:
    """Return the attribute of a tensor that leads to an object; None if none does."""
    torch: Any = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - as above
        if type(kept) is torch.UntypedStorage:
            return ".untyped_storage()"
        for name in ("_backward_hooks", "_post_accumulate_grad_hooks"):
            if getattr(tensor, name, None) is kept:
                return f".{name}"
        if tensor.is_leaf:
            return ".grad" if tensor.grad is kept else None
        return ".grad_fn" if is_tensor_type(type(kept)) else None


def _find_leaves(node: Any, deadline_s: float) -> list[Any]:
    """Return the tensors for which a graph computes gradients."""
    functions = read_namespace(find_loaded("torch._C", "_functions")) or {}
    leaf_type = functions.get("AccumulateGrad")
    leaves: list[Any] = []
    seen: set[Any] = set()
    waiting = [node]
    while waiting and time.perf_counter() < deadline_s:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        # The nodes are kept: torch makes an equal object on each access otherwise.
        seen.add(node)
        if type(node) is leaf_type:
            leaves.append(node.variable)
        else:
            waiting += [before for before, _ in node.next_functions]
    return leaves
