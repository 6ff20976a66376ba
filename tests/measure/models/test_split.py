"""What the split of a model adds up to, and what it belongs to."""

from __future__ import annotations

import gc

import pytest

from jupyter_memkit.measure.models import ModelSizes, Split, model_sizes
from jupyter_memkit.measure.sizes.parts import RAM
from jupyter_memkit.techniques.allocator import settle

pytestmark = pytest.mark.ml

MIB = 1024 * 1024
KINDS = (
    *("mlp", "cnn", "transformer", "lstm", "tied", "mixed precision", "checkpointed"),
    *("frozen", "sgd", "adam", "adafactor", "moving average"),
)


def add_up(sizes: ModelSizes) -> int:
    """Return all bytes in memory."""
    splits = [model.devices.get(RAM, Split()) for model in sizes.models]
    splits.append(sizes.others.get(RAM, Split()))
    return sum(split.total_bytes for split in splits)


@pytest.mark.own_process
@pytest.mark.parametrize("kind", KINDS)
def test_sum(kind: str) -> None:
    """The parts are within 2 % of what the process grew by."""
    import torch  # noqa: PLC0415 - in its own process

    from tests.measure.models.zoo import train  # noqa: PLC0415

    torch.set_num_threads(1)
    # The first use of a library loads code, which stays with the process.
    model_sizes(train(kind, 128))
    before_bytes = settle()
    variables = train(kind, 2048)
    grown_bytes = settle() - before_bytes
    sizes = model_sizes(variables)
    assert sizes.complete
    assert grown_bytes > 50 * MIB
    assert add_up(sizes) == pytest.approx(grown_bytes, rel=0.02)


def test_purposes() -> None:
    """Each part has the bytes that its tensors have, and no storage counts twice."""
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(1000, 1000), torch.nn.BatchNorm1d(1000))
    optimizer = torch.optim.Adam(net.parameters())
    x = torch.randn(500, 1000)
    net(x).sum().backward()
    optimizer.step()
    loss = net(x).sum()
    named = {"net": net, "again": net, "optimizer": optimizer, "x": x, "loss": loss}
    sizes = model_sizes(named, layers=True)
    (model,) = sizes.models
    n_parameters = sum(each.numel() for each in net.parameters())
    assert model.name == "net"
    assert model.total.parameters_bytes == 4 * n_parameters
    assert model.total.gradients_bytes == 4 * n_parameters
    # Two moments each, and the number of the step of each of four parameters.
    assert model.total.optimizer_bytes == pytest.approx(8 * n_parameters, abs=4096)
    assert model.total.buffers_bytes == pytest.approx(8 * 1000, abs=4096)
    # The output of the linear layer, which the normalization keeps.
    assert model.total.activations_bytes == pytest.approx(4 * 500 * 1000, abs=16 * 1024)
    assert sizes.others[RAM].tensors_bytes == pytest.approx(4 * 500 * 1000, abs=4096)
    assert [layer.name for layer in model.layers] == ["0", "1"]
    layers = sum((layer.split for layer in model.layers), Split())
    assert layers == model.total


def test_paths() -> None:
    """Models in lists, dicts and attributes are named by their code."""
    torch = pytest.importorskip("torch")

    class Trainer:
        """Has a model."""

        def __init__(self) -> None:
            self.model = torch.nn.Linear(300, 300)

    variables = {
        "trainer": Trainer(),
        "folds": [torch.nn.Linear(200, 200), {"a": torch.nn.Linear(100, 100)}],
    }
    names = [model.name for model in model_sizes(variables).models]
    assert names == ["trainer.model", "folds[0]", "folds[1]['a']"]


def test_out_of_time() -> None:
    """A search that was cut returns what it has, and is not complete."""
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(10, 10)
    assert not model_sizes({"net": net}, budget_s=0).complete
    assert model_sizes({"net": net}).complete


def test_nothing_is_kept() -> None:
    """Measuring leaves no reference to a graph or a model."""
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(10, 10)
    loss = net(torch.ones(2, 10)).sum()
    before = len(gc.get_referrers(net, loss))
    model_sizes({"net": net, "loss": loss})
    assert len(gc.get_referrers(net, loss)) == before
