"""What is read of the call of a torch model that has failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_memkit.techniques.out_of_memory.model_call import (
    ModelCall,
    find_model_call,
)

pytestmark = pytest.mark.ml


@pytest.fixture
def torch() -> Any:
    """The library."""
    return pytest.importorskip("torch")


def fail(call: Callable[[], object]) -> ModelCall | None:
    """Return what is read of a call that fails."""
    with pytest.raises(MemoryError) as caught:
        call()
    return find_model_call(caught.value)


def make_model(torch: Any, fails_in: str) -> Any:
    """Make a model that fails in its forward or its backward pass."""

    class Step(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(_: Any, value: Any) -> Any:
            if fails_in == "forward":
                raise MemoryError
            return value * 1

        @staticmethod
        def backward(_: Any, *_grads: Any) -> Any:
            raise MemoryError

    class Last(torch.nn.Module):  # type: ignore[misc]
        def forward(self, value: Any) -> Any:
            return Step.apply(value)

    return torch.nn.Sequential(torch.nn.Linear(4, 4), Last())


def test_training(torch: Any) -> None:
    """The outermost model, its batch, its graph and its gradients are read."""
    model = make_model(torch, "forward")
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    call = fail(lambda: model(torch.ones(7, 4)))
    assert call == ModelCall(
        model="Sequential",
        batch=7,
        grad_bytes=(16 + 4) * 4,
        activation_bytes=7 * 4 * 4,
    )


def test_activations(torch: Any) -> None:
    """What the call has made counts, but not its arguments or the caller's data."""

    class Deep(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.narrow = torch.nn.Linear(4, 400), torch.nn.Linear(400, 4)

        def forward(self, rows: Any) -> Any:
            # Only the graph keeps the wide one.
            narrow = self.narrow(torch.tanh(self.wide(rows)))
            raise MemoryError(narrow.shape)

    def train() -> None:
        data = torch.ones(1000, 4)
        deep(data[:7])

    deep = Deep()
    call = fail(train)
    assert call is not None
    assert call.activation_bytes == 7 * (400 + 4) * 4


def test_evaluation(torch: Any) -> None:
    """A graph is seen in evaluation mode, and its absence in inference mode."""
    model = make_model(torch, "forward").eval()
    call = fail(lambda: model(torch.ones(7, 4)))
    assert call is not None
    assert (call.trains, call.records) == (False, True)
    with torch.inference_mode():
        call = fail(lambda: model(torch.ones(7, 4)))
    assert call is not None
    assert not call.records


def test_backward(torch: Any) -> None:
    """A backward pass has no model among its frames, and trains."""
    model = make_model(torch, "backward")
    loss = model(torch.ones(7, 4)).sum()
    assert fail(loss.backward) == ModelCall(model=None)


def test_checkpointing(torch: Any) -> None:
    """A model that computes activations again is not advised to do so."""
    inner = make_model(torch, "forward")

    class Outer(torch.nn.Module):  # type: ignore[misc]
        def forward(self, value: Any) -> Any:
            function = torch.utils.checkpoint.checkpoint
            return function(inner, value, use_reentrant=False)

    call = fail(lambda: Outer()(torch.ones(7, 4)))
    assert call is not None
    assert call.checkpoints


def test_no_code_of_the_model_runs(torch: Any) -> None:
    """A model whose attributes raise is read all the same."""
    model = make_model(torch, "forward")

    class Hostile(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.part = model
            self.is_armed = True

        def forward(self, value: Any) -> Any:
            return model(value)

        def parameters(self, *args: Any) -> Any:
            raise AssertionError(args)

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    hostile = Hostile()
    call = fail(lambda: hostile(torch.ones(7, 4)))
    assert call is not None
    assert (call.model, call.batch) == ("Hostile", 7)


def test_without_a_model(torch: Any) -> None:
    """An error outside a model is not attributed to one of its calls."""

    def call() -> None:
        torch.ones(3)
        raise MemoryError

    assert fail(call) is None
