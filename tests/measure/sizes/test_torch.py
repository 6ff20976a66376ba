"""Tensors count with their storages, each once."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_memkit.measure.shapes import read_shape
from jupyter_memkit.measure.sizes import sizeof, sizes

pytestmark = pytest.mark.ml

MIB = 1024 * 1024
# Descriptions of some tensors, and the Python objects around them.
SLACK_BYTES = 64 * 1024


@pytest.fixture
def torch() -> Any:
    """Import the library where it is installed."""
    return pytest.importorskip("torch")


def make_ones(torch: Any) -> Any:
    """Make a tensor of a MiB."""
    return torch.ones(MIB // 4)


def test_views_share_a_storage(torch: Any) -> None:
    """A view keeps the whole storage, which counts once."""
    tensor = make_ones(torch)
    view = tensor[10:20].view(2, 5)
    for value in (tensor, view, [tensor, view], tensor.untyped_storage()):
        assert sizeof(value).bytes == pytest.approx(MIB, abs=SLACK_BYTES)
    listed = sizes({"tensor": tensor, "view": view, "array": tensor.numpy()})
    assert listed.total_bytes == pytest.approx(MIB, abs=SLACK_BYTES)
    assert listed["view"].shared_bytes == MIB


def test_parameter_and_gradient(torch: Any) -> None:
    """A parameter counts with its gradient, and once beside the optimizer's state."""
    layer = torch.nn.Linear(512, 512, bias=False)
    assert sizeof(layer).bytes == pytest.approx(MIB, abs=SLACK_BYTES)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(4, 512)).sum().backward()
    assert sizeof(layer.weight).bytes == pytest.approx(2 * MIB, abs=SLACK_BYTES)
    optimizer.step()
    together = sizeof([layer, optimizer, layer.state_dict(), layer.weight.grad])
    assert together.bytes == pytest.approx(4 * MIB, abs=SLACK_BYTES)
    assert together.exact


def test_graph_hides_what_it_saved(torch: Any) -> None:
    """Memory that a result keeps for its gradient is reported as hidden."""
    weight = torch.nn.Parameter(make_ones(torch))
    size = sizeof(weight.exp().sum())
    assert not size.exact
    assert "torch.Tensor" in size.opaque


def test_meta_tensors_take_nothing(torch: Any) -> None:
    """A model with only shapes takes no memory anywhere."""
    size = sizeof(torch.nn.Linear(4096, 4096, device="meta"))
    assert size.bytes < SLACK_BYTES
    assert size.elsewhere == {}


@pytest.mark.parametrize("layout", ["coo", "csr", "csc"])
@pytest.mark.filterwarnings("ignore:Sparse")
def test_sparse_tensors(torch: Any, layout: str) -> None:
    """A sparse tensor counts with its values and all of its indices."""
    places = torch.arange(MIB // 8)
    starts = torch.zeros(MIB // 8 + 1, dtype=torch.int64)
    indices = (torch.stack([places, places]),) if layout == "coo" else (starts, places)
    make = getattr(torch, f"sparse_{layout}_tensor")
    tensor = make(*indices, torch.ones(MIB // 8), (MIB // 8, MIB // 8))
    size = sizeof(tensor)
    assert size.bytes == pytest.approx(2.5 * MIB, abs=SLACK_BYTES)
    assert size.exact


def test_small_tensors_are_marked(torch: Any) -> None:
    """Many small tensors are marked: their descriptions dominate and are hidden."""
    assert not sizeof([torch.ones(3) for _ in range(100)]).exact


def test_shapes_of_subclasses(torch: Any) -> None:
    """The shape of a subclass is read without its code; a symbolic one is unknown."""

    class Loud(torch.Tensor):  # type: ignore[misc]
        """Fails on each call."""

        @classmethod
        def __torch_function__(cls, *_: Any, **__: Any) -> Any:
            """Fail."""
            raise RuntimeError

    assert read_shape(torch.ones(2, 3).as_subclass(Loud)) == (2, 3)
    parts = [torch.ones(2), torch.ones(3)]
    assert read_shape(torch.nested.nested_tensor(parts, layout=torch.jagged)) is None
