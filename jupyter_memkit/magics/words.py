"""Splits the line of a magic into words, with quotes around words that contain spaces.

A quote opens at the start of a word and after ``=`` or ``,``; elsewhere, as in
``O'Brien.csv``, it is an ordinary character. So is a backslash, because Windows paths
contain it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from IPython.core.error import UsageError

_QUOTES = "\"'"


class Word(str):
    """A word of a line.

    Attributes
    ----------
    end : int
        The position of its end in the line.
    is_quoted : bool
        Whether it was quoted, and is therefore a value and never an option.
    """

    __slots__ = ("end", "is_quoted")

    end: int
    is_quoted: bool

    def __new__(cls, text: str, end: int, *, is_quoted: bool = False) -> Word:  # noqa: PYI034 - Python 3.10 has no Self
        """Create a word with its position and quoting."""
        word = super().__new__(cls, text)
        word.end = end
        word.is_quoted = is_quoted
        return word


def split_words(line: str, start: int = 0) -> Iterator[Word]:
    """Yield the words of a line.

    The quotes around a whole word, or around the value in ``--option="a value"``, are
    removed. Those inside a word are kept, for `split_list` and for pairs of a key and a
    value.

    Parameters
    ----------
    line : str
        The line after the name of the magic.
    start : int
        The position at which to begin.

    Raises
    ------
    UsageError
        If a quote is not closed, as soon as it is reached.

    Examples
    --------
    >>> list(split_words("orders.csv --out 'my file.csv' --as=df"))
    ['orders.csv', '--out', 'my file.csv', '--as=df']
    """
    position = start
    while True:
        while position < len(line) and line[position].isspace():
            position += 1
        if position == len(line):
            return
        first, position = position, _find_end(line, position)
        yield _make_word(line[first:position], position)


def split_list(text: str) -> list[str]:
    """Split at the commas outside quotes, and remove the quotes around an item.

    Examples
    --------
    >>> split_list("qty, 'price, net'")
    ['qty', 'price, net']
    """
    items = []
    first = position = 0
    while position <= len(text):
        if position == len(text) or text[position] == ",":
            items.append(unquote(text[first:position].strip()))
            first = position + 1
        elif text[position] in _QUOTES and not text[first:position].strip():
            # A quote that is not closed belongs to the item.
            close = text.find(text[position], position + 1)
            position = position if close < 0 else close
        position += 1
    return items


def unquote(text: str) -> str:
    """Remove a pair of quotes around a text."""
    is_quoted = len(text) > 1 and text[0] in _QUOTES and text[-1] == text[0]
    return text[1:-1] if is_quoted else text


def read_value(text: str) -> Any:
    """Return the value of a Python literal, or any other text unchanged."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return unquote(text)


def _find_end(line: str, position: int) -> int:
    """Return the end of the word that begins at a position."""
    first = position
    while position < len(line) and not line[position].isspace():
        opens = position == first or line[position - 1] in "=,"
        if line[position] in _QUOTES and opens:
            close = line.find(line[position], position + 1)
            if close < 0:
                message = (
                    f"the quote {line[position]} is not closed in "
                    f"{line[position:].strip()}; close or remove it"
                )
                raise UsageError(message)
            position = close
        position += 1
    return position


def _make_word(raw: str, end: int) -> Word:
    if raw[0] in _QUOTES and raw.find(raw[0], 1) == len(raw) - 1:
        return Word(raw[1:-1], end, is_quoted=True)
    option, sign, value = raw.partition("=")
    if option.startswith("-") and sign:
        return Word(f"{option}={unquote(value)}", end)
    return Word(raw, end)
