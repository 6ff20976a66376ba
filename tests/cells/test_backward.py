"""Backward passes are found in the code of the cells."""

from __future__ import annotations

from jupyter_memkit.cells.backward import find_backward_inputs, has_backward


def test_inputs_of_a_backward_pass() -> None:
    """What a loss is computed from is needed until then; a list of losses is not."""
    cell = "o = net(x)\nl = f(o)\nscaler.scale(l).backward()\nlosses.append(l)"
    assert {"o", "l", "x"} <= find_backward_inputs([cell])
    assert "losses" not in find_backward_inputs([cell])
    assert has_backward(cell)
    assert not has_backward("backward = 1")
