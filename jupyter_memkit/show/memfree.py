"""Reports what was freed."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.show.report import Report
from jupyter_memkit.show.table import Table
from jupyter_memkit.techniques.releasing.records import Freed, FreedDevice, Held
from jupyter_memkit.units import format_bytes

# Smaller changes are noise.
_SHOWN_BYTES = 64 * 1024
# Every kernel has some megabytes free in Python's heap.
_SHOWN_HEAP_BYTES = 32 * 1024 * 1024


def build_report(freed: Freed) -> Report:
    """Build the report of freed memory."""
    rows = tuple(
        (format_bytes(step.freed_bytes), step.name)
        for step in freed.steps
        if step.freed_bytes >= _SHOWN_BYTES
    )
    table = Table(columns=(("freed", "number"), ("by releasing", "text")), rows=rows)
    return Report(
        title=(
            f"{_format_total(freed.total_bytes)}; {format_bytes(freed.rss_bytes)} in "
            "use now"
        ),
        table=table if rows else None,
        notes=tuple(_build_notes(freed)),
    )


def _format_total(total_bytes: int) -> str:
    if total_bytes < 0:
        grown = format_bytes(-total_bytes)
        return f"nothing was freed, and the process grew by {grown}"
    if total_bytes == 0:
        return "nothing was freed"
    return f"{format_bytes(total_bytes)} returned to the system"


def _build_notes(freed: Freed) -> Iterator[str]:
    yield from map(_describe_device, freed.devices)
    if freed.workers:
        count = f"{freed.workers} idle worker{'s' if freed.workers > 1 else ''}"
        used = format_bytes(freed.workers_bytes)
        yield f"Ended {count} of joblib, which used {used}."
    if freed.copies:
        yield f"No longer held by {', '.join(freed.copies)}."
    if freed.hooks:
        yield f"Removed the hooks {', '.join(freed.hooks)}."
    for name, held in freed.held.items():
        yield _describe_held(name, held)
    for name, processes in freed.isolated.items():
        lines = ", ".join(f"%isolated --close {process}" for process in processes)
        yield f"A copy of {name} is in a separate process; {lines} ends it."
    if freed.made_in:
        yield _describe_shortfall(freed)
    if freed.python_heap_free_bytes >= _SHOWN_HEAP_BYTES:
        yield (
            f"{format_bytes(freed.python_heap_free_bytes)} is free in Python's heap "
            "for new small objects, but cannot be returned to the system: objects in "
            "use are scattered in it. %memkit advice finds the variables whose objects "
            "these are."
        )


def _describe_device(device: FreedDevice) -> str:
    whose = "" if device.of_process else " by all processes"
    return (
        f"{device.name}: {format_bytes(device.before_bytes)} before, "
        f"{format_bytes(device.after_bytes)} after, in use{whose} according to the "
        "driver."
    )


def _describe_held(name: str, held: Held) -> str:
    what = f"at least {format_bytes(held.bytes)} of it" if held.bytes else "its value"
    if held.is_value and held.bytes:
        what = f"its value (at least {format_bytes(held.bytes)})"
    by = ", ".join(held.holders) or (
        "compiled code, a running function or what was registered with atexit"
    )
    if not held.complete:
        by += " (the search for holders reached its time limit)"
    text = f"{name} is deleted, but {what} is still held by {by}."
    if held.remedies:
        return f"{text} Remedy: {', then '.join(held.remedies)}"
    if held.holders:
        return (
            f"{text} It has to be removed where it was registered or stored; "
            f"{_offer_process(name)}"
        )
    if held.suspects:
        text += (
            f" It may be held by {' or '.join(held.suspects)}, a part of which Python "
            f"does not see; if so, %memfree {' '.join(held.suspects)} releases it."
        )
    if held.torchscript:
        text += (
            " If torch.jit has traced or scripted what uses it, torch keeps it until "
            "the kernel restarts."
        )
    return (
        f"{text} atexit.unregister releases what was registered; this kernel cannot "
        f"release the rest, but {_offer_process(name)}"
    )


def _describe_shortfall(freed: Freed) -> str:
    cells = ", ".join(f"[{number}]" for number in freed.made_in)
    several = len(freed.made_in) > 1
    others = "other variables"
    if freed.suspects:
        names = ", ".join(freed.suspects)
        others += f", such as {names}, a part of which Python does not see"
    return (
        f"{'Cells' if several else 'Cell'} {cells}, which made "
        f"{', '.join(freed.names)}, kept {format_bytes(freed.made_bytes)}. The rest "
        f"can be {others}, and code and pools that a library loads once and "
        f"keeps; {_offer_process(freed.names[0])}"
    )


def _offer_process(name: str) -> str:
    # A name such as Out[3] cannot be that of a process.
    process = name if name.isidentifier() else "model"
    return (
        f"what a cell with %%isolated --name {process} takes is always released, by "
        f"%isolated --close {process}."
    )
