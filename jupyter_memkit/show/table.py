"""Columns of figures and text, for a terminal and for a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "code"]

_STYLES: dict[Kind, str] = {
    "number": "text-align: right",
    "text": "text-align: left",
    "code": "text-align: left; font-family: monospace; white-space: pre",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells below a heading.

    Attributes
    ----------
    columns : tuple of (str, str)
        The heading and the kind of each column: numbers stand at the right, code
        keeps its spaces.
    rows : tuple of tuple of str
        A cell for each column, plain text.

    Examples
    --------
    >>> columns = (("size", "number"), ("name", "text"))
    >>> print(Table(columns=columns, rows=(("8 B", "x"), ("16 B", "y"))).text())
      size  name
       8 B  x
      16 B  y
    """

    columns: tuple[tuple[str, Kind], ...]
    rows: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """Return the table for a terminal."""
        lines = (tuple(heading for heading, _ in self.columns), *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(self._join(line, widths) for line in lines)

    def html(self) -> str:
        """Return the table for a notebook; all that it shows is escaped."""
        heading = "".join(
            f'<th style="{_STYLES["text" if kind == "code" else kind]}">'
            f"{html.escape(title)}</th>"
            for title, kind in self.columns
        )
        rows = "".join(f"<tr>{self._join_html(row)}</tr>" for row in self.rows)
        return f"<table><tr>{heading}</tr>{rows}</table>"

    def _join(self, line: tuple[str, ...], widths: list[int]) -> str:
        cells = (
            f"{cell:>{width}}" if kind == "number" else f"{cell:<{width}}"
            for cell, width, (_, kind) in zip(line, widths, self.columns, strict=True)
        )
        return f"  {'  '.join(cells)}".rstrip()

    def _join_html(self, row: tuple[str, ...]) -> str:
        return "".join(
            f'<td style="{_STYLES[kind]}">{html.escape(cell)}</td>'
            for cell, (_, kind) in zip(row, self.columns, strict=True)
        )
