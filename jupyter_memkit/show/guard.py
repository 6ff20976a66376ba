"""Reports the status of the guard, and why it stopped a cell."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten

from jupyter_memkit.show.accuracy import SIGNS
from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.techniques.guard.records import (
    Cure,
    GrownVariable,
    GuardStatus,
    GuardStop,
    LeftProgram,
)
from jupyter_memkit.units import format_bytes

_COMMAND_LETTERS = 60


def build_report(record: GuardStatus | GuardStop) -> Report:
    """Build the report of a record of the guard."""
    if isinstance(record, GuardStatus):
        return _build_status(record)
    return Report(
        title=f"Stopped: {record.message}",
        rows=tuple(_build_rows(record)),
        table=build_cures(record.cures),
    )


def _build_status(status: GuardStatus) -> Report:
    if status.mark is None:
        return Report(
            title="no guard is armed",
            rows=(("setting", status.obstacle),) if status.obstacle else (),
            notes=("%memguard auto arms it for all cells.",),
        )
    mark_bytes, used_bytes = status.mark_bytes or 0, status.used_bytes or 0
    effect = "stops the cell" if status.action == "stop" else "warns"
    return Report(
        title=f"the guard {effect} at {format_bytes(mark_bytes)} ({status.mark})",
        rows=(
            ("in use", f"{format_bytes(used_bytes)}, without mapped files"),
            ("enforced by", " and ".join(status.belts)),
            ("stopped", f"{status.stops} {'cell' if status.stops == 1 else 'cells'}"),
        ),
    )


def _build_rows(stop: GuardStop) -> Iterator[tuple[str, str]]:
    used = format_bytes(stop.used_bytes)
    yield "in use", f"{used}, with the mark at {format_bytes(stop.mark_bytes)}"
    yield "this cell", f"grew by {format_bytes(stop.grown_bytes)}"
    if stop.line is not None:
        yield "line", stop.line
    if stop.variables:
        yield "variables", ", ".join(map(describe_variable, stop.variables))
    if stop.programs:
        yield "still running", ", ".join(map(_describe_program, stop.programs))


def _describe_program(program: LeftProgram) -> str:
    command = shorten(program.command, _COMMAND_LETTERS, placeholder="…")
    return f"{command} {format_bytes(program.bytes)} (process {program.pid})"


def describe_variable(variable: GrownVariable) -> str:
    """Describe a variable, and what this cell has added to it."""
    sign = SIGNS[variable.accuracy]
    size = f"{variable.name} {sign}{format_bytes(variable.bytes)}"
    if not variable.grown_bytes:
        return size
    if variable.grown_bytes == variable.bytes:
        return f"{size} (new in this cell)"
    return f"{size} (≈ {format_bytes(variable.grown_bytes)} of it from this cell)"


def _describe_saving(cure: Cure) -> str:
    if cure.saves_bytes is None:
        return ""
    return SIGNS[cure.accuracy] + format_bytes(cure.saves_bytes)


def build_cures(cures: tuple[Cure, ...]) -> Table | None:
    """Build the table of what helps; None if there is nothing."""
    if not cures:
        return None
    return Table(
        columns=(("saves", "number"), ("remedy", "code"), ("why", "text")),
        rows=tuple(
            (
                _describe_saving(cure),
                cure.code,
                cure.why,
            )
            for cure in cures
        ),
    )
