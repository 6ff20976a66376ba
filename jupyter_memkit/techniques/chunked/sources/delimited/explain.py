"""Says what is wrong with a file, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.compressed import (
    explaining_breaks,
    open_bytes,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library

_BROKEN_LINE = re.compile(r"(Expected \d+ fields) in line (\d+), (saw .+)")


@contextmanager
def explaining(path: Path, start: int | None = None) -> Iterator[None]:
    """Turn what is raised for a bad file into a sentence with its remedy.

    Parameters
    ----------
    path : Path
        The file.
    start : int, optional
        Where the block that is parsed begins, in bytes.
    """
    pandas = import_library("pandas", path.name)
    try:
        with explaining_breaks(path):
            yield
    except pandas.errors.EmptyDataError as error:
        message = f"{path.name} is empty; there is nothing to run over"
        raise SourceError(message) from error
    except pandas.errors.ParserError as error:
        message = (
            f"{path.name} {_explain_parser(str(error), path, start)}; repair it, "
            "or give --read on_bad_lines=skip"
        )
        raise SourceError(message) from error
    except UnicodeDecodeError as error:
        message = (
            f"{path.name} is not encoded as {error.encoding} ({error.reason}); "
            "give its own encoding, such as --read encoding=latin-1"
        )
        raise SourceError(message) from error


def _explain_parser(text: str, path: Path, start: int | None) -> str:
    broken = _BROKEN_LINE.search(text)
    if broken is None:
        return f"cannot be parsed ({text.rpartition('C error: ')[2].strip()})"
    line = int(broken[2])
    if start:
        with open_bytes(path) as stream:
            line += stream.read(start).count(b"\n")
    return f"is broken in line {line} ({broken[1].lower()}, {broken[3].strip()})"
