"""Explains what is wrong with a file, and where."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.compressed import (
    explaining_breaks,
    open_bytes,
)
from jupyter_memkit.techniques.chunked.sources.delimited.hints import count_preamble

_BROKEN_LINE = re.compile(r"(Expected \d+ fields) in line (\d+), (saw .+)")
_HEAD_BYTES = 64 << 10
_PART_BYTES = 1 << 20


@contextmanager
def explaining(
    path: Path, separator: str = ",", start: int | None = None
) -> Iterator[None]:
    """Turn the exceptions for a bad file into one sentence with its remedy.

    Parameters
    ----------
    path : Path
        The file.
    separator : str
        The separator of values.
    start : int, optional
        The offset of the block that is parsed, in bytes.
    """
    pandas = import_library("pandas", path.name)
    try:
        with explaining_breaks(path):
            yield
    except pandas.errors.EmptyDataError as error:
        message = f"{path.name} is empty; there is nothing to run over"
        raise SourceError(message) from error
    # The module csv reads for pandas' parser in Python.
    except (pandas.errors.ParserError, csv.Error) as error:
        raise SourceError(
            _explain_parser(str(error), path, separator, start)
        ) from error
    except UnicodeDecodeError as error:
        message = (
            f"{path.name} is not encoded as {error.encoding} ({error.reason}); "
            "use the encoding of the file, such as --read encoding=latin-1"
        )
        raise SourceError(message) from error


def _explain_parser(text: str, path: Path, separator: str, start: int | None) -> str:
    broken = _BROKEN_LINE.search(text)
    if broken is None:
        said = text.rpartition("C error: ")[2].strip()
        return f"{path.name} cannot be parsed ({said}); repair it"
    with open_bytes(path) as stream:
        preamble = count_preamble(stream.read(_HEAD_BYTES), separator)
    if preamble:
        return (
            f"{path.name} has {preamble} lines before the column names; use "
            f"--read skiprows={preamble}"
        )
    line = int(broken[2])
    if start:
        line += _count_lines(path, start)
    return (
        f"{path.name} has an error in line {line} ({broken[1].lower()}, "
        f"{broken[3].strip()}); repair it, or skip such lines with "
        "--read on_bad_lines=skip"
    )


def _count_lines(path: Path, end: int) -> int:
    """Count the line ends before an offset; a lone CR is one too."""
    count = 0
    last = b""
    with open_bytes(path) as stream:
        while end > 0 and (data := stream.read(min(end, _PART_BYTES))):
            end -= len(data)
            count += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
            count -= last == b"\r" and data.startswith(b"\n")
            last = data[-1:]
    return count
