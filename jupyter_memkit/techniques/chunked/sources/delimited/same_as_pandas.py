"""Checks whether pyarrow has read from lines what pandas would read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from jupyter_memkit.techniques.chunked.sources.delimited.cut import has
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    FALSE,
    MISSING,
    TRUE,
)
from jupyter_memkit.techniques.chunked.sources.magnitudes import (
    WIDEST,
    bound_magnitude,
)

# What pyarrow should read as a missing value and as a Boolean.
OPTIONS: Mapping[str, Any] = {
    "null_values": MISSING,
    "strings_can_be_null": True,
    "true_values": TRUE,
    "false_values": FALSE,
}


def may_mean_the_same(block: Any, names: Collection[str]) -> bool:
    """Return whether pyarrow may read what pandas reads, judging by the bytes."""
    if len(names) == 1 and (has(block, b" ") or has(block, b"\t")):
        return False  # pandas skips a line of blanks.
    return not has(block, b"\0")


def may_be_hexadecimal(block: Any) -> bool:
    """Return whether a value may start with 0x, a number only for pyarrow."""
    return any(has(block, mark) for mark in (b"0x", b"0X"))


def means_the_same(table: Any, block: Any, types: Mapping[str, str]) -> bool:
    """Return whether pandas would read the values and types that pyarrow read.

    Parameters
    ----------
    table : pyarrow.Table
        The table that pyarrow read.
    block : bytes-like
        The lines that it was read from.
    types : mapping of str to str
        The types of its columns, in order.
    """
    kinds = types.values()
    if not {"int64", "uint64"}.isdisjoint(kinds) and may_be_hexadecimal(block):
        return False
    floats = []
    for column, dtype in zip(table.itercolumns(), kinds, strict=True):
        if dtype == "float64":
            floats.append(column)
        elif column.null_count and dtype in {"int64", "uint64", "bool"}:
            return False
    return hold_plain_floats(floats)


def hold_plain_floats(columns: Iterable[Any]) -> bool:
    """Return whether pandas reads these floats too.

    Only pyarrow reads some texts as NaN, and integers of more than 64 bits as floats.
    """
    bound, has_nan = bound_magnitude(columns, "CSV")
    return bound < WIDEST and not has_nan
