"""Detects files that need another option, and suggests it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.delimited.cut import (
    first_line,
    skip_names,
)
from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import LineEnds

_LINES = 100
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SHOWN = {"\t": "\\t"}

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # It begins with the mark of UTF-16.
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def check_text(head: bytes, name: str) -> None:
    """Reject an empty file, and text in UTF-16 or UTF-32.

    Raises
    ------
    SourceError
        If it is either; the message names the option that reads text.
    """
    found = (encoding for mark, encoding in _MARKS.items() if head.startswith(mark))
    encoding = next(found, None)
    if encoding is None and head[:64].count(b"\0") * 3 > len(head[:64]):
        encoding = "utf-16-be" if head.startswith(b"\0") else "utf-16-le"
    if encoding is not None:
        message = f"{name} is not encoded as UTF-8; use --read encoding={encoding}"
        raise SourceError(message)
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        message = f"{name} is empty; there is nothing to run over"
        raise SourceError(message)


def check_first_line(head: bytes, separator: str, name: str, backend: str) -> None:
    """Reject a first line that the library does not read as pandas does.

    Raises
    ------
    SourceError
        If it does not; the message names the backend that reads the file.
    """
    why = None
    line = head[: skip_names(head, separator)].removeprefix(codecs.BOM_UTF8)
    if backend == "polars" and head.count(b"\r") > head.count(b"\r\n"):
        why = "a lone CR, which does not end a line in polars"
    elif not first_line(line).strip():
        why = "an empty line before the column names"
    else:
        # A quoted name may contain line ends.
        text = line.decode(errors="replace")
        names = next(iter(_read_rows(io.StringIO(text, newline=""), separator)), [])
        # `"a"b` is the name `ab` for pandas, and `a"` for polars.
        between = re.escape(separator)
        after_quote = rf'(?:^|{between})"(?:[^"]|"")*"[^"{between}\r\n]'
        if len(set(names)) < len(names):
            why = "a duplicate column name"
        elif any('"' in name for name in names) or re.search(after_quote, text):
            why = "a quote in a column name"
    if why is not None:
        message = f"{name} has {why}; use --backend pandas"
        raise SourceError(message)


def check_quotes(ends: LineEnds, name: str) -> None:
    """Reject quotes in the middle of values, for which polars loses lines.

    Raises
    ------
    SourceError
        If there are any; the message names the backend that reads the file.
    """
    if ends.has_letters:
        message = (
            f"{name} has a quote in the middle of a value, which polars misreads; use "
            "--backend pandas"
        )
        raise SourceError(message)


def find_separator(head: bytes, separator: str) -> str | None:
    """Return the likely separator of lines that have only one column.

    It occurs equally often in each line, and the present one not in the names.
    """
    lines = head.decode(errors="replace").splitlines()[:_LINES]
    if len(lines) == _LINES:
        lines.pop()
    if len(lines) < 2 or separator in lines[0]:
        return None
    for other in _SEPARATORS:
        if other != separator:
            counts = {len(row) for row in _read_rows(lines, other) if row}
            if len(counts) == 1 and counts.pop() > 1:
                return other
    return None


def make_separator_error(name: str, separator: str, other: str) -> SourceError:
    """Return the error that suggests the likely separator of a file."""
    shown, others = _SHOWN.get(separator, separator), _SHOWN.get(other, other)
    return SourceError(
        f"{name} has one column if separated by "
        f"{_SEPARATORS.get(separator, separator)} and several if separated by "
        f"{_SEPARATORS[other]}; use --read sep={others}, or --read sep={shown} if it "
        "is one column"
    )


def count_preamble(head: bytes, separator: str) -> int:
    """Return the likely number of lines before the column names.

    A table has the same number of values in each line; text before it has fewer.
    """
    lines = head.decode(errors="replace").splitlines()[:_LINES]
    if len(lines) == _LINES:
        lines.pop()
    counts = [len(row) for row in _read_rows(lines, separator)]
    if len(counts) < len(lines):
        return 0  # Quoted line ends.
    width = counts[-1]
    first = len(counts)
    while first and counts[first - 1] == width:
        first -= 1
    is_table = width > 1 and len(counts) - first > 1
    return first if is_table and max(counts[:first], default=width) < width else 0


def _read_rows(lines: Iterable[str], separator: str) -> list[list[str]]:
    """Return the rows of lines; none if a value is too long for the module csv."""
    try:
        return list(csv.reader(lines, delimiter=separator))
    except csv.Error:
        return []
