"""The common format of every magic's output: a title, rows, and notes.

Where pairs of a label and a value are not enough, a table follows the rows.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from jupyter_memkit.show.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A record formatted for display.

    Attributes
    ----------
    title : str
        The result in one sentence or phrase.
    rows : tuple of (str, str)
        Labels and their values, both plain text.
    notes : tuple of str
        Sentences below the rows that explain the figures or suggest what to do next.
    table : Table or None
        Data with more than two columns, shown between the rows and the notes.

    Examples
    --------
    >>> print(Report(title="3 chunks", rows=(("peak", "1.0 GiB"),)).text())
    3 chunks
      peak  1.0 GiB
    """

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    table: Table | None = None

    def text(self) -> str:
        """Return the report for a terminal."""
        width = max((len(label) for label, _ in self.rows), default=0)
        lines = [self.title]
        lines += [f"  {label:<{width}}  {value}" for label, value in self.rows]
        if self.table is not None:
            lines.append(self.table.text())
        return "\n".join([*lines, *self.notes])

    def html(self) -> str:
        """Return the report for a notebook, with all its text escaped."""
        rows = "".join(
            f'<tr><th style="text-align: left">{html.escape(label)}</th>'
            f'<td style="text-align: left">{html.escape(value)}</td></tr>'
            for label, value in self.rows
        )
        table = f"<table>{rows}</table>" if rows else ""
        if self.table is not None:
            table += self.table.html()
        notes = "".join(f"<div>{html.escape(note)}</div>" for note in self.notes)
        return f"<div><strong>{html.escape(self.title)}</strong>{table}{notes}</div>"
