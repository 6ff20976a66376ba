"""CSV and TSV files, as pandas reads them."""

from __future__ import annotations

import lzma
import re
import sys
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.files import import_library

SEPARATORS = {".csv": ",", ".tsv": "\t"}
COMPRESSIONS = frozenset({".gz", ".bz2", ".xz", ".zip"})

_DEFAULT_ROWS = 100_000

_UNREADABLE = (EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)

_BROKEN_LINE = re.compile(r"(Expected \d+ fields) in line (\d+), (saw \d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedSource:
    """A CSV or TSV file, plain or compressed, in frames."""

    path: Path
    separator: str
    default_rows: int = _DEFAULT_ROWS
    # Counting the lines would be to read the whole file.
    total_rows: None = None

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    def iterate(self, rows: int) -> Generator[Any, None, None]:
        """Read the file from its start."""
        pandas = import_library("pandas", self.name)
        with (
            _explaining(self.name, f'"{self.path}"', pandas),
            pandas.read_csv(self.path, sep=self.separator, chunksize=rows) as reader,
        ):
            yield from _frames(reader, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSource:
    """What ``pandas.read_csv(..., chunksize=...)`` gave, with the user's options."""

    reader: Any
    name: str = "the pandas reader"
    total_rows: None = None

    @property
    def default_rows(self) -> int:
        """The chunk size that the reader was made with."""
        return self.reader.chunksize or _DEFAULT_ROWS

    def iterate(self, rows: int) -> Generator[Any, None, None]:
        """Read from where the reader stands; pandas closes it at its end."""
        if self.reader.handles is None or self.reader.handles.handle.closed:
            message = (
                "the pandas reader was read to its end or closed; "
                "make it again with pandas.read_csv(..., chunksize=...)"
            )
            raise SourceError(message)
        with _explaining(self.name, "path", sys.modules["pandas"]):
            yield from _frames(self.reader, rows)


def is_reader(source: Any) -> bool:
    """Tell whether this is a reader that pandas made; never imports pandas."""
    parsers = sys.modules.get("pandas.io.parsers")
    return parsers is not None and isinstance(source, parsers.TextFileReader)


def _frames(reader: Any, rows: int) -> Iterator[Any]:
    """Yield the frames of a reader, but not the empty one of a lone header."""
    # Chained iterators hold no frame; a loop's variable would, during the next read.
    return filter(len, map(reader.get_chunk, repeat(rows)))


@contextmanager
def _explaining(name: str, argument: str, pandas: Any) -> Iterator[None]:
    """Turn what pandas raises for a bad file into a sentence with its remedy."""
    reader = f"give a reader instead: pandas.read_csv({argument}, "
    try:
        yield
    except pandas.errors.EmptyDataError as error:
        message = f"{name} is empty; there is nothing to run over"
        raise SourceError(message) from error
    except pandas.errors.ParserError as error:
        message = (
            f"{name} {_explain_parser(str(error))}; repair it, or {reader}"
            'on_bad_lines="skip", chunksize=100_000)'
        )
        raise SourceError(message) from error
    except UnicodeDecodeError as error:
        message = (
            f"{name} is not encoded as {error.encoding} ({error.reason}); "
            f'{reader}encoding="latin-1", chunksize=100_000), with its own encoding'
        )
        raise SourceError(message) from error
    except ValueError as error:
        if "files found in ZIP" not in str(error):
            raise
        message = f"{name} does not hold one file; unpack it and give the path of one"
        raise SourceError(message) from error
    except _UNREADABLE as error:
        message = f"{name} cannot be read to its end ({error}); write or fetch it again"
        raise SourceError(message) from error


def _explain_parser(text: str) -> str:
    broken = _BROKEN_LINE.search(text)
    if broken:
        return f"is broken in line {broken[2]} ({broken[1].lower()}, {broken[3]})"
    return f"cannot be parsed ({text.rpartition('C error: ')[2].strip()})"
