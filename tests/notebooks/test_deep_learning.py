"""The notebook about deep learning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks.executing import execute

CHECKS = """\
parameters = split.parameters_bytes
assert split.gradients_bytes == parameters and split.optimizer_bytes > 1.99 * parameters
# What the allocators had free is used first, and some is taken in advance.
assert 0.6 < forward.result.delta_bytes / 200e6 < 1.3, forward.result
(predicted, losses_) = leaks.hints
assert predicted.name == "predictions" and predicted.bytes > 150 * 2**20, predicted
assert 0.85 < right < 0.95, right
assert n_rows == 4 * len(flights)
# The activations of a step, and their gradients, are not part of the budget, and the
# allocator needs up to twice as much for them, depending on what is free where. The
# graphs of all 20 steps would take 20 times the activations.
assert streamed.result.peak_bytes < 200e6 + 4 * 4096 * row_bytes, streamed.result
"""


@pytest.mark.ml
def test_deep_learning(tmp_path: Path) -> None:
    """The split, kept graphs and batches are as stated, and the model leaves."""
    pytest.importorskip("torch")
    shown = execute("08_deep_learning", tmp_path, CHECKS)
    assert "optimizer state" in shown["list"]
    assert "activations" in shown["layers"]
    assert "predictions = [model(inputs[rows]) for rows in parts]" in shown["leaks"]
    assert "store loss.item() instead" in shown["leaks"]
    assert "loss = loss.detach_(), then %memfree optimizer" in shown["leave"]
    assert "a graph was kept: False" in shown["right-way"]
    assert "still held" not in shown["leave-rest"]
    assert shown["left"] == "()"
