"""Finds the types of all rows before the run of a cell that must not run twice.

A cell that is not pure cannot start over when a type changes late. So a text file of
at most 64 MiB is read through for its types first, which counts as time of the run. A
column without any value in one file has no type there; in a folder the other files
decide.
"""

from __future__ import annotations

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.plan import is_rereadable
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Source,
    TypeChange,
)

# Larger files are not read twice: a type that changes late ends their run.
_MOST_BYTES = 64 << 20


def read_ahead_types(source: Source, settings: Settings) -> Settings:
    """Return the settings with the types that hold the values of all rows.

    Parameters
    ----------
    source : Source
        The source of the run.
    settings : Settings
        How it will be read.
    """
    # A source that knows its rows without being read knows its types too.
    if (
        source.backend != FROM_FILES
        or source.total_rows is not None
        or not is_rereadable(source)
    ):
        return settings
    given = settings.types.keys()
    change = _find_change(source, settings)
    # A type that the user gave does not change; the run reports it.
    while change is not None and not change.types.keys() & given:
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
        # The run reports the error when it reaches these rows.
        return None
    finally:
        pieces.close()
    return None
