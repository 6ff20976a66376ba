"""A table of figures and text, for a terminal and for a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["number", "text", "code"]

_STYLES: dict[Kind, str] = {
    "number": "text-align: right; white-space: nowrap",
    "text": "text-align: left",
    "code": "text-align: left; font-family: monospace; white-space: pre-wrap",
}


_BUTTON = "all: unset; cursor: pointer; font-weight: bold"

# Sorts the table by the clicked column, and reverses the order on the next click. It
# contains none of the data shown.
_SORT = """
const heading = event.target.closest('th');
if (heading) {
  const column = [...heading.parentNode.children].indexOf(heading);
  const down = heading.getAttribute('aria-sort') !== 'descending';
  for (const other of heading.parentNode.children) other.removeAttribute('aria-sort');
  heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const key = row => row.children[column].dataset.key;
  const order = (a, b) => isNaN(key(a)) || isNaN(key(b))
    ? key(b).localeCompare(key(a)) : key(b) - key(a);
  const body = this.tBodies[0];
  const rows = [...body.rows].sort((a, b) => (down ? 1 : -1) * order(a, b));
  body.append(...rows);
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells below a heading.

    Attributes
    ----------
    columns : tuple of (str, str)
        The heading and the kind of each column: numbers are right-aligned, code keeps
        its spaces.
    rows : tuple of tuple of str
        A cell for each column, plain text.
    keys : tuple of tuple of (float or str)
        The sort keys of each row, one per column. With them, clicking a heading of the
        HTML sorts the table, if the page runs scripts.
    last : tuple of str
        One more row, which stays last whatever the order.
    parts : mapping of int to tuple of (str, str)
        What rows consist of, by their numbers: labels and values, which stand below the
        row in a terminal, and which the first cell of the row opens in a notebook.

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
    keys: tuple[tuple[float | str, ...], ...] = ()
    last: tuple[str, ...] = ()
    parts: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def text(self) -> str:
        """Return the table for a terminal."""
        heading = tuple(heading for heading, _ in self.columns)
        lines = [heading]
        for number, row in enumerate(self.rows):
            lines.append(row)
            rest = ("",) * (len(row) - 2)
            lines += [
                (f"  {label}", value, *rest)
                for label, value in self.parts.get(number, ())
            ]
        lines += [self.last] if self.last else []
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(self._join(line, widths) for line in lines)

    def html(self) -> str:
        """Return the table for a notebook, with all its text escaped."""
        heading = "".join(
            f'<th style="{_STYLES["text" if kind == "code" else kind]}">'
            f"{self._title_html(title)}</th>"
            for title, kind in self.columns
        )
        keys = self.keys or ((),) * len(self.rows)
        rows = "".join(
            f"<tr>{self._join_html(row, key, self.parts.get(number, ()))}</tr>"
            for number, (row, key) in enumerate(zip(self.rows, keys, strict=True))
        )
        last = ""
        if self.last:
            last = f"<tfoot><tr>{self._join_html(self.last)}</tr></tfoot>"
        return (
            f"<table{self._sorting}><thead><tr>{heading}</tr></thead>"
            f"<tbody>{rows}</tbody>{last}</table>"
        )

    @property
    def _sorting(self) -> str:
        return f' onclick="{html.escape(_SORT)}"' if self.keys else ""

    def _title_html(self, title: str) -> str:
        text = html.escape(title)
        # A button can be used with the keyboard.
        return f'<button style="{_BUTTON}">{text}</button>' if self.keys else text

    def _join(self, line: tuple[str, ...], widths: list[int]) -> str:
        cells = (
            f"{cell:>{width}}" if kind == "number" else f"{cell:<{width}}"
            for cell, width, (_, kind) in zip(line, widths, self.columns, strict=True)
        )
        return f"  {'  '.join(cells)}".rstrip()

    def _join_html(
        self,
        row: tuple[str, ...],
        key: tuple[float | str, ...] = (),
        parts: tuple[tuple[str, str], ...] = (),
    ) -> str:
        keys = [f' data-key="{html.escape(str(each))}"' for each in key]
        cells = [html.escape(cell) for cell in row]
        if parts:
            lines = "".join(
                f"<div>{html.escape(f'{label}  {value}')}</div>"
                for label, value in parts
            )
            cells[0] = f"<details><summary>{cells[0]}</summary>{lines}</details>"
        return "".join(
            f'<td style="{_STYLES[kind]}"{sort}>{cell}</td>'
            for cell, sort, (_, kind) in zip(
                cells, keys or [""] * len(row), self.columns, strict=True
            )
        )
