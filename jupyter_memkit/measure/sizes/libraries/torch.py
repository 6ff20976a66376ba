"""Tensors: their storages, which views share, by device."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.measure.models.tensors import (
    read_gradient,
    read_graph,
    read_memory,
    read_storage,
)
from jupyter_memkit.measure.models.torchscript import read_torchscript
from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("torch.dtype", "torch.device", "torch.layout", "torch.Size")
transparent("torch.Generator", "torch._C.Generator", at_most=16 * 1024)

# An upper bound of the C++ objects that describe a tensor and its storage.
_DESCRIPTION_BYTES = 1024


@sizer("torch.Tensor")
def size_tensor(tensor: Any) -> Parts:
    """Size a tensor with its gradient; `model_sizes` sizes what its graph saved."""
    memory = read_memory(tensor)
    gradient = read_gradient(tensor)
    return Parts(
        own_bytes=allocated(sys.getsizeof(tensor)),
        buffers=memory.buffers,
        children=memory.inner if gradient is None else (*memory.inner, gradient),
        hidden_bytes=_DESCRIPTION_BYTES,
        is_whole=memory.is_whole and read_graph(tensor) is None,
    )


@sizer("torch.storage.UntypedStorage")
def size_storage(storage: Any) -> Parts:
    """Size a storage."""
    return Parts(own_bytes=allocated(sys.getsizeof(())), buffers=read_storage(storage))


@sizer("torch.ScriptObject", "torch.jit.torch.jit.ScriptFunction")
def size_torchscript(value: Any) -> Parts:
    """Size an object of TorchScript by its tensors; compiled code is not visible."""
    return Parts(
        own_bytes=allocated(sys.getsizeof(value)),
        children=tuple(read_torchscript(value)),
        is_whole=False,
    )
