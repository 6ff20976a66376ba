"""What the split of a model adds up to, and what it belongs to."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.measure.models import ModelSize, ModelSizes, Split, model_sizes
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
    splits = [
        model.devices.get(RAM, Split())
        for model in sizes.models
        if model.part_of is None
    ]
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
    model, again = sizes.models
    assert (again.name, again.part_of, again.total) == ("again", "net", model.total)
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


def test_functions_do_not_own_their_globals() -> None:
    """A function leads to its closure, defaults and attributes, not to its globals."""
    torch = pytest.importorskip("torch")
    namespace: dict[str, Any] = {
        name: torch.nn.Linear(size, size)
        for name, size in (("net", 200), ("enclosed", 150), ("default", 100))
    }
    exec(FUNCTIONS, namespace)
    unnamed = {"make", "enclosed", "default"}
    variables = {
        name: each
        for name, each in reversed(namespace.items())
        if name not in unnamed and not name.startswith("__")
    }
    sizes = model_sizes(variables, program=[namespace])
    assert [(each.name, each.variable) for each in sizes.models] == [
        ("net", "net"),
        ("inner.__closure__[1].cell_contents", "inner"),
        ("train.__defaults__[0]", "train"),
        ("train.__kwdefaults__['last']", "train"),
        ("train.best", "train"),
    ]


FUNCTIONS = """
def make():
    model = enclosed
    def inner():
        return model, later
    return inner
    later = 0
inner = make()
def train(model=default, *, last=type(default)(80, 80)):
    return net
train.best = type(default)(60, 60)
"""


def test_the_variable_itself_comes_first() -> None:
    """A model is named by its variable, also after others that lead to it."""
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(100, 100)
    variables: dict[str, Any] = {"history": [{"model": net}], "folds": [net]}
    variables |= {"net": net, "everything": variables}
    sizes = model_sizes(variables, program=[variables])
    assert [(each.name, each.part_of) for each in sizes.models] == [
        ("net", None),
        ("folds[0]", "net"),
        ("history[0]['model']", "net"),
    ]


def test_parts() -> None:
    """A part of a model is split like a model; the totals count each storage once."""
    torch = pytest.importorskip("torch")
    nn = torch.nn
    encoder = nn.Sequential(nn.Linear(300, 300), nn.BatchNorm1d(300))
    head = nn.Linear(300, 20)
    alone = train_step(torch, nn.Sequential(encoder), encoder=encoder)["encoder"]
    assert alone.part_of == "whole"
    for wrap in (nn.Sequential, lambda *parts: nn.DataParallel(nn.Sequential(*parts))):
        models = train_step(torch, wrap(encoder, head), encoder=encoder, head=head)
        part = models["encoder"]
        assert part.part_of == models["head"].part_of == "whole"
        assert [layer.name for layer in part.layers] == ["0", "1"]
        assert part.total == alone.total
        assert sum((each.split for each in part.layers), Split()) == part.total
        assert models["whole"].total == part.total + models["head"].total


def train_step(torch: Any, whole: Any, **parts: Any) -> dict[str, ModelSize]:
    """Return the sizes of a model and its parts after a step of training."""
    whole.zero_grad()
    optimizer = torch.optim.Adam(whole.parameters())
    x = torch.ones(50, 300)
    whole(x).sum().backward()
    optimizer.step()
    loss = whole(x).sum()
    named = {**parts, "whole": whole, "optimizer": optimizer, "loss": loss, "x": x}
    sizes = model_sizes(named, layers=True)
    assert sizes.complete
    total = add_up(sizes)
    assert total == sizes.total.total_bytes
    without = {key: each for key, each in named.items() if key not in parts}
    assert total == add_up(model_sizes(without))
    return {model.name: model for model in sizes.models}


def test_tied_part() -> None:
    """A part has the weights that it shares with the rest of the model."""
    torch = pytest.importorskip("torch")
    embedding, head = torch.nn.Embedding(100, 50), torch.nn.Linear(50, 100, bias=False)
    head.weight = embedding.weight
    whole = torch.nn.Sequential(embedding, head)
    sizes = model_sizes({"whole": whole, "head": head})
    assert [model.total.parameters_bytes for model in sizes.models] == [20_000] * 2
    assert sizes.total.parameters_bytes == 20_000


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


def test_tensors_in_other_objects() -> None:
    """A tensor is found wherever it lies in a variable, and counts once."""
    torch = pytest.importorskip("torch")
    variables: dict[str, Any] = {"torch": torch, "np": np, "pd": pd}
    exec(PLACES, variables)
    variables = {name: each for name, each in variables.items() if name[0] == "x"}
    sizes = model_sizes(variables)
    assert sizes.complete
    assert sizes.others[RAM].tensors_bytes == len(variables) * 4000


PLACES = """
import collections, concurrent.futures, dataclasses, functools, queue, types
def make(): return torch.ones(1000)
@dataclasses.dataclass(slots=True)
class Part:
    value: object
x0 = pd.DataFrame({"a": [1], "b": pd.Series([make()], dtype=object)})
x1 = pd.Series([make()], dtype=object)
x2 = np.array([[None, None]]); x2[0, 1] = make()
x3 = np.array(None, dtype=object); x3[()] = make()
x4 = np.array([(1, make())], dtype=[("a", int), ("b", object)])
x5 = Part(make())
x6 = collections.deque([make()])
x7 = collections.UserDict(a=make())
x8 = types.MappingProxyType({"a": make()})
x9 = functools.partial(print, make())
x10 = queue.SimpleQueue(); x10.put(make())
x11 = concurrent.futures.Future(); x11.set_result(make())
x12 = {make(): 1}
x13 = iter([make()])
x14 = [lambda kept=make(): kept]
x15 = [make().sum]
x16 = np.array([None, make()], dtype=object)[1:]
"""
