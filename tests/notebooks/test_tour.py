"""The tour, with which the course begins."""

from __future__ import annotations

from pathlib import Path

from tests.notebooks.executing import execute

CHECKS = """\
from jupyter_memkit import tracker

def peak_bytes(first_line):
    (cell,) = (c for c in tracker().cells if c.first_line.startswith(first_line))
    return cell.peak_bytes - cell.before_bytes

assert delays["count"].sum() == 328_521, delays
assert peak_bytes("flights = ") > 10 * flights_csv.stat().st_size
assert peak_bytes("df.groupby") < peak_bytes("flights = ") / 2
assert 380 < peak_bytes("block = ") / 2**20 < 390
assert "pyarrow" not in globals()
"""


def test_tour(tmp_path: Path) -> None:
    """The tour runs from the first cell to the last, and its claims are true."""
    shown = execute("00_tour", tmp_path, CHECKS)
    assert "336,776 flights" in shown["all"]
    assert "in use" in shown["memkit"]
    assert "above the start" in shown["mem"]
    # The first line of the table is the one that holds most.
    assert "text = flights" in shown["lines"].split("  line\n")[1].split("\n")[0]
    assert "336,776 x 19" in shown["list"]
    assert "336,776 rows" in shown["chunked"]
    assert "pyarrow" in shown["unload"]
