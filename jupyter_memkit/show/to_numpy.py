"""Reports what converting lists to arrays saved."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.arrays.records import Packed, Replaced
from jupyter_memkit.units import format_bytes, format_duration


def build_report(packed: Packed) -> Report:
    """Build the report of a conversion."""
    rows = [(each.into, _describe(each)) for each in packed.variables]
    freed = packed.freed_bytes
    if freed > 0:
        rows.append(("returned to the system", format_bytes(freed)))
    rows.append(("took", format_duration(packed.duration_s)))
    return Report(
        title=_build_title(packed), rows=tuple(rows), notes=tuple(_build_notes(packed))
    )


def describe_ratio(before_bytes: int, after_bytes: int) -> str:
    """Compare a size with the one before."""
    if after_bytes >= before_bytes:
        return "no smaller"
    ratio = before_bytes / max(1, after_bytes)
    return f"{ratio:.1f} times smaller"


def describe_holders(variables: tuple[Replaced, ...]) -> Iterator[str]:
    """Yield what still holds the old values."""
    for each in variables:
        if each.held:
            yield (
                f"The old value of {each.name} is still held by "
                f"{', '.join(each.held)}; its memory is freed once that is gone."
            )


def describe_copies(copies: tuple[str, ...]) -> Iterator[str]:
    """Yield what no longer holds the old values."""
    if copies:
        yield f"No longer held by {', '.join(copies)}."


def _build_title(packed: Packed) -> str:
    before_bytes = sum(each.before_bytes for each in packed.variables)
    after_bytes = sum(each.after_bytes for each in packed.variables)
    mark = "" if all(each.exact for each in packed.variables) else "≈ "
    names = ", ".join(each.into for each in packed.variables)
    return (
        f"{names}: {mark}{format_bytes(before_bytes)} → {format_bytes(after_bytes)}, "
        f"{describe_ratio(before_bytes, after_bytes)}"
    )


def _describe(each: Replaced) -> str:
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
    yield from describe_copies(packed.copies)
    yield from describe_holders(packed.variables)
    if not all(each.exact for each in packed.variables):
        yield "≈: estimated from a sample."
