"""Tensors: their storages, which views share, by device."""

from __future__ import annotations

import sys
from typing import Any

import torch

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import RAM, Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

transparent("torch.dtype", "torch.device", "torch.layout", "torch.Size")
transparent("torch.Generator", "torch._C.Generator", at_most=16 * 1024)

_BY_ROWS = (torch.sparse_csr, torch.sparse_bsr)
_BY_COLUMNS = (torch.sparse_csc, torch.sparse_bsc)

# An upper bound of the C++ objects that describe a tensor and its storage.
_DESCRIPTION_BYTES = 1024


@sizer("torch.Tensor")
def size_tensor(tensor: Any) -> Parts:
    """Size a tensor with its gradient; memory saved by its graph is not visible."""
    own_bytes = allocated(sys.getsizeof(tensor))
    # A subclass can override torch's functions.
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
        is_whole = tensor.grad_fn is None
        children = () if not tensor.is_leaf or tensor.grad is None else (tensor.grad,)
        if tensor.layout is torch.sparse_coo:
            children += (tensor._indices(), tensor._values())  # noqa: SLF001 - also works when not coalesced
            buffers: tuple[Buffer, ...] = ()
        elif tensor.layout is torch.strided:
            buffers = _find_storage(tensor.untyped_storage())
        elif tensor.layout in _BY_ROWS:
            children += (tensor.values(), tensor.crow_indices(), tensor.col_indices())
            buffers = ()
        elif tensor.layout in _BY_COLUMNS:
            children += (tensor.values(), tensor.ccol_indices(), tensor.row_indices())
            buffers = ()
        else:
            buffers, is_whole = (), False
    return Parts(
        own_bytes=own_bytes,
        buffers=buffers,
        children=children,
        hidden_bytes=_DESCRIPTION_BYTES,
        is_whole=is_whole,
    )


@sizer("torch.storage.UntypedStorage")
def size_storage(storage: Any) -> Parts:
    """Size a storage."""
    return Parts(own_bytes=allocated(sys.getsizeof(())), buffers=_find_storage(storage))


def _find_storage(storage: Any) -> tuple[Buffer, ...]:
    """Return the memory of a storage, if it has any."""
    kind = storage.device.type
    if kind == "meta":
        # Only a shape: models can be built this way before their weights are loaded.
        return ()
    device = RAM if kind == "cpu" else str(storage.device)
    buffer = Buffer(address=storage.data_ptr(), bytes=storage.nbytes(), device=device)
    return (buffer,)
