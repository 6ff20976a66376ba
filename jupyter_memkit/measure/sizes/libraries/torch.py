"""Tensors: their storages, which views share, by the device they are on."""

from __future__ import annotations

import sys
from typing import Any

import torch

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import RAM, Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("torch.dtype", "torch.device", "torch.layout", "torch.Size")
transparent("torch.Generator", "torch._C.Generator", at_most=16 * 1024)


@sizer("torch.Tensor")
def size_tensor(tensor: Any) -> Parts:
    """Size a tensor with its gradient; what its graph has saved cannot be told."""
    own_bytes = allocated(sys.getsizeof(tensor))
    # A subclass can have functions of its own in the place of torch's.
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
        is_whole = tensor.grad_fn is None
        children = () if not tensor.is_leaf or tensor.grad is None else (tensor.grad,)
        if tensor.layout is torch.sparse_coo:
            children += (tensor._indices(), tensor._values())  # noqa: SLF001 - works also when not coalesced
            buffers: tuple[Buffer, ...] = ()
        elif tensor.layout is torch.strided:
            buffers = (_read_storage(tensor.untyped_storage()),)
        else:
            children += (tensor.values(),)
            buffers, is_whole = (), False
    return Parts(
        own_bytes=own_bytes, buffers=buffers, children=children, is_whole=is_whole
    )


@sizer("torch.storage.UntypedStorage")
def size_storage(storage: Any) -> Parts:
    """Size a storage."""
    return Parts(
        own_bytes=allocated(sys.getsizeof(())), buffers=(_read_storage(storage),)
    )


def _read_storage(storage: Any) -> Buffer:
    device = RAM if storage.device.type == "cpu" else str(storage.device)
    return Buffer(address=storage.data_ptr(), bytes=storage.nbytes(), device=device)
