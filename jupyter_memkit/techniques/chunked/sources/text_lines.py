"""Text and log files, in lists of lines."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.files import FileSource
from jupyter_memkit.techniques.chunked.sources.lines import (
    line_pieces,
    read_head,
    read_line_number,
)
from jupyter_memkit.techniques.chunked.sources.ranges import check_options
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file

_OF_TABLES = frozenset(
    {"sep", "delimiter", "header", "names", "index_col", "usecols", "dtype", "skiprows"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLinesSource(FileSource):
    r"""A text file, plain or compressed, in lists of `str` without line ends.

    A line ends with ``\n`` or ``\r\n``; a lone ``\r``, which progress bars write, is
    part of its line.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        ``encoding``, by default UTF-8, and ``errors``, as `bytes.decode` takes them.
    """

    # Counting the lines would take reading the whole file.
    total_rows: None = None
    backend: None = None

    @property
    def row_bytes(self) -> float:
        """The bytes of a line, from the head of the file."""
        head = read_head(self.path)
        return len(head) / max(1, head.count(b"\n"))

    def columns(self) -> None:
        """Return None: lines have no columns."""

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into blocks of whole lines."""
        self._reject_table()
        check_options(self.name, self.options, "encoding", "errors")
        encoding = self.options.get("encoding", "utf-8")
        errors = self.options.get("errors", "strict")
        self._check(encoding)
        yield from line_pieces(
            self.path,
            request,
            partial(_split, self.path, encoding, errors),
            row_bytes=self.row_bytes,
            skips_empty=False,
        )

    def _reject_table(self) -> None:
        """Reject options of tables, which these extensions do not show to be one."""
        if _OF_TABLES.isdisjoint(self.options):
            return
        options = ", ".join(f"{key}={value!r}" for key, value in self.options.items())
        message = (
            f"{self.name} is read as lines, which have no columns; for a table use "
            f'reader = pandas.read_csv("{self.path}", {options}, chunksize=100_000) '
            "and %%chunked reader"
        )
        raise SourceError(message)

    def _check(self, encoding: str) -> None:
        """Reject encodings whose line end is not the byte of ASCII."""
        try:
            ends_alike = "\n".encode(encoding) == b"\n"
        except LookupError as error:
            message = (
                f"there is no encoding {encoding!r}; use one such as utf-8 or latin-1"
            )
            raise SourceError(message) from error
        if not ends_alike:
            message = (
                f"{self.name} cannot be split into lines as {encoding}; "
                "convert it to UTF-8"
            )
            raise SourceError(message)


def _split(
    path: Path, encoding: str, errors: str, block: bytes, start: int
) -> list[str]:
    try:
        text = block.decode(encoding, errors)
    except UnicodeDecodeError as error:
        line = read_line_number(path, start) + block.count(b"\n", 0, error.start)
        message = (
            f"line {line} of {path.name} is not encoded as {error.encoding} "
            f"({error.reason}); use the encoding of the file, such as "
            "--read encoding=latin-1, or --read errors=replace"
        )
        raise SourceError(message) from error
    lines = text.removesuffix("\n").split("\n")
    if "\r" in text:
        return [line.removesuffix("\r") for line in lines]
    return lines
