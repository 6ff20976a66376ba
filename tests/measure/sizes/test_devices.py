"""Arrays on graphics devices, by fakes with the names of torch, cupy and jax.

The real torch is measured by ``truth.py`` where it is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.measure.sizes import registry, sizeof, sizes

LIBRARIES = "jupyter_memkit.measure.sizes.libraries"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Drop the registrations for the fakes, and our imported files for them."""
    # Those for Python and numpy stay.
    sizeof(np.ones(1))
    monkeypatch.setattr(registry, "_by_name", dict(registry._by_name))
    registry._import_file.cache_clear()
    yield
    registry._import_file.cache_clear()
    for name in ("torch", "cupy", "jaxlib"):
        sys.modules.pop(f"{LIBRARIES}.{name}", None)


def named(kind: type, module: str, name: str) -> Any:
    """Give a class the name of a class of another library."""
    kind.__module__, kind.__qualname__ = module, name
    return kind


# The memory of the storages, to which they do not refer.
MEMORY = np.ones(8_000_000, np.uint8)


class Storage:
    """Memory of a tensor."""

    def __init__(self, device: str, n_bytes: int) -> None:
        self.device = Device(device)
        self._n_bytes = n_bytes

    def data_ptr(self) -> int:
        """Return the address."""
        return MEMORY.ctypes.data

    def nbytes(self) -> int:
        """Return the length."""
        return self._n_bytes


class Device:
    """A device by its name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.type = name.partition(":")[0]

    def __str__(self) -> str:
        return self._name


# The compressed layouts of torch.
SPARSE = ("bsc", "bsr", "csc", "csr")


@pytest.fixture
def tensor_type(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of tensors of a fake torch."""

    class Tensor:
        layout = "strided"
        grad_fn = grad = None
        is_leaf = True

        def __init__(self, storage: Storage) -> None:
            self._storage = storage

        def untyped_storage(self) -> Storage:
            return self._storage

    torch = ModuleType("torch")
    for name in ("strided", "sparse_coo", *(f"sparse_{it}" for it in SPARSE)):
        setattr(torch, name, name)
    torch._C = SimpleNamespace(  # type: ignore[attr-defined]
        DisableTorchFunctionSubclass=nullcontext
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    return named(Tensor, "torch", "Tensor")


def test_tensors_on_a_device(tensor_type: Any) -> None:
    """Views of a storage count once, on its device and not in main memory."""
    storage = Storage("cuda:1", 8_000_000)
    found = sizes({"a": tensor_type(storage), "b": tensor_type(storage)})
    assert found["a"].elsewhere == {"cuda:1": 8_000_000}
    assert (found["a"].device, found["a"].bytes < 5000) == ("cuda:1", True)
    # The description of a tensor is small compared with its data.
    assert found["a"].exact
    assert sizeof([tensor_type(storage)] * 2).elsewhere == {"cuda:1": 8_000_000}
    assert found.total_bytes < 10_000


def test_tensors_in_memory(tensor_type: Any) -> None:
    """Tensors on the processor share what their storages share."""
    storage = Storage("cpu", 8_000_000)
    found = sizes({"a": tensor_type(storage), "b": tensor_type(storage)})
    assert found["a"].shared_bytes >= 8_000_000
    assert 8_000_000 < found.total_bytes < 8_010_000


def test_graphs_and_gradients(tensor_type: Any) -> None:
    """A gradient counts, and memory saved by a graph is reported as unknown."""
    loss = tensor_type(Storage("cpu", 4))
    loss.grad_fn, loss.is_leaf = object(), False
    assert not sizeof(loss).exact
    weight = tensor_type(Storage("cpu", 1000))
    weight.grad = tensor_type(Storage("cuda:0", 2000))
    assert sizeof(weight).elsewhere == {"cuda:0": 2000}


def test_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CuPy array counts as the block that contains its memory."""
    monkeypatch.setitem(sys.modules, "cupy", ModuleType("cupy"))

    class Array:
        def __init__(self) -> None:
            memory = SimpleNamespace(ptr=1 << 41, size=512, device_id=0)
            self.data = SimpleNamespace(mem=memory)

    array = named(Array, "cupy", "ndarray")()
    assert sizeof([array, array]).elsewhere == {"cuda:0": 512}


def test_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    """A JAX array counts as its blocks in this process, and a deleted one is empty."""
    monkeypatch.setitem(sys.modules, "jaxlib", ModuleType("jaxlib"))

    class Block:
        nbytes = 1024

        def devices(self) -> set[Any]:
            return {FrozenDevice()}

        def unsafe_buffer_pointer(self) -> int:
            return 1 << 42

    class FrozenDevice:
        platform, id = "gpu", 3

    class ArrayImpl:
        deleted = False
        addressable_shards = (SimpleNamespace(data=Block()),)

        def is_deleted(self) -> bool:
            return self.deleted

    array = named(ArrayImpl, "jaxlib._jax", "ArrayImpl")()
    assert sizeof(array).elsewhere == {"gpu:3": 1024}
    array.deleted = True
    assert sizeof(array).elsewhere == {}
