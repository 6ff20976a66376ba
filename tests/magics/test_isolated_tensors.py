"""Tensors of ``%%isolated``: the graph of a tensor cannot be sent, gradients are."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

torch = pytest.importorskip("torch")

pytestmark = [pytest.mark.ml, pytest.mark.traced_children]


def refuse(shell: InteractiveShell, cell: str) -> str:
    """Run a cell, and return why it was refused."""
    error = shell.run_cell(cell).error_in_exec
    assert isinstance(error, UsageError)
    return str(error)


@pytest.mark.parametrize(
    ("code", "expression"),
    [
        ("t2 = (t1 * 2).sum()", "t2.backward()"),
        ("t2 = [{'loss': (t1 * 2).sum()}]", "t2[0]['loss'].backward()"),
        ("def t2(t=(t1 * 2).sum()): return t", "t2().backward()"),
    ],
)
def test_graph(shell: InteractiveShell, code: str, expression: str) -> None:
    """A tensor with a graph is refused, because backward() would reach copies."""
    shell.run_cell(f"import torch\nt1 = torch.ones(3, requires_grad=True)\n{code}")
    sentence = refuse(shell, f"%%isolated\n{expression}; print(t1.grad)")
    assert "t2 cannot be sent to another process (" in sentence
    assert ".detach()" in sentence
    cell = "%%isolated\nt1.requires_grad, (t1 * 2).sum().detach().item()"
    done = shell.run_cell(cell)
    assert done.result == (True, 6.0)


def test_graph_returned(shell: InteractiveShell) -> None:
    """A tensor that was computed there cannot be returned with its graph."""
    shell.run_cell("import torch\nt1 = torch.ones(3, requires_grad=True)")
    sentence = refuse(shell, "%%isolated --out t2\nt2 = (t1 * 2).sum()")
    assert ".detach()" in sentence
    shell.run_cell("%%isolated --out t2\nt2 = (t1 * 2).sum().detach()").raise_error()
    assert shell.user_ns["t2"].item() == 6


def test_subclass(shell: InteractiveShell) -> None:
    """No code of a tensor's class runs when its graph is looked for."""
    code = """
import torch
asked = []
class Mine(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        asked.append(str(function))
        return super().__torch_function__(function, types, args, kwargs or {})
    @property
    def grad_fn(self):
        asked.append("grad_fn")
t1 = torch.ones(3, requires_grad=True)
t2 = (t1 * 2).as_subclass(Mine)
asked.clear()
"""
    shell.run_cell(code).raise_error()
    assert ".detach()" in refuse(shell, "%%isolated\nt2")
    assert shell.user_ns["asked"] == []


def test_gradients(shell: InteractiveShell) -> None:
    """The gradient that a parameter has collected goes along, in both directions."""
    code = """
import torch
layer = torch.nn.Linear(2, 1)
layer(torch.ones(1, 2)).sum().backward()
plain = torch.ones(3, requires_grad=True)
plain.sum().backward()
"""
    shell.run_cell(code).raise_error()
    cell = "%%isolated\nlayer.weight.grad.tolist(), plain.grad.tolist()"
    assert shell.run_cell(cell).result == ([[1.0, 1.0]], [1.0, 1.0, 1.0])
    cell = "%%isolated --out layer\nlayer(torch.ones(1, 2)).sum().backward()"
    shell.run_cell(cell).raise_error()
    assert shell.user_ns["layer"].weight.grad.tolist() == [[2.0, 2.0]]
