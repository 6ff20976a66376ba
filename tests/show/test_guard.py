"""The card of a stopped cell."""

from __future__ import annotations

import pytest

from jupyter_memkit.measure.sizes.records import Accuracy
from jupyter_memkit.show.guard import build_cures, describe_variable
from jupyter_memkit.techniques.guard.records import Cure, GrownVariable


@pytest.mark.parametrize(
    ("accuracy", "text"),
    [("exact", "x 1.0 MiB"), ("estimate", "x ≈ 1.0 MiB"), ("at least", "x ≥ 1.0 MiB")],
)
def test_accuracy(accuracy: Accuracy, text: str) -> None:
    """A size that is not exact has a sign."""
    variable = GrownVariable(
        name="x", bytes=1 << 20, grown_bytes=None, accuracy=accuracy
    )
    assert describe_variable(variable) == text


def test_accuracy_of_a_cure() -> None:
    """What a line frees has a sign too, if it is not exact."""
    cure = Cure(
        kind="graph",
        code="x = x.item()",
        use="run",
        saves_bytes=1 << 20,
        why="",
        accuracy="estimate",
    )
    table = build_cures((cure,))
    assert table is not None
    assert table.rows[0][0] == "≈ 1.0 MiB"
