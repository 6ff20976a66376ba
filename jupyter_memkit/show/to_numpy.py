"""Shows what packing lists into arrays won."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.arrays.records import Packed, Replaced
from jupyter_memkit.units import format_bytes, format_duration


def build_report(packed: Packed) -> Report:
    """Build what a person reads of a packing."""
    rows = [(each.into, _tell(each)) for each in packed.variables]
    freed = packed.freed_bytes
    if freed > 0:
        rows.append(("back to the system", format_bytes(freed)))
    rows.append(("took", format_duration(packed.duration_s)))
    return Report(
        title=_build_title(packed), rows=tuple(rows), notes=tuple(_build_notes(packed))
    )


def tell_ratio(before_bytes: int, after_bytes: int) -> str:
    """Return how a size compares with the one before."""
    if after_bytes >= before_bytes:
        return "no smaller"
    ratio = before_bytes / max(1, after_bytes)
    return f"{ratio:.1f} times smaller"


def tell_holders(variables: tuple[Replaced, ...]) -> Iterator[str]:
    """Yield who still has the values before."""
    for each in variables:
        if each.held:
            yield (
                f"What {each.name} was lives on in {', '.join(each.held)}: its memory "
                "comes back when that is gone."
            )


def tell_copies(copies: tuple[str, ...]) -> Iterator[str]:
    """Yield what no longer has the values before."""
    if copies:
        yield f"No longer held by {', '.join(copies)}."


def _build_title(packed: Packed) -> str:
    before_bytes = sum(each.before_bytes for each in packed.variables)
    after_bytes = sum(each.after_bytes for each in packed.variables)
    mark = "" if all(each.exact for each in packed.variables) else "≈ "
    names = ", ".join(each.into for each in packed.variables)
    return (
        f"{names}: {mark}{format_bytes(before_bytes)} → {format_bytes(after_bytes)}, "
        f"{tell_ratio(before_bytes, after_bytes)}"
    )


def _tell(each: Replaced) -> str:
    shape = ""
    if each.shape is not None:
        shape = " of " + " x ".join(f"{length:,}" for length in each.shape)
    mark = "" if each.exact else "≈ "
    speed = (
        "" if each.speedup is None else f"; a sum is {each.speedup:.0f} times faster"
    )
    return (
        f"{each.before_type} → {each.after_type}{shape}: "
        f"{mark}{format_bytes(each.before_bytes)} → "
        f"{format_bytes(each.after_bytes)}{speed}"
    )


def _build_notes(packed: Packed) -> Iterator[str]:
    yield from tell_copies(packed.copies)
    yield from tell_holders(packed.variables)
    if not all(each.exact for each in packed.variables):
        yield "≈: estimated from a sample."
