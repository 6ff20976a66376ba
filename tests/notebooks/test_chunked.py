"""The notebook about chunks."""

from __future__ import annotations

from pathlib import Path

from tests.notebooks.executing import execute

CHECKS = """\
from jupyter_memkit import tracker

def growths(*lines):
    cells = [c for c in tracker().cells if c.first_line.startswith(lines)]
    return [c.peak_bytes - c.before_bytes for c in cells]

(whole,), in_chunks = growths("late = "), growths("df", "known = ")
assert len(in_chunks) == 8 and max(in_chunks) < whole / 5, (whole, in_chunks)
assert 0.85 < accuracy < 0.95, accuracy
assert list(model.classes_) == [False, True]
"""


def test_chunked(tmp_path: Path) -> None:
    """Chunks give the results of the whole, within the budget, and a good model."""
    shown = execute("01_chunked", tmp_path, CHECKS)
    assert shown["lazy"] == "(11.0, 20.0)"
    assert "arr_delay, carrier" in shown["chunked"]
    assert "of 100 MB (95.4 MiB) used" in shown["fit"]
    assert "a mean does not add up" in shown["mean"]
    assert "2,694,208 rows" in shown["fit"]
    assert int(shown["data"].strip("'").split(" MB")[0]) > 200
    assert "held out)" in shown["loop"]
    assert "arr_delay, carrier (of 19)" in shown["plan"]
