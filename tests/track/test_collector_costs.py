"""The costs of the collector, and the savings of a pause."""

from __future__ import annotations

import dataclasses

from jupyter_memkit.show.collector_costs import build_report
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.collector_costs import find_collector_costs
from tests.track.accounts import make_record

QUIET = make_record(11, duration_s=3.2, gc_s=0.0)


def collecting(
    number: int, duration_s: float, old_s: float, *, old: int = 10, found: int = 0
) -> CellRecord:
    """Return the record of a cell with collections of the old generation."""
    record = make_record(number, duration_s, old_s + 0.1)
    return dataclasses.replace(
        record,
        first_line=f"build({number})",
        gc_young=1000,
        gc_young_s=0.06,
        gc_middle=90,
        gc_middle_s=0.04,
        gc_old=old,
        gc_old_s=old_s,
        gc_found=found,
    )


def test_dearest_cell_is_first() -> None:
    """Cells without collections are left out, the others sorted by cost."""
    cells = [collecting(1, 4.0, 0.5), QUIET, collecting(3, 4.0, 2.0)]
    costs = find_collector_costs(cells)
    assert [cost.cell.execution_count for cost in costs.costs] == [3, 1]
    assert (costs.cells, costs.costs[0].generation) == (3, 2)


def test_only_the_last_cells() -> None:
    """Older cells do not count."""
    costs = find_collector_costs([collecting(1, 4.0, 0.5), *[QUIET] * 20])
    assert (costs.costs, costs.cells) == ((), 20)


def test_saving_is_less_the_closing_collection() -> None:
    """The closing collection is subtracted: a fifth of many, or a single one."""
    many, single = collecting(1, 4.0, 2.0), collecting(2, 4.0, 2.0, old=1)
    costs = find_collector_costs([many, single]).costs
    saved_s = {cost.cell.execution_count: round(cost.saved_s, 3) for cost in costs}
    # The rest of the second is less than a tenth of its time.
    assert saved_s == {1: 1.7, 2: 0.0}


def test_small_savings_do_not_count() -> None:
    """Savings below a tenth of a second or of the cell are not reported."""
    cells = [make_record(1, 0.15, 0.09), collecting(2, 60.0, 2.0)]
    assert [cost.saved_s for cost in find_collector_costs(cells).costs] == [0, 0]


def test_report() -> None:
    """The table has the figures, the notes the conclusions."""
    cells = [collecting(12, 3.2, 1.2, found=1_200_000), QUIET]
    assert build_report(find_collector_costs(cells)).text() == (
        "Garbage collector: 1.3 s in the last 2 cells\n"
        "  cell   time  collector  share    generation 0            1            2"
        "  unreachable  first line\n"
        "  [12]  3.2 s      1.3 s    41%  1,000 in 60 ms  90 in 40 ms  10 in 1.2 s"
        "    1,200,000  build(12)\n"
        "Cell [12] spent 41% of its 3.2 s in collections, mostly of generation 2: "
        "%%gc_pause would save about 1.1 s.\n"
        "They freed 1,200,000 unreachable objects, which a pause would keep until it "
        "ends; --max-growth SIZE ends it if memory grows too far."
    )


def test_report_without_a_saving() -> None:
    """If a pause would save nothing, the report says so, with or without figures."""
    report = build_report(find_collector_costs([collecting(2, 60.0, 2.0)]))
    assert report.title == "Garbage collector: 2.1 s in the last cell"
    assert report.notes == (
        "Pausing it would save less than a tenth of the time in every cell.",
    )
    report = build_report(find_collector_costs([QUIET, QUIET]))
    assert (report.table, report.notes) == (None, ("Pausing it would save no time.",))


def test_report_of_many_cells() -> None:
    """The ten most expensive are shown, three have advice, the rest are counted."""
    report = build_report(
        find_collector_costs([collecting(n, 4.0, 1.0) for n in range(15)])
    )
    assert report.table is not None
    assert len(report.table.rows) == 10
    assert len([note for note in report.notes if "%%gc_pause" in note]) == 3
    assert report.notes[-1] == "Not shown: 5 cells with lower costs."
