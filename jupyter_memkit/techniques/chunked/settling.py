"""Finds the types of all rows before a cell runs that must not run twice."""

from __future__ import annotations

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.plan import is_rereadable
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Source,
    TypeChange,
)
from jupyter_memkit.techniques.chunked.sources.frames import FrameMaker

# Larger files are not read twice: a type that shows late ends the run there.
_MOST_BYTES = 64 << 20


def settle_types(source: Source, settings: Settings) -> Settings:
    """Return the settings with the types that hold the values of all rows.

    Where types come from a sample of a text file, one may show late, and a cell with
    an effect cannot begin anew. A file of some MiB is read through first, in
    milliseconds.

    Parameters
    ----------
    source : Source
        What will be read.
    settings : Settings
        How.
    """
    # What knows its rows without being read knows its types too.
    if (
        source.backend != FROM_FILES
        or source.total_rows is not None
        or not is_rereadable(source)
    ):
        return settings
    change = _find_change(source, settings)
    while change is not None:
        settings = settings.with_types(change.types)
        change = _find_change(source, settings)
    return settings


def _find_change(source: Source, settings: Settings) -> TypeChange | None:
    """Read all rows of a file that is not too large, or up to a change of types."""
    request = settings.request(source, settings.plan_rows(source))
    make = FrameMaker(source.name, request)
    row_bytes, rows = source.row_bytes or 1, 0
    pieces = source.pieces(request)
    try:
        for piece in pieces:
            rows += len(make(piece.load(), rows))
            if rows * row_bytes > _MOST_BYTES * (piece.fraction or 1):
                break
    except TypeChange as change:
        return change
    except MemkitError:
        # The run says so where it comes to these rows.
        return None
    finally:
        pieces.close()
    return None
