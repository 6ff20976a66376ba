"""Shows what unloading a library did."""

from __future__ import annotations

from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.unload import Unloaded
from jupyter_memkit.units import format_bytes

_TRUTH = (
    "CPython rarely returns a library's memory; "
    "only a process that ends gives back all of it."
)


def build_report(unloaded: Unloaded) -> Report:
    """Build what a person reads of an unloading."""
    rows = [("modules", _list(unloaded.modules))]
    if unloaded.names:
        rows.append(("names removed", _list(unloaded.names)))
    if unloaded.survivors:
        count = f"{len(unloaded.survivors)} of {len(unloaded.modules)}"
        rows.append(("still in memory", count))
    if unloaded.pinned_by:
        pins = [f"{module} by {pin}" for module, pin in unloaded.pinned_by.items()]
        rows.append(("held", _list(pins)))
    if unloaded.freed_bytes is None:
        title = f"Would unload {unloaded.name}"
    else:
        freed = format_bytes(unloaded.freed_bytes)
        title = f"Unloaded {unloaded.name}: {freed} back to the system"
    return Report(title=title, rows=tuple(rows), notes=(_TRUTH,))


def _list(items: tuple[str, ...] | list[str]) -> str:
    if len(items) > 5:
        return f"{', '.join(items[:5])} and {len(items) - 5} more"
    return ", ".join(items)
