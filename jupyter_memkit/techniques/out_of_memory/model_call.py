"""Reads from the frames of an error which call of a torch model has failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.out_of_memory.chain import read_traceback

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
    """

    model: str | None
    batch: int | None = None
    trains: bool = True
    records: bool = True
    checkpoints: bool = False
    enables: bool = False
    grad_bytes: int = 0


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
    modules = list(_walk_modules(model))
    return ModelCall(
        model=type(model).__name__,
        batch=_find_batch(variables, tensor),
        trains=_read(model, "training") is True,
        records=any(
            type(value) is tensor and value.grad_fn is not None
            for frame in frames[first:]
            for value in list(frame.f_locals.values())
        ),
        checkpoints=checkpoints
        or any(_read(each, "gradient_checkpointing") is True for each in modules),
        enables=any(_ENABLE in vars(kind) for kind in type(model).__mro__),
        grad_bytes=sum(map(_read_grad_bytes, modules)),
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


def _read(module: Any, name: str) -> Any:
    """Return an attribute of an object, without its class's code."""
    return object.__getattribute__(module, "__dict__").get(name)


def _walk_modules(model: Any) -> Iterator[Any]:
    """Yield a model and its parts, each once."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        module = waiting.pop()
        if module is not None and id(module) not in seen:
            seen.add(id(module))
            yield module
            waiting += (_read(module, "_modules") or {}).values()


def _read_grad_bytes(module: Any) -> int:
    """Return the gradients of a module's own parameters."""
    read_grad = vars(find_loaded("torch._C", "TensorBase"))["grad"].__get__
    plain = (find_loaded("torch", "Tensor"), find_loaded("torch.nn", "Parameter"))
    total_bytes = 0
    for parameter in (_read(module, "_parameters") or {}).values():
        grad: Any = read_grad(parameter) if type(parameter) in plain else None
        if type(grad) in plain:
            total_bytes += grad.numel() * grad.element_size()
    return total_bytes
