"""Reads tensors without running code of their classes; imported only once torch is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.parts import RAM, Buffer

# The base that torch's subclasses and the user's share. A subclass can override what
# it inherits, so everything is read through the base.
_Base: Any = torch.Tensor.__mro__[1]

_BY_ROWS = (torch.sparse_csr, torch.sparse_bsr)
_BY_COLUMNS = (torch.sparse_csc, torch.sparse_bsc)


@dataclass(frozen=True, slots=True)
class TensorMemory:
    """The memory behind a tensor.

    Attributes
    ----------
    buffers : tuple of Buffer
        Its storage, if it has one.
    inner : tuple of torch.Tensor
        The tensors that it consists of: the indices and values of a sparse one, the
        local part of a distributed one.
    is_whole : bool
        Whether this is everything.
    """

    buffers: tuple[Buffer, ...] = ()
    inner: tuple[Any, ...] = ()
    is_whole: bool = True


def is_tensor(value: Any) -> bool:
    """Return whether a value is a tensor, by its real type."""
    return issubclass(type(value), torch.Tensor)


def read_memory(tensor: Any) -> TensorMemory:
    """Return the memory behind a tensor.

    Parameters
    ----------
    tensor : torch.Tensor
        Any tensor, also one without values, or on a device that was removed.
    """
    try:
        # A subclass can override torch's functions.
        with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
            return _read_memory(tensor)
    except RuntimeError:
        # Layouts without a storage, such as MKL-DNN's.
        return TensorMemory(is_whole=False)


def _read_memory(tensor: Any) -> TensorMemory:
    layout = _Base.layout.__get__(tensor)
    if layout is torch.sparse_coo:
        # Unlike the public methods, these also work when it is not coalesced.
        return TensorMemory(inner=(_Base._indices(tensor), _Base._values(tensor)))  # noqa: SLF001
    if layout in _BY_ROWS:
        parts = (_Base.values, _Base.crow_indices, _Base.col_indices)
        return TensorMemory(inner=tuple(part(tensor) for part in parts))
    if layout in _BY_COLUMNS:
        parts = (_Base.values, _Base.ccol_indices, _Base.row_indices)
        return TensorMemory(inner=tuple(part(tensor) for part in parts))
    inner = tuple(
        value
        for _, value in (() if _is_plain(tensor) else read_attributes(tensor))
        if is_tensor(value)
    )
    try:
        buffers = read_storage(_Base.untyped_storage(tensor))
    except RuntimeError:
        # A subclass that only wraps other tensors has no storage.
        return TensorMemory(inner=inner, is_whole=bool(inner))
    return TensorMemory(buffers=buffers, inner=inner)


def find_buffers(tensor: Any) -> tuple[list[Buffer], bool]:
    """Return all memory behind a tensor, and whether this is everything."""
    buffers: list[Buffer] = []
    is_whole = True
    waiting = [tensor]
    while waiting:
        memory = read_memory(waiting.pop())
        buffers += memory.buffers
        waiting += memory.inner
        is_whole = is_whole and memory.is_whole
    return buffers, is_whole


def read_storage(storage: Any) -> tuple[Buffer, ...]:
    """Return the memory of a storage, if it has any."""
    kind = storage.device.type
    # A storage on "meta" is only a shape, and so is one without an address: that of a
    # tensor that wraps others, or that was freed until it is needed.
    if kind == "meta" or not storage.data_ptr():
        return ()
    device = RAM if kind == "cpu" else str(storage.device)
    return (Buffer(address=storage.data_ptr(), bytes=storage.nbytes(), device=device),)


def read_gradient(tensor: Any) -> Any:
    """Return the gradient that a leaf of the graph collects, or None."""
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
        return _Base.grad.__get__(tensor) if _Base.is_leaf.__get__(tensor) else None


def read_graph(tensor: Any) -> Any:
    """Return the node of the graph that computed a tensor; None if it has no graph."""
    try:
        with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
            return _Base.grad_fn.__get__(tensor)
    except RuntimeError:
        # A view whose base was changed in place where no gradient was recorded.
        return None


def count_values(tensor: Any) -> int:
    """Return the number of values in a tensor."""
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - there is no other way
        return int(_Base.numel(tensor))


def iterate_tensors(values: Iterable[Any]) -> Iterator[Any]:
    """Yield the tensors in nested lists, tuples and dicts, each place once."""
    waiting = list(values)
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if is_tensor(value):
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            if issubclass(type(value), dict):
                waiting += dict.values(value)
            elif contains_identical((list, tuple), type(value)):
                waiting += value


def _is_plain(tensor: Any) -> bool:
    return contains_identical((torch.Tensor, torch.nn.Parameter), type(tensor))
