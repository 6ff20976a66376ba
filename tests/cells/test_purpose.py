"""Finding cells that collected on purpose, or not at all."""

from __future__ import annotations

import gc

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.cells.purpose import read_purpose
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.collector_costs import find_collector_costs
from tests.track.accounts import make_record

SETUP = """\
import gc, polars as pl
from gc import collect as sweep
def tidy():
    gc.collect()
def nested():
    return [tidy() for _ in range(2)]
def idle():
    return pl.LazyFrame().collect()
"""


@pytest.mark.parametrize(
    ("cell", "purpose"),
    [
        ("%memfree", "kit"),
        ("freed = %memfree\n%memls", "kit"),
        ("%%isolated\nx = 1", "kit"),
        ("%memfree\nx = [1]", "collecting"),
        ("gc.collect()", "collecting"),
        ("x = 1\nsweep()", "collecting"),
        ("tidy()", "collecting"),
        ("for _ in range(3): nested()", "collecting"),
        ("%%time\ngc.collect()", "collecting"),
        ("%%mem\ngc.collect()", "collecting"),
        ("%%mem\nx = 1", "none"),
        ("%%gc_pause\nx = 1", "paused"),
        ("%%gc_pause\ngc.collect()", "paused"),
        ("%timeit x", "none"),
        ("gc.get_count()", "none"),
        ("idle()", "none"),
        ("pl.LazyFrame().collect()", "none"),
        ("x = [", "none"),
        ("", "none"),
    ],
)
def test_purpose(shell: InteractiveShell, cell: str, purpose: str) -> None:
    """The called object decides, not its name."""
    shell.run_cell(SETUP).raise_error()
    assert read_purpose(shell.transform_cell(cell), shell) == purpose


def make_cells(gc_old_s: float) -> list[CellRecord]:
    """Return the record of cell 1, with three of four seconds in the collector."""
    cell = make_record(1, duration_s=4.0, gc_s=3.0)
    changes = {"gc_old_s": gc_old_s, "gc_old": 2, "gc_young_s": 3.0 - gc_old_s}
    values = {name: getattr(cell, name) for name in cell.__dataclass_fields__}
    return [CellRecord(**values | changes)]


def test_requested_collections_are_not_saved(shell: InteractiveShell) -> None:
    """A pause would not save requested collections, nor those of our own magics."""
    shell.user_ns |= {"gc": gc, "In": ["", "gc.collect()"]}
    (cost,) = find_collector_costs(make_cells(2.9), shell).costs
    assert cost.saved_s == 0.0
    (cost,) = find_collector_costs(make_cells(1.0), shell).costs
    assert cost.saved_s == pytest.approx(2.0)
    shell.user_ns["In"][1] = "x = 1"
    (cost,) = find_collector_costs(make_cells(2.9), shell).costs
    assert cost.saved_s > 1.0
    shell.user_ns["In"][1] = shell.transform_cell("%memfree")
    assert find_collector_costs(make_cells(2.9), shell).costs == ()


def test_paused_cell(shell: InteractiveShell) -> None:
    """There is no advice for a cell that is already paused."""
    shell.user_ns["In"] = ["", shell.transform_cell("%%gc_pause\nx = 1")]
    (cost,) = find_collector_costs(make_cells(2.9), shell).costs
    assert (cost.is_paused, cost.saved_s) == (True, 0.0)
