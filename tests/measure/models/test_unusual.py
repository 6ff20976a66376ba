"""Models and tensors of unusual kinds: right, or marked as not complete."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_memkit.measure.models import ModelSizes, Split, model_sizes
from jupyter_memkit.measure.sizes import sizeof

torch: Any = pytest.importorskip("torch")
pytestmark = pytest.mark.ml
nn = torch.nn

LINEAR_BYTES = 4 * (100 * 100 + 100)


def measure(**variables: Any) -> ModelSizes:
    """Measure variables."""
    return model_sizes(variables)


def total(sizes: ModelSizes) -> Split:
    """Return the sum of the models, over all places."""
    wholes = (model for model in sizes.models if model.part_of is None)
    return sum((model.total for model in wholes), Split())


class Hostile(torch.nn.Module):  # type: ignore[misc]
    """Fails whatever is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(100, 100)

    def parameters(self, *_: Any) -> Iterator[Any]:
        """Fail."""
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError

    def __getattribute__(self, name: str) -> Any:
        if name in ("parameters", "modules", "named_modules", "buffers", "children"):
            raise RuntimeError
        return super().__getattribute__(name)


def test_a_module_that_raises() -> None:
    """Methods of the user's class are not called."""
    assert total(measure(net=Hostile())).parameters_bytes == LINEAR_BYTES


def test_subclass_of_a_tensor() -> None:
    """A subclass that overrides torch's functions is not asked."""

    class Loud(torch.Tensor):  # type: ignore[misc]
        """Fails on each call."""

        @classmethod
        def __torch_function__(cls, *_: Any, **__: Any) -> Any:
            """Fail."""
            raise RuntimeError

    loud = torch.ones(1000).as_subclass(Loud)
    assert measure(loud=loud).others["RAM"].tensors_bytes == 4000


def test_shapes_without_memory() -> None:
    """Lazy layers and those on "meta" take nothing."""
    with torch.device("meta"):
        shape = nn.Linear(10_000, 10_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lazy modules are experimental.
        lazy = nn.LazyLinear(10)
    sizes = measure(shape=shape, lazy=lazy)
    assert total(sizes).total_bytes == 0
    assert sizes.complete


def test_sparse() -> None:
    """A sparse tensor counts with its indices and values."""
    dense = torch.eye(1000)
    sizes = measure(coordinates=dense.to_sparse())
    assert sizes.others["RAM"].tensors_bytes == 1000 * (2 * 8 + 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The layout is in beta.
        rows = torch.sparse_csr_tensor(
            torch.arange(1001), torch.arange(1000), torch.ones(1000), (1000, 1000)
        )
    assert measure(rows=rows).others["RAM"].tensors_bytes == 1000 * (8 + 4) + 1001 * 8


@pytest.mark.filterwarnings("ignore:.*torch.ao.quantization:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*quantized tensor creation:UserWarning")
def test_quantized() -> None:
    """Packed weights are not visible, so the figures are lower bounds."""
    net = nn.Sequential(nn.Linear(100, 100))
    packed = torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, torch.qint8)
    assert not measure(packed=packed).complete


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_compiled() -> None:
    """A compiled module is the module itself, which counts once."""
    net = nn.Linear(100, 100)
    sizes = measure(fast=torch.compile(net), net=net)
    assert [(model.name, model.part_of) for model in sizes.models] == [
        ("fast", None),
        ("net", "fast"),
    ]
    assert {model.total.total_bytes for model in sizes.models} == {LINEAR_BYTES}
    assert sizes.total.total_bytes == LINEAR_BYTES


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_scripted() -> None:
    """A traced module has the parameters of C++ objects."""
    traced = torch.jit.trace(nn.Linear(100, 100), torch.ones(1, 100))
    sizes = measure(traced=traced)
    assert [(model.name, model.part_of) for model in sizes.models] == [("traced", None)]
    assert total(sizes).parameters_bytes == LINEAR_BYTES


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_model_of_tensors_of_another() -> None:
    """A module whose tensors are all in another is a part of it, as a traced one."""
    net = nn.Linear(100, 100)
    traced = torch.jit.trace(net, torch.ones(1, 100))
    sizes = measure(net=net, traced=traced)
    assert [(model.name, model.part_of) for model in sizes.models] == [
        ("net", None),
        ("traced", "net"),
    ]
    assert {model.total.parameters_bytes for model in sizes.models} == {LINEAR_BYTES}
    assert sizes.total.total_bytes == LINEAR_BYTES


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_constants_of_torchscript() -> None:
    """What a traced function or a frozen module has as constants counts, once."""
    weight = torch.ones(1000)
    function = torch.jit.trace(lambda x: x + weight, torch.ones(1000))
    sizes = measure(function=function)
    assert sizes.others["RAM"].tensors_bytes == 4000
    assert measure(function=function, weight=weight).total.total_bytes == 4000
    assert sizeof(function).bytes >= 4000
    assert not sizeof(function).exact

    frozen = torch.jit.freeze(torch.jit.script(nn.Linear(100, 100).eval()))
    assert total(measure(frozen=frozen)).total_bytes == LINEAR_BYTES
    assert sizeof(frozen).bytes >= LINEAR_BYTES


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_attributes_of_torchscript() -> None:
    """A scripted module has the tensors in its attributes, lists and dicts included."""

    class Listing(nn.Module):  # type: ignore[misc,name-defined]
        """Has tensors that are not registered."""

        def __init__(self) -> None:
            super().__init__()
            self.one = [torch.ones(1000)]
            self.other = {"a": torch.ones(1000)}

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """Add them."""
            return x + self.one[0] + self.other["a"]

    # torch does not read annotations that are texts.
    Listing.__annotations__ = {
        "one": list[torch.Tensor],
        "other": dict[str, torch.Tensor],
    }
    scripted = torch.jit.script(Listing())
    assert total(measure(scripted=scripted)).buffers_bytes == 2 * 4000
    assert sizeof(scripted).bytes >= 2 * 4000


@pytest.fixture
def process_group(tmp_path: Any) -> Iterator[None]:
    """A group of this process alone."""
    distributed = torch.distributed
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1
    )
    yield
    gc.collect()
    distributed.destroy_process_group()


