"""Reports what the garbage collector cost in the last cells."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Kind, Table
from jupyter_memkit.track.collector_costs import CellCost, CollectorCosts
from jupyter_memkit.units import format_count, format_duration

_SHOWN_CELLS = 10
_ADVISED_CELLS = 3
# Fewer are not worth reporting.
_MANY_OBJECTS = 10_000

_COLUMNS: tuple[tuple[str, Kind], ...] = (
    ("cell", "number"),
    ("time", "number"),
    ("collector", "number"),
    ("share", "number"),
    ("generation 0", "number"),
    ("1", "number"),
    ("2", "number"),
    ("unreachable", "number"),
    ("first line", "code"),
)


def build_report(record: CollectorCosts) -> Report:
    """Build the report of the collector's costs."""
    total_s = sum(cost.cell.gc_s for cost in record.costs)
    cells = "cell" if record.cells == 1 else f"{record.cells} cells"
    title = f"Garbage collector: {format_duration(total_s)} in the last {cells}"
    if not record.costs:
        return Report(title=title, notes=("Pausing it would save no time.",))
    shown = record.costs[:_SHOWN_CELLS]
    return Report(
        title=title,
        table=Table(
            columns=_COLUMNS,
            rows=tuple(_build_row(cost) for cost in shown),
            keys=tuple(_build_keys(cost) for cost in shown),
        ),
        notes=(*_advise(record), *_explain_rest(len(record.costs) - len(shown))),
    )


def _build_row(cost: CellCost) -> tuple[str, ...]:
    cell = cost.cell
    return (
        _name(cost),
        format_duration(cell.duration_s),
        format_duration(cell.gc_s),
        f"{cost.share:.0%}",
        _count(cell.gc_young, cell.gc_young_s),
        _count(cell.gc_middle, cell.gc_middle_s),
        _count(cell.gc_old, cell.gc_old_s),
        f"{cell.gc_found:,}",
        cell.first_line[:40],
    )


def _build_keys(cost: CellCost) -> tuple[float | str, ...]:
    cell = cost.cell
    return (
        cell.execution_count or 0,
        cell.duration_s,
        cell.gc_s,
        cost.share,
        cell.gc_young_s,
        cell.gc_middle_s,
        cell.gc_old_s,
        cell.gc_found,
        cell.first_line,
    )


def _advise(record: CollectorCosts) -> Iterator[str]:
    """Yield what pausing would save, the largest saving first."""
    saving = [cost for cost in record.costs if cost.saved_s]
    saving.sort(key=lambda cost: cost.saved_s, reverse=True)
    if not saving:
        yield "Pausing it would save less than a tenth of the time in every cell."
    for cost in saving[:_ADVISED_CELLS]:
        cell = cost.cell
        yield (
            f"Cell {_name(cost)} spent {cost.share:.0%} of its "
            f"{format_duration(cell.duration_s)} in collections, mostly of generation "
            f"{cost.generation}: %%gc_pause would save about "
            f"{format_duration(cost.saved_s)}."
        )
        if cell.gc_found >= _MANY_OBJECTS:
            yield (
                f"They freed {cell.gc_found:,} unreachable objects, which a pause "
                "would keep until it ends; --max-growth SIZE ends it if memory grows "
                "too far."
            )


def _explain_rest(n_hidden: int) -> Iterator[str]:
    if n_hidden:
        yield f"Not shown: {format_count(n_hidden, 'cell')} with lower costs."


def _name(cost: CellCost) -> str:
    number = cost.cell.execution_count
    return "[ ]" if number is None else f"[{number}]"


def _count(collections: int, took_s: float) -> str:
    return f"{collections:,} in {format_duration(took_s)}" if collections else ""
