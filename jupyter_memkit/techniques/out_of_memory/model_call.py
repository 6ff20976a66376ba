"""Reads from the frames of an error which call of a torch model has failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.error_chain import read_traceback

_CALL = ("torch.nn.modules.module", "_call_impl")
_BACKWARD = ("torch.autograd.graph", "_engine_run_backward")
_CHECKPOINTING = "torch.utils.checkpoint"
# The method with which models of transformers begin to compute activations again.
_ENABLE = "gradient_checkpointing_enable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """The call of a model, or the backward pass, that has failed.

    Attributes
    ----------
    model : str or None
        The class of the outermost model; None for a backward pass.
    batch : int or None
        The length of the first tensor that it was called with; None if it has none.
    trains : bool
        Whether the model is in training mode, or its backward pass ran.
    records : bool
        Whether a graph of the call was recorded.
    checkpoints : bool
        Whether activations are computed again rather than kept.
    enables : bool
        Whether the model has transformers' method for that.
    grad_bytes : int
        The gradients that the model held.
    activation_bytes : int
        The tensors that the call had made until then, for which it needs memory in
        proportion to its batch.
    """

    model: str | None
    batch: int | None = None
    trains: bool = True
    records: bool = True
    checkpoints: bool = False
    enables: bool = False
    grad_bytes: int = 0
    activation_bytes: int = 0


def find_model_call(error: BaseException) -> ModelCall | None:
    """Return the outermost call of a model among the frames of an error.

    No code of the model runs, and nothing of it is kept.

    Parameters
    ----------
    error : BaseException
        The error that reports the failed allocation.
    """
    tensor: Any = find_loaded("torch", "Tensor")
    if tensor is None:
        return None
    frames = list(_walk_frames(error))
    places = [
        (frame.f_globals.get("__name__"), frame.f_code.co_name) for frame in frames
    ]
    checkpoints = any(module == _CHECKPOINTING for module, _ in places)
    if _CALL not in places:
        is_backward = _BACKWARD in places
        return ModelCall(model=None, checkpoints=checkpoints) if is_backward else None
    first = places.index(_CALL)
    variables = frames[first].f_locals
    model = variables["self"]
    # Imports torch, which has called the model.
    from jupyter_memkit.measure.models.modules import find_layers  # noqa: PLC0415

    layers = list(find_layers(model))
    return ModelCall(
        model=type(model).__name__,
        batch=_find_batch(variables, tensor),
        trains=dict(read_attributes(model)).get("training") is True,
        records=any(
            type(value) is tensor and value.grad_fn is not None
            for frame in frames[first:]
            for value in list(frame.f_locals.values())
        ),
        checkpoints=checkpoints
        or any(_is_checkpointing(layer.module) for layer in layers),
        enables=any(_ENABLE in vars(kind) for kind in type(model).__mro__),
        grad_bytes=_read_grad_bytes(layers),
        activation_bytes=_read_activation_bytes(frames[first:], layers, tensor),
    )


def _walk_frames(error: BaseException) -> Iterator[FrameType]:
    trace = read_traceback(error)
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _find_batch(variables: Any, tensor: Any) -> int | None:
    for value in (*variables["args"], *variables["kwargs"].values()):
        if type(value) is tensor and value.dim() > 0:
            return int(value.shape[0])
    return None


def _is_checkpointing(module: Any) -> bool:
    attributes = dict(read_attributes(module))
    return attributes.get("gradient_checkpointing") is True


def _read_activation_bytes(
    frames: list[FrameType], layers: list[Any], kind: type
) -> int:
    """Return the tensors of a call, without its arguments and what its model has."""
    from jupyter_memkit.measure.models.graphs import Graph  # noqa: PLC0415 - as above
    from jupyter_memkit.measure.models.tensors import (  # noqa: PLC0415
        find_buffers,
        read_graph,
    )

    local = [each for frame in frames for each in list(frame.f_locals.values())]
    tensors = [each for each in local if type(each) is kind]
    graph = Graph(lambda: None)
    for node in map(read_graph, list(tensors)):
        if node is not None:
            graph.add(node)
    for saved in graph.saved.values():
        tensors += saved
    arguments = frames[0].f_locals
    given = [*arguments["args"], *arguments["kwargs"].values()]
    others = [each for each in given if type(each) is kind]
    for layer in layers:
        others += [*layer.parameters, *layer.buffers]
    made, known = (
        {buffer for each in several for buffer in find_buffers(each)[0]}
        for several in (tensors, others)
    )
    return sum(buffer.bytes for buffer in made - known)


def _read_grad_bytes(layers: list[Any]) -> int:
    """Return the gradients of the parameters in layers, each memory once."""
    from jupyter_memkit.measure.models.tensors import (  # noqa: PLC0415 - as above
        find_buffers,
        read_gradient,
    )

    buffers = {
        buffer
        for layer in layers
        for parameter in layer.parameters
        if (gradient := read_gradient(parameter)) is not None
        for buffer in find_buffers(gradient)[0]
    }
    return sum(buffer.bytes for buffer in buffers)
