"""Finds what filled memory when a cell was stopped or failed, and what would help."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType
from typing import Any

from jupyter_memkit.cells.history import read_history
from jupyter_memkit.cells.usage import find_usage
from jupyter_memkit.hints import find_hints
from jupyter_memkit.hints.records import Hint
from jupyter_memkit.magics.cell_start import CellStart
from jupyter_memkit.measure.sizes import Size, sizes
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.parts import DISK, UNTOUCHED
from jupyter_memkit.techniques.error_chain import read_traceback, walk_chain
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.mark import read_mark
from jupyter_memkit.techniques.guard.records import (
    Cure,
    GrownVariable,
    GuardStop,
    LeftProgram,
)
from jupyter_memkit.techniques.guard.watcher import LEEWAY_BYTES
from jupyter_memkit.techniques.out_of_memory.recognition import SOME_GPU
from jupyter_memkit.techniques.out_of_memory.records import OutOfMemory
from jupyter_memkit.track.tracker import tracker
from jupyter_memkit.track.user_variables import (
    find_program,
    is_listed,
    user_variables,
)
from jupyter_memkit.units import format_bytes

# Both the old and the new value exist for a moment.
_COPYING = ("dtype", "numbers")
_SHOWN_VARIABLES = 5
_SHOWN_CURES = 5
_SHOWN_PROGRAMS = 5
_HINTS_S = 2.0
_SIZES_S = 2.0
# Smaller variables do not explain a stop.
_LEAST_SHARE = 0.01


def complete(stop: GuardStop, shell: Any, start: CellStart | None) -> GuardStop:
    """Add the largest variables, running programs and cures to the record of a stop."""
    cell = tracker().running_here
    number = None if cell is None else cell.execution_count
    least_bytes = int(_LEAST_SHARE * stop.mark_bytes)
    variables = tuple(_find_variables(shell, start, None, least_bytes))
    before_bytes = stop.used_bytes - stop.grown_bytes
    room_bytes = stop.mark_bytes + LEEWAY_BYTES - before_bytes
    used = _find_used(shell, number)
    programs = _find_programs(least_bytes)
    savings = [
        *_end_programs(programs),
        *_find_savings(shell, start, variables, used, room_bytes),
    ]
    return dataclasses.replace(
        stop,
        execution_count=number,
        variables=variables[:_SHOWN_VARIABLES],
        programs=programs[:_SHOWN_PROGRAMS],
        cures=(*_rank(savings)[:_SHOWN_CURES], *_raise_mark(stop)),
    )


def complete_failure(
    failed: OutOfMemory, shell: Any, line: str | None, execution_count: int | None
) -> OutOfMemory:
    """Add the line, the largest variables and the cures to the record of a failure."""
    total_bytes = failed.returned_bytes + (failed.free_bytes or 0)
    least_bytes = int(_LEAST_SHARE * total_bytes)
    variables = tuple(_find_variables(shell, None, failed.device, least_bytes))
    used = _find_used(shell, execution_count)
    if failed.device is None:
        savings = _find_savings(shell, None, variables, used, failed.free_bytes or 0)
    else:
        savings = _find_on_device(failed.device, variables, used)
    return dataclasses.replace(
        failed,
        line=line,
        execution_count=execution_count,
        variables=variables[:_SHOWN_VARIABLES],
        cures=(*failed.cures, *_rank(savings)[:_SHOWN_CURES]),
    )


def _find_programs(least_bytes: int) -> tuple[LeftProgram, ...]:
    """Return the programs of at least a size that the stopped cell has left."""
    pids = set(process_guard().find_programs())
    if not pids:
        return ()
    # Imported on first use, so that a kernel starts fast.
    from jupyter_memkit.measure.processes import processes  # noqa: PLC0415

    programs = [
        LeftProgram(
            pid=each.pid,
            command=each.command,
            bytes=each.rss_bytes if each.pss_bytes is None else each.pss_bytes,
        )
        for each in processes(budget_s=_SIZES_S)
        if each.pid in pids
    ]
    large = [each for each in programs if each.bytes >= least_bytes]
    return tuple(sorted(large, key=lambda each: -each.bytes))


def _end_programs(programs: tuple[LeftProgram, ...]) -> Iterator[Cure]:
    if programs:
        # They have outlived the signal of Ctrl-C, or have left its reach.
        yield Cure(
            kind="end_program",
            code=f"!kill -9 {' '.join(str(each.pid) for each in programs)}",
            use="run",
            saves_bytes=sum(each.bytes for each in programs),
            why="was started by this cell, and is still running",
        )


def _find_variables(
    shell: Any, start: CellStart | None, device: str | None, least_bytes: int
) -> Iterator[GrownVariable]:
    """Yield the variables of at least a size in main memory or on a device."""
    # A function can hold what fills memory, as a default or in its closure.
    namespace = user_variables(shell, program=True)
    measured = [
        (_read_size(size, device), name, size.accuracy)
        for name, size in _measure(shell, namespace).items()
        if is_listed(name, namespace[name], size)
    ]
    for n_bytes, name, accuracy in sorted(measured, reverse=True):
        if n_bytes < max(1, least_bytes):
            return
        grown_bytes = None
        if start is not None:
            grown_bytes = start.grown_bytes(name, namespace[name], n_bytes)
        yield GrownVariable(
            name=name, bytes=n_bytes, grown_bytes=grown_bytes, accuracy=accuracy
        )


def _measure(shell: Any, namespace: Mapping[str, Any]) -> dict[str, Size]:
    """Return the sizes of variables, without what the frames of the error hold.

    That belongs to no variable that merely reaches them, as through the shell.
    """
    program = [*find_program(shell), *_iterate_live()]
    try:
        return dict(sizes(namespace, budget_s=_SIZES_S, program=program))
    finally:
        # This frame is among them, and would hold itself and the variables.
        program.clear()


def _iterate_live() -> Iterator[Any]:
    """Yield the frames that run in this thread, and the error that is handled."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - documented
    while frame is not None:
        yield frame
        frame = frame.f_back
    error = sys.exc_info()[1]
    for each in () if error is None else walk_chain(error, hidden=True):
        yield each
        trace = read_traceback(each)
        while trace is not None:
            yield from (trace, trace.tb_frame)
            trace = trace.tb_next


