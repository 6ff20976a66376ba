"""Reports what unloading a library did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.unloading import Unloaded
from jupyter_memkit.units import format_bytes

TRUTH = "CPython rarely frees a library's memory; %%isolated always frees all of it."


def build_report(unloaded: Unloaded) -> Report:
    """Build the report of an unloaded library."""
    name = _list(unloaded.name.split(", "))
    if unloaded.freed_bytes is None:
        title = f"Would unload {name}"
    else:
        freed = format_bytes(unloaded.freed_bytes)
        title = f"Unloaded {name}: {freed} returned to the system"
    return Report(title=title, rows=tuple(_build_rows(unloaded)), notes=(TRUTH,))


def _build_rows(unloaded: Unloaded) -> Iterator[tuple[str, str]]:
    yield "modules", _list(unloaded.modules)
    yield "memory, at least", f"≈ {format_bytes(unloaded.imported_bytes)}"
    if unloaded.names:
        yield "names removed", _list(unloaded.names)
    if unloaded.code_names:
        yield "names kept", f"{_list([*unloaded.code_names])} (--names deletes them)"
    if unloaded.traces:
        yield "traces removed", _list(unloaded.traces)
    if unloaded.survivors:
        count = f"{len(unloaded.survivors)} of {len(unloaded.modules)}"
        yield "still in memory", count
    if unloaded.pinned_by:
        yield "held", _list(_build_pins(unloaded.pinned_by))


def _build_pins(pinned_by: Mapping[str, str]) -> list[str]:
    """Return the modules that are still held, grouped by what holds them."""
    modules: dict[str, list[str]] = {}
    for module, pin in pinned_by.items():
        modules.setdefault(pin, []).append(module)
    return [
        f"{held[0] if len(held) == 1 else f'{len(held)} modules'} by {pin}"
        for pin, held in modules.items()
    ]


def _list(items: tuple[str, ...] | list[str]) -> str:
    if len(items) > 5:
        return f"{', '.join(items[:5])} and {len(items) - 5} more"
    return ", ".join(items)
