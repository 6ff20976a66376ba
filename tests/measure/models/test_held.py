"""What a tensor keeps alive is found, although the collector does not visit it."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest

from jupyter_memkit.measure.holders import holders
from jupyter_memkit.measure.models.held import find_held

torch: Any = pytest.importorskip("torch")
pytestmark = pytest.mark.ml


def test_saved_activation() -> None:
    """A loss holds its storage, its leaves, and what its graph saved."""
    weight = torch.ones(4, requires_grad=True)
    inputs = torch.ones(4)
    loss = (weight * inputs).sum()
    held = find_held(loss, math.inf)
    assert any(each is weight for each in held)
    assert any(each is inputs for each in held)


def test_search_through_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable whose graph saved a tensor is named as its holder."""
    weight = torch.ones(4, requires_grad=True)
    inputs = torch.ones(4)
    total = (weight * inputs).sum()
    monkeypatch.setattr(sys.modules["__main__"], "total", total, raising=False)
    chains = holders(inputs).chains
    assert "total.grad_fn" in [chain.text for chain in chains]


def test_graph_is_cut_in_time() -> None:
    """A graph that is too long to read is left, and the storage still counts."""
    total = torch.zeros((), requires_grad=True)
    for _ in range(100):
        total = total + 1
    assert len(find_held(total, 0.0)) == 1