def _read_size(size: Size, device: str | None) -> int:
    if device is None:
        return size.bytes
    return sum(
        n_bytes
        for place, n_bytes in size.elsewhere.items()
        if place == device or (device == SOME_GPU and place not in (UNTOUCHED, DISK))
    )


def _find_on_device(
    device: str, variables: tuple[GrownVariable, ...], used: set[str]
) -> Iterator[Cure]:
    for variable in variables:
        if variable.name not in used:
            yield Cure(
                kind="delete",
                code=f"%memfree {variable.name}",
                use="run",
                saves_bytes=variable.bytes,
                accuracy=variable.accuracy,
                why=f"is on {device}, and is not used by this cell",
            )


def _rank(cures: Iterable[Cure]) -> list[Cure]:
    return sorted(cures, key=lambda cure: -(cure.saves_bytes or 0))


def _find_savings(
    shell: Any,
    start: CellStart | None,
    variables: tuple[GrownVariable, ...],
    used: set[str],
    room_bytes: int,
) -> Iterator[Cure]:
    """Yield what frees main memory, given this much room for copies."""
    # A rule that needs more memory than there is ends the search.
    with contextlib.suppress(MemoryError):
        hints = find_hints(shell, tracker().cells, budget_s=_HINTS_S)
        for hint in hints.hints:
            # What two graphs have in common counts for one of them.
            is_saving = hint.saved_s is None and hint.bytes != 0
            if is_saving and _fits(hint, variables, room_bytes):
                yield _from_hint(hint)
    for variable in variables:
        value = shell.user_ns.get(variable.name)
        if _is_array(value) and variable.name not in used:
            yield Cure(
                kind="spill",
                code=f"%spill {variable.name}",
                use="run",
                saves_bytes=variable.bytes,
                accuracy=variable.accuracy,
                why="moves to a file, and is not used by this cell",
            )
        elif start is not None and not start.has(variable.name):
            yield Cure(
                kind="delete",
                code=f"%memfree {variable.name}",
                use="run",
                saves_bytes=variable.bytes,
                accuracy=variable.accuracy,
                why="was made by this cell, which did not finish",
            )


def _fits(hint: Hint, variables: tuple[GrownVariable, ...], room_bytes: int) -> bool:
    """Return whether a cure that makes a smaller copy has room for it."""
    if hint.kind not in _COPYING:
        return True
    sizes_by_name = {variable.name: variable.bytes for variable in variables}
    copy_bytes = sizes_by_name.get(hint.name, 0) - (hint.bytes or 0)
    return copy_bytes < room_bytes


def _is_array(value: object) -> bool:
    array_kind = find_loaded("numpy", "ndarray")
    return array_kind is not None and type(value) is array_kind


def _find_used(shell: Any, number: int | None) -> set[str]:
    """Return the names that a cell uses, or one that was started after it.

    In a subshell, cells that were started later may still run.
    """
    inputs = read_history(shell.user_ns)
    last = len(inputs) - 1
    since = last if number is None else min(number, last)
    usage = find_usage(inputs)
    return {name for name, each in usage.items() if (each.used_in or 0) >= since}


def _from_hint(hint: Hint) -> Cure:
    return Cure(
        kind=hint.kind,
        code=hint.cure,
        use="prefix" if hint.cure.startswith("%%") else "run",
        saves_bytes=hint.bytes,
        accuracy=hint.accuracy,
        why=f"{hint.name}: {hint.found}",
    )


def _raise_mark(stop: GuardStop) -> Iterator[Cure]:
    if stop.mark == "auto":
        return
    automatic = read_mark("auto")
    limit_bytes = _limit_bytes() - automatic.reserve_bytes
    if stop.mark_bytes < limit_bytes:
        yield Cure(
            kind="raise_mark",
            code="%memguard auto",
            use="run",
            saves_bytes=None,
            why=f"allows up to {format_bytes(limit_bytes)} on this machine",
        )


def _limit_bytes() -> int:
    gauge = tracker().gauge()
    return 0 if gauge is None else gauge.limit_bytes
