"""Finds the ends of lines, in one pass over the bytes whatever the quotes.

A quote opens a value only at the start of the value, as in pandas and pyarrow: an inch
mark within a value is an ordinary character, and so is a line end within quotes.

So no value is open after a quote that follows an ordinary character, unless another
quote is next: the quote has closed a value, or is an ordinary character itself. From
there the end of the last line can be found without the bytes before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library

_QUOTE, _LF, _CR = b'"\n\r'

# Few enough that the arrays made from them stay in the processor's cache.
_PART_BYTES = 256 << 10

# How many quotes are tried to find one after which no value is open.
_TRIES = 64


class LineEnds:
    """The end of the last line in a buffer that is filled piece by piece.

    Parameters
    ----------
    separator : str
        The separator of values: one byte.
    ends_at_cr : bool
        Whether a lone CR also ends a line.
    finds_letters : bool
        Whether to find quotes that are ordinary characters, which takes all bytes.

    Attributes
    ----------
    is_inside : bool
        Whether the last byte is within quotes.
    has_letters : bool
        Whether a quote that is an ordinary character was found.
    """

    def __init__(
        self, separator: str, *, ends_at_cr: bool = True, finds_letters: bool = False
    ) -> None:
        (self._separator,) = separator.encode()
        self._no_letters = {self._separator, _LF, _CR, _QUOTE}
        self._ends_at_cr = ends_at_cr
        self._finds_letters = finds_letters
        self.is_inside = self.has_letters = False
        self._closed_at = -2  # The quote that closed the last quoted value.
        self._after_lf = self._after_cr = 0

    def find_last(self, data: bytes | bytearray, start: int, end: int) -> None:
        """Do what `scan` does, usually by scanning only the end."""
        place = end - _PART_BYTES
        if place > start and not self._finds_letters:
            before = self.is_inside, self._closed_at
            known = self._find_known(data, place, end)
            if known:
                self.is_inside = False
                self.scan(data, known, end)
                if self._after_lf:
                    return
                self.is_inside, self._closed_at = before
        self.scan(data, start, end)

    def _find_known(self, data: bytes | bytearray, start: int, end: int) -> int:
        """Return a place where no value is open, whatever came before; or 0."""
        quote = start
        for _ in range(_TRIES):
            quote = data.find(b'"', quote + 1, end - 1)
            if quote < 0:
                break
            if data[quote - 1] not in self._no_letters and data[quote + 1] != _QUOTE:
                return quote + 1
        return 0

    def scan(self, data: bytes | bytearray, start: int, end: int) -> None:
        """Scan bytes that continue those before; byte 0 is the start of a line."""
        for position in range(start, end, _PART_BYTES):
            self._scan_part(data, position, min(position + _PART_BYTES, end))

    @property
    def last(self) -> int:
        """The end of the last line, at a lone CR only if there is no LF; or 0."""
        return self._after_lf or self._after_cr

    def move(self, count: int) -> None:
        """Drop bytes at the front, so that the one at `count` becomes byte 0."""
        self._closed_at -= count
        self._after_lf = self._after_cr = 0

    def scan_line(self, data: bytes | bytearray, start: int) -> int:
        """Scan up to the end of the line, and return where it is."""
        while start < len(data):
            found = [data.find(end, start) + 1 for end in (b"\n", b"\r")]
            stop = min(filter(None, found), default=len(data))
            self.scan(data, start, stop)
            start = stop
            if not self.is_inside:
                return stop + (data[stop - 1 : stop + 1] == b"\r\n")
        return len(data)

    def _scan_part(self, data: bytes | bytearray, start: int, end: int) -> None:
        if data.find(b'"', start, end) < 0:
            if not self.is_inside:
                self._find_end(data, start, end, end)
            return
        borders = self._find_borders(data, start, end)
        self.is_inside ^= len(borders) % 2 == 1
        if len(borders) and not self.is_inside:
            self._closed_at = int(borders[-1])
        # From the back, through the parts that are outside quotes.
        is_inside, high = self.is_inside, end
        for border in chain(_backwards(borders), (start - 1,)):
            if not is_inside and self._find_end(data, border + 1, high, end):
                return
            is_inside, high = not is_inside, border

    def _find_end(
        self, data: bytes | bytearray, start: int, end: int, seen: int
    ) -> bool:
        """Note the end of the last line outside quotes; return whether it is an LF."""
        found = data.rfind(b"\n", start, end)
        if found >= 0:
            self._after_lf = found + 1
            return True
        if self._ends_at_cr and not self._after_lf:
            # The last byte seen may be half of a CRLF.
            found = data.rfind(b"\r", start, min(end, seen - 1))
            self._after_cr = max(self._after_cr, found + 1)
        return False

    def _find_borders(self, data: bytes | bytearray, start: int, end: int) -> Any:
        """Return the quotes that open or close a value, or form a doubled quote."""
        numpy = import_library("numpy", "quotes")
        text = numpy.frombuffer(data, numpy.uint8, end)
        quotes = numpy.flatnonzero(text[start:] == _QUOTE) + start
        before = text[quotes - 1]
        opens = (before == self._separator) | (before == _LF) | (before == _CR)
        opens |= quotes == 0
        # Usually every second one opens: at the start of a value, or after a quote.
        openers = slice(int(self.is_inside), None, 2)
        fits = opens[openers] | (before[openers] == _QUOTE)
        is_known = self.is_inside or opens[0] or self._closed_at == quotes[0] - 1
        if is_known and fits.all():
            return quotes
        borders = self._walk(quotes.tolist(), opens.tolist())
        self.has_letters |= len(borders) < len(quotes)
        return numpy.array(borders, quotes.dtype)

    def _walk(self, quotes: list[int], opens: list[bool]) -> list[int]:
        """Leave out the quotes that are ordinary characters."""
        borders = []
        is_inside, closed_at = self.is_inside, self._closed_at
        for quote, does_open in zip(quotes, opens, strict=True):
            if is_inside:
                is_inside, closed_at = False, quote
            elif does_open or closed_at == quote - 1:
                is_inside = True
            else:
                continue
            borders.append(quote)
        return borders


def _backwards(borders: Any) -> Iterator[int]:
    """Yield numbers from the last to the first; usually the first few suffice."""
    yield from borders[-64:][::-1].tolist()
    yield from borders[:-64][::-1].tolist()


def is_separator(text: Any) -> bool:
    """Return whether a separator is a single byte without another meaning."""
    return isinstance(text, str) and len(text.encode()) == 1 and text not in '"\r\n '
