"""Chooses the line that represents a cell, and shows lines as the user wrote them."""

from __future__ import annotations

import linecache
import re

from jupyter_memkit.cells.magic_calls import restore_magic

_LENGTH = 200
# Cell magics with a body.
_CELL_MAGICS = re.compile(r"(?:\s*%%.*\n(?=\s*\S))*")
# Comments, magics, shell lines and imports at the start of a cell, up to the end of a
# line; a backslash or a parenthesis continues them on the next.
_PREAMBLE = re.compile(
    r"""(?: \s*
        (?: \#.*
          | [%!] (?: .*\\\n )* .*
          | (?: import | from )\b (?: [^;#\n\\(] | \\\n | \( [^)]* \) )* (?: \#.* )?
        ) (?: \n | \Z )
    )*""",
    re.VERBOSE,
)
_COMMENTS = re.compile(r"(?:\s*#.*(?:\n|\Z))*")


def find_headline(code: str) -> str:
    r"""Return the first line of a cell that says what the cell does.

    Parameters
    ----------
    code : str
        The cell, as the user wrote it. Of a cell magic, the body counts, unless it is
        empty.

    Returns
    -------
    str
        The first line that is not blank, a comment, a magic or an import. Without one,
        the first magic or import, or else the first comment. At most 200 characters.

    Examples
    --------
    >>> find_headline("%%mem --lines\nimport numpy as np\nx = np.ones(1000)")
    'x = np.ones(1000)'
    >>> find_headline("# Tidy up.\n%memfree")
    '%memfree'
    """
    body = _skip(_CELL_MAGICS, code)
    line = _skip(_PREAMBLE, body) or _skip(_COMMENTS, body) or body
    return _cut(line.partition("\n")[0])


def read_source_line(filename: str, number: int) -> str:
    """Return a line of a cell that has run, with its magic restored.

    Parameters
    ----------
    filename : str
        The name of the cell in tracebacks.
    number : int
        The number of the line, from 1.

    Returns
    -------
    str
        At most 200 characters; empty if the line is unknown.
    """
    return _cut(restore_magic(linecache.getline(filename, number).strip()))


def _skip(pattern: re.Pattern[str], code: str) -> str:
    """Return the code after a pattern, which may be empty, at its start."""
    start = pattern.match(code)
    return code[start.end() if start else 0 :].strip()


def _cut(line: str) -> str:
    return line.rstrip()[:_LENGTH]
