"""The notebook about the garbage collector."""

from __future__ import annotations

from pathlib import Path

from tests.notebooks.executing import execute

CHECKS = """\
assert sum(generation == 0 for *_, generation in collections) > len(collections) / 2
assert note not in gc.callbacks
assert counted_mb[1] < counted_mb[0] / 5, counted_mb
assert island_mb[1] > island_mb[0] * 0.9, island_mb
assert dicts_paused.gc_old == 1 and measured["%%gc_pause --no-collect"].gc_old == 0
assert max(collected_mb) < max(limited_mb) < max(paused_mb)
assert limited.resumption is not None
assert gc.isenabled() and gc.get_freeze_count() < 1000
"""


def test_garbage_collection(tmp_path: Path) -> None:
    """A pause avoids collections, keeps islands, and is visible while it lasts."""
    shown = execute("03_garbage_collection", tmp_path, CHECKS)
    assert "unreachable objects" in shown["collect"]
    assert "generation 0" in shown["report"]
    assert "closing collection" in shown["pause"]
    assert "resumed early" in shown["limited"]
    assert "paused by %gc_pause on" in shown["memkit"]
    assert "%gc_pause off resumes" in shown["memkit"]
