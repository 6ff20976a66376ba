"""Arrays on graphics devices, by fakes of cupy, jax and TensorFlow, and tensors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.measure.sizes import registry, sizeof, sizes
from jupyter_memkit.measure.sizes.parts import Buffer

LIBRARIES = "jupyter_memkit.measure.sizes.libraries"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Drop the registrations for the fakes, and our imported files for them."""
    # Those for Python and numpy stay.
    sizeof(np.ones(1))
    monkeypatch.setattr(registry, "_by_name", dict(registry._by_name))
    registry._import_file.cache_clear()
    before = set(sys.modules)
    yield
    registry._import_file.cache_clear()
    # Also those that tests of other files need.
    for name in set(sys.modules) - before:
        if name.startswith(LIBRARIES):
            del sys.modules[name]


def named(kind: type, module: str, name: str) -> Any:
    """Give a class the name of a class of another library."""
    kind.__module__, kind.__qualname__ = module, name
    return kind


def test_a_module_with_the_name_of_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects of a module that is not the library count like any other object."""
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))

    class Tensor:
        """Has the name of torch's."""

        def __init__(self) -> None:
            self.data = bytearray(10_000)

    assert sizeof(named(Tensor, "torch", "Tensor")()).bytes > 10_000


@pytest.mark.ml
def test_tensors_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views of a storage count once, on its device and not in main memory."""
    torch = pytest.importorskip("torch")
    # There is no device, so each storage is said to be on one.
    monkeypatch.setattr(
        "jupyter_memkit.measure.models.tensors.read_storage",
        lambda storage: (
            Buffer(address=storage.data_ptr(), bytes=storage.nbytes(), device="cuda:1"),
        ),
    )
    whole = torch.ones(1_000_000)
    found = sizes({"a": whole, "b": whole[10:]})
    assert found["a"].elsewhere == {"cuda:1": 4_000_000}
    assert (found["a"].device, found["a"].bytes < 5000) == ("cuda:1", True)
    # The description of a tensor is small compared with its data.
    assert found["a"].exact
    assert sizeof([whole, whole[10:]]).elsewhere == {"cuda:1": 4_000_000}
    assert found.total_bytes < 10_000


@pytest.mark.ml
def test_tensors_in_memory() -> None:
    """Tensors on the processor share what their storages share."""
    torch = pytest.importorskip("torch")
    whole = torch.ones(1_000_000)
    found = sizes({"a": whole, "b": whole[10:]})
    assert found["a"].shared_bytes >= 4_000_000
    assert 4_000_000 < found.total_bytes < 4_010_000


@pytest.mark.ml
def test_graphs_and_gradients() -> None:
    """A gradient counts, and memory saved by a graph is reported as unknown."""
    torch = pytest.importorskip("torch")
    weight = torch.ones(1_000_000, requires_grad=True)
    loss = (weight * weight).sum()
    assert not sizeof(loss).exact
    loss.backward()
    assert 8_000_000 < sizeof(weight).bytes < 8_010_000


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


class EagerTensor:
    """A tensor of TensorFlow, or the handle of a variable, on a GPU."""

    class DType:
        """A type, by its name or number."""

        size = 4

        def __init__(self, name: str | int) -> None:
            self.name = "float32" if name == 1 else name

    device = backing_device = "/job:localhost/replica:0/task:0/device:GPU:1"
    shape = (30, 10)

    def __init__(self, dtype: str, lengths: tuple[int, ...] = ()) -> None:
        self.dtype = self.DType(dtype)
        dims = [SimpleNamespace(size=length) for length in lengths]
        shape = SimpleNamespace(unknown_rank=False, dim=dims)
        value = SimpleNamespace(shape=shape, dtype=1)
        self._handle_data = SimpleNamespace(shape_and_type=[value])


def test_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor is not copied from its device, and a variable is as it is described."""
    monkeypatch.setitem(sys.modules, "tensorflow", ModuleType("tensorflow"))
    named(EagerTensor, "tensorflow.python.framework.ops", "EagerTensor")
    assert sizeof(EagerTensor("float32")).elsewhere == {"gpu:1": 1200}
    assert sizeof(EagerTensor("resource", (50, 2))).elsewhere == {"gpu:1": 400}
    unknown = sizeof(EagerTensor("resource", (50, -1)))
    assert (unknown.elsewhere, unknown.exact) == ({}, False)
