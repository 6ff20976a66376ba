"""Guesses types from unambiguous values, for pyarrow to check.

pyarrow takes several times as long to infer the type of a column as to check one,
for any number of rows. In a table of thousands of columns this is most of the time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.delimited.cut import first_line

_KINDS = {
    "int64": re.compile(r"-?\d{1,15}"),
    "float64": re.compile(r"-?\d{1,15}\.\d{1,15}"),
    # Not a word for a missing value, a Boolean, infinity or NaN.
    "string": re.compile(r"(?!(?i:n/?a|null|none|true|false|inf))[^\W\d_][\w .-]*"),
}


def guess_types(lines: bytes, names: Sequence[str], separator: str) -> dict[str, Any]:
    """Return pyarrow's types of the columns whose first and last value agree.

    If a column can be read as this type, pyarrow infers the same type.

    Parameters
    ----------
    lines : bytes
        Whole lines, without the names.
    names : sequence of str
        The names of the columns.
    separator : str
        The separator of values.
    """
    arrow = import_library("pyarrow", "CSV")
    last = lines.rstrip(b"\r\n")
    ends = [first_line(lines), last[max(last.rfind(b"\n"), last.rfind(b"\r")) + 1 :]]
    rows = [line.decode(errors="replace").split(separator) for line in ends]
    if any(b'"' in line for line in ends) or any(len(r) != len(names) for r in rows):
        return {}
    kinds = {name: arrow.type_for_alias(name) for name in _KINDS}
    return {
        name: kinds[kind]
        for name, *values in zip(names, *rows, strict=True)
        for kind, pattern in _KINDS.items()
        if all(map(pattern.fullmatch, values))
    }
