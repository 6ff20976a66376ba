"""The notebook about unloading."""

from __future__ import annotations

from pathlib import Path

from tests.notebooks.executing import execute

CHECKS = """\
assert unloaded.freed_bytes < unloaded.imported_bytes, unloaded
assert len(unloaded.survivors) < len(unloaded.modules), unloaded
assert (weights["%unload"] < weights["import"] / 5).all(), weights
assert grown < 20, grown
assert len(delays) == 19
"""


def test_unloading(tmp_path: Path) -> None:
    """Unloading frees little, is refused where impossible, and a process frees all."""
    shown = execute("04_unloading", tmp_path, CHECKS)
    assert int(shown["modules"].split(", ")[1].split(" modules")[0]) > 100
    assert "unused" in shown["list"]
    assert "delete them first: model" in shown["refused"]
    assert "its compiled module pandas._libs" in shown["once"]
    assert "Isolated: peak" in shown["isolated"]
