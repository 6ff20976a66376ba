"""The allocators of torch, with a fake of its devices."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from jupyter_memkit.techniques.releasing.pools import find_torch_pools


def load(
    monkeypatch: pytest.MonkeyPatch, name: str, **functions: Any
) -> dict[str, Any]:
    """Load a fake module with functions."""
    module = ModuleType(name)
    vars(module).update(functions)
    monkeypatch.setitem(sys.modules, name, module)
    return functions


def empty() -> None:
    """Stand for a call that empties a cache."""


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Hide what other tests have loaded of torch."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    return monkeypatch


@pytest.mark.parametrize(
    ("module", "function"),
    [("torch.accelerator", "empty_host_cache"), ("torch._C", "_host_emptyCache")],
)
def test_pinned_memory(
    without_torch: pytest.MonkeyPatch, module: str, function: str
) -> None:
    """The cache of pinned memory is emptied after that of the device."""
    load(without_torch, "torch.cuda", is_initialized=lambda: True, empty_cache=empty)
    host = load(without_torch, module, **{function: lambda: None})
    assert list(find_torch_pools()) == [
        ("free torch memory (on the device)", empty),
        ("free torch memory (pinned)", host[function]),
    ]


def test_other_devices(without_torch: pytest.MonkeyPatch) -> None:
    """XPU and MPS have allocators of their own."""
    load(without_torch, "torch.xpu", is_initialized=lambda: True, empty_cache=empty)
    load(without_torch, "torch.backends.mps", is_available=lambda: True)
    load(without_torch, "torch.mps", empty_cache=empty)
    assert [name for name, _ in find_torch_pools()] == [
        "free torch memory (on the XPU)",
        "free torch memory (on the MPS)",
    ]


def test_unused_devices(without_torch: pytest.MonkeyPatch) -> None:
    """A device that the user's code has not used stays unused."""
    assert list(find_torch_pools()) == []
    load(without_torch, "torch.cuda", is_initialized=lambda: False)
    load(without_torch, "torch.backends.mps", is_available=lambda: False)
    load(without_torch, "torch.accelerator", empty_host_cache=empty)
    assert list(find_torch_pools()) == []
