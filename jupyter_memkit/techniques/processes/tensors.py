"""Pickles tensors with their gradients, and refuses those with a graph.

torch would silently leave out both, and ``backward()`` would do something else.
"""

from __future__ import annotations

import pickle
from typing import Any

from jupyter_memkit.measure.sizes.loaded import derives_from


def is_tensor(kind: type) -> bool:
    """Return whether the objects of a type are torch tensors."""
    return derives_from(kind, "torch", "Tensor")


def reduce_tensor(obj: Any) -> tuple[Any, ...] | None:
    """Return how to pickle a tensor with a gradient; None for any other object.

    Raises
    ------
    pickle.PicklingError
        If it is a tensor with a graph.
    """
    if not is_tensor(type(obj)):
        return None
    # It imports torch, which is loaded now.
    from jupyter_memkit.measure.models.tensors import (  # noqa: PLC0415
        read_gradient,
        read_graph,
    )

    if read_graph(obj) is not None:
        message = (
            "the graph of a tensor with a grad_fn stays in its process, and .detach() "
            "gives a tensor without one"
        )
        raise pickle.PicklingError(message)
    gradient = read_gradient(obj)
    if gradient is None:
        return None
    reduced = obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    if len(reduced) > 2:
        # The class pickles its own state, which torch's classes never do.
        return None
    return (*reduced, gradient, None, None, _set_gradient)


def _set_gradient(tensor: Any, gradient: Any) -> None:
    tensor.grad = gradient