@pytest.mark.usefixtures("process_group")
def test_distributed() -> None:
    """A wrapper adds the buckets in which it exchanges gradients, or is marked."""
    net = nn.parallel.DistributedDataParallel(nn.Linear(100, 100))
    net(torch.ones(2, 100)).sum().backward()
    split = total(measure(net=net))
    assert split.parameters_bytes == split.gradients_bytes == LINEAR_BYTES


@pytest.mark.usefixtures("process_group")
def test_fully_sharded() -> None:
    """Of a module in shards, those of this process count, with their optimizer's."""
    sharding: Any = pytest.importorskip("torch.distributed.fsdp")
    net = sharding.fully_shard(nn.Linear(100, 100))
    optimizer = torch.optim.SGD(net.parameters(), momentum=0.9)
    net(torch.ones(2, 100)).sum().backward()
    optimizer.step()
    split = total(measure(net=net, optimizer=optimizer))
    assert split.parameters_bytes == split.gradients_bytes == LINEAR_BYTES
    assert split.optimizer_bytes == LINEAR_BYTES


def test_modules_that_contain_each_other() -> None:
    """Each counts once."""
    one, other = nn.Linear(100, 100), nn.Linear(100, 100)
    one.other, other.one = other, one
    for more in ({}, {"third": nn.Linear(100, 100)}):
        sizes = measure(one=one, other=other, **more)
        assert total(sizes).parameters_bytes == (2 + len(more)) * LINEAR_BYTES


def test_a_hook_that_refers_to_the_shell(shell: Any) -> None:
    """What the program holds belongs to no model."""
    shell.run_cell(
        "import torch\nnet = torch.nn.Linear(100, 100)\n"
        "def look(*a, shell=get_ipython()): pass\n"
        "net.register_forward_hook(look)\nbig = torch.ones(1_000_000)"
    ).raise_error()
    sizes = model_sizes({"net": shell.user_ns["net"]}, program=[shell])
    assert total(sizes).total_bytes == LINEAR_BYTES


def test_a_graph_that_was_freed() -> None:
    """A loss after its backward pass keeps the nodes, and nothing that they saved."""
    net = nn.Linear(100, 100)
    loss = net(torch.ones(500, 100)).relu().sum()
    before = total(measure(net=net, loss=loss)).activations_bytes
    loss.backward()
    sizes = measure(net=net, loss=loss)
    assert before >= 4 * 500 * 100
    assert total(sizes).activations_bytes == 0
    assert total(sizes).gradients_bytes == LINEAR_BYTES


def test_a_function_of_the_user() -> None:
    """What a function of Python saved or set on its context counts."""

    class Double(torch.autograd.Function):  # type: ignore[misc]
        """Keeps a tensor in two ways."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            """Double."""
            ctx.save_for_backward(torch.ones(1000))
            ctx.kept = torch.ones(2000)
            return 2 * x

        @staticmethod
        def backward(*gradients: Any) -> Any:
            """Double."""
            return 2 * gradients[-1]

    y = Double.apply(torch.ones(3, requires_grad=True))
    assert measure(y=y).others["RAM"].activations_bytes == 4 * 3000


def test_an_optimizer_in_another() -> None:
    """A wrapper has the state of the optimizer in it, and the gradients it works on."""

    class Wrapper(torch.optim.Optimizer):  # type: ignore[misc]
        """Leaves each step to another optimizer, as sharpness-aware ones do."""

        def __init__(self, parameters: Any) -> None:
            super().__init__(parameters, {})
            self.base = torch.optim.Adam(self.param_groups)

    net = nn.Linear(100, 100)
    optimizer = Wrapper(net.parameters())
    net(torch.ones(2, 100)).sum().backward()
    optimizer.base.step()
    split = total(measure(net=net, optimizer=optimizer))
    assert split.optimizer_bytes == pytest.approx(2 * LINEAR_BYTES, abs=64)
    alone = measure(optimizer=optimizer).others["RAM"]
    assert alone.gradients_bytes == LINEAR_BYTES
    assert alone.total_bytes == split.total_bytes


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
def test_a_gradient_with_a_graph() -> None:
    """What the graph of a gradient keeps counts, as with create_graph=True."""
    net = nn.Linear(100, 100)
    net(torch.ones(500, 100)).pow(3).sum().backward(create_graph=True)
    assert total(measure(net=net)).activations_bytes >= 4 * 500 * 100
    net.zero_grad()
    assert total(measure(net=net)).activations_bytes == 0
