"""Checks whether pyarrow has read from lines what pandas would read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from string import ascii_letters, digits
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.delimited.by_arrow import read_arrow
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
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

# Texts that both libraries read as the same number; integers of at most 18 digits.
_PLAIN = (
    r"^(?:[ \t]*[+-]?(?:\d{1,18}|\d+\.\d*|\.\d+|(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+)[ \t]*"
    r"|[+-]?(?i:inf|infinity))$"
)


def may_mean_the_same(block: Any, names: Collection[str]) -> bool:
    """Return whether pyarrow may read what pandas reads, judging by the bytes."""
    if len(names) == 1 and _may_have_blank_lines(block):
        return False  # pandas skips a line of blanks.
    return not has(block, b"\0")


def _may_have_blank_lines(block: Any) -> bool:
    """Return whether a line starts with a blank."""
    blanks = (b" ", b"\t")
    return bytes(block[:1]) in blanks or any(
        has(block, end + blank) for end in (b"\n", b"\r") for blank in blanks
    )


def may_be_hexadecimal(block: Any, separator: str) -> bool:
    """Return whether a value may start with 0x, a number only for pyarrow.

    Text often has such a pair of bytes elsewhere, such as N50X.
    """
    within = (ascii_letters + digits + "._").replace(separator, "").encode()
    return any(
        has(block, mark) and re.search(b"%b(?<![%b]%b)" % (mark, within, mark), block)
        for mark in (b"0x", b"0X")
    )


def means_the_same(table: Any, block: Any, layout: Layout) -> bool:
    """Return whether pandas would read the values and types that pyarrow read.

    Parameters
    ----------
    table : pyarrow.Table
        The table that pyarrow read.
    block : bytes-like
        The lines that it was read from.
    layout : Layout
        The layout of these lines.
    """
    floats = []
    integers = []
    for name in layout.columns:
        dtype = layout.types[name]
        if dtype == "float64":
            floats.append(name)
        elif dtype in {"int64", "uint64"}:
            integers.append(name)
        if dtype in {"int64", "uint64", "bool"} and table[name].null_count:
            return False
    unsure = []
    if integers and may_be_hexadecimal(block, layout.separator):
        unsure += integers
    if not hold_plain_floats(table[name] for name in floats):
        unsure += floats
    return not unsure or _are_plain(block, replace(layout, columns=tuple(unsure)))


def _are_plain(block: Any, layout: Layout) -> bool:
    """Return whether both libraries read each value as the same number.

    Reading the lines once more takes a fraction of the time that pandas does.
    """
    arrow = import_library("pyarrow", "CSV")
    compute = import_library("pyarrow.compute", "CSV")
    types = dict.fromkeys(layout.columns, arrow.string())
    texts = read_arrow(block, layout, types, OPTIONS)
    return all(
        # None if all values are missing.
        compute.all(compute.match_substring_regex(column, _PLAIN)).as_py() is not False
        for column in texts.itercolumns()
    )


def hold_plain_floats(columns: Iterable[Any]) -> bool:
    """Return whether pandas reads these floats too.

    Only pyarrow reads some texts as NaN, and integers of more than 64 bits as floats.
    """
    bound, has_nan = bound_magnitude(columns, "CSV")
    return bound < WIDEST and not has_nan
