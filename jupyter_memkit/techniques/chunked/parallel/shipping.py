"""Pieces that can be sent to other processes: each with its own rows, and no others."""

from __future__ import annotations

import dataclasses
import sys
from collections import ChainMap
from collections.abc import Generator
from io import BytesIO
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.sources.base import (
    Loaded,
    Piece,
    Request,
    Source,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.sources.frames import FrameMaker
from jupyter_memkit.techniques.chunked.sources.memory import MemorySource


def shippable_pieces(source: Source, request: Request) -> Generator[Piece, None, None]:
    """Read a source in pieces that know their rows and can be pickled.

    Parameters
    ----------
    source : Source
        What is read.
    request : Request
        How.

    Yields
    ------
    Piece
        One that opens its file again where it is loaded, or one with its rows in it.
    """
    # Whole parts of a file have rows of their own, and begin where they like.
    is_bound = request.exact or request.start is not None or request.end is not None
    loads_here = is_bound or isinstance(source, MemorySource)
    pieces = source.pieces(dataclasses.replace(request, portable=not is_bound))
    for piece in pieces:
        # It leaves the list as it is handed out: two would be in memory else.
        ready = [_load(piece) if loads_here or piece.rows is None else piece]
        del piece
        yield ready.pop()


def _load(piece: Piece) -> Piece:
    rows = piece.load()
    return dataclasses.replace(piece, load=Loaded(rows), rows=len(rows))


def without_load(piece: Piece) -> Piece:
    """Return the place of a piece, whose data are elsewhere."""
    return dataclasses.replace(piece, load=_load_nothing)


def _load_nothing() -> None:
    """Stand for rows that were sent."""


def pack(thing: Any) -> bytes:
    """Return an object as bytes; of tables the rows that it has, not all that it is of.

    Of a slice pyarrow would send the whole table.
    """
    stream = BytesIO()
    cloudpickle = import_library("cloudpickle", "data for other processes")
    pickler = cloudpickle.Pickler(stream, protocol=5)
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        reducers = dict.fromkeys((arrow.Table, arrow.RecordBatch), _reduce_arrow)
        pickler.dispatch_table = ChainMap(reducers, pickler.dispatch_table)
    pickler.dump(thing)
    return stream.getvalue()


def _reduce_arrow(rows: Any) -> tuple[Any, ...]:
    arrow = sys.modules["pyarrow"]
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, rows.schema) as stream:
        stream.write(rows)
    return _read_arrow, (sink.getvalue().to_pybytes(), type(rows).__name__)


def _read_arrow(content: bytes, kind: str) -> Any:
    arrow = import_library("pyarrow", "tables")
    with arrow.ipc.open_stream(content) as stream:
        return stream.read_all() if kind == "Table" else stream.read_next_batch()


def pack_piece(task: Any, name: str) -> bytes:
    """Return what holds a piece as bytes.

    Raises
    ------
    MemkitError
        When the rows cannot be pickled.
    """
    try:
        return pack(task)
    except Exception as error:
        message = (
            f"what {name} gives cannot be sent to other processes ({error}); "
            "leave --workers and --on out"
        )
        raise MemkitError(message) from error


def settle_types(
    source: Source, request: Request, piece: Piece, first_row: int
) -> Request:
    """Let the first chunk decide the types of all, as it does in one process.

    Each process would else go by the first chunk that it happens to get.

    Parameters
    ----------
    source, request : Source, Request
        What is read, and how.
    piece : Piece
        The first, which this loads.
    first_row : int
        The number of its first row.

    Returns
    -------
    Request
        The same with the types of all columns.
    """
    columns = request.columns or source.columns()
    are_known = columns is not None and set(columns) <= set(request.types)
    if request.backend != "pandas" or (are_known and not request.categories):
        return request
    try:
        frame = FrameMaker(source.name, request)(piece.load(), first_row)
        found = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    except Exception:  # noqa: BLE001 - whoever works on the chunk meets it, and says so
        return request
    types = {name: kind for name, kind in found.items() if kind != "category"}
    return dataclasses.replace(request, types={**types, **request.types})
