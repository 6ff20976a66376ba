"""Pickles pieces for other processes: each with its own rows, and no others."""

from __future__ import annotations

import dataclasses
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable, Generator
from io import BytesIO
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.models.held import find_storage
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import (
    Loaded,
    Piece,
    Request,
    Source,
)
from jupyter_memkit.techniques.chunked.sources.memory import MemorySource


def shippable_pieces(source: Source, request: Request) -> Generator[Piece, None, None]:
    """Read a source in pieces that know their rows and can be pickled.

    Parameters
    ----------
    source, request : Source, Request
        The source, and how it is read.

    Yields
    ------
    Piece
        It opens its file where it is loaded, or it holds its rows.
    """
    # Whole parts of a file have their own rows, and do not keep to these bounds.
    is_bound = request.exact or request.start is not None or request.end is not None
    loads_here = is_bound or isinstance(source, MemorySource)
    pieces = source.pieces(dataclasses.replace(request, portable=not is_bound))
    for piece in pieces:
        # Taken out of the list, since two pieces would otherwise be in memory.
        ready = [_load(piece) if loads_here or piece.rows is None else piece]
        del piece
        yield ready.pop()


def _load(piece: Piece) -> Piece:
    rows = piece.load()
    return dataclasses.replace(piece, load=Loaded(rows), rows=len(rows))


def without_load(piece: Piece) -> Piece:
    """Return a piece without its data."""
    return dataclasses.replace(piece, load=_load_nothing)


def _load_nothing() -> None:
    """Replace the data of a piece that was sent."""


def pack(thing: Any) -> bytes:
    """Return a pickled object; of a slice, with its own rows only.

    pyarrow and torch themselves would send all that the slice was cut from.
    """
    cloudpickle = import_library("cloudpickle", "data for other processes")
    reducers: dict[type, Callable[[Any], Any]] = {}
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        reducers |= dict.fromkeys((arrow.Table, arrow.RecordBatch), _reduce_arrow)
    torch = sys.modules.get("torch")
    if torch is not None:
        reducers[torch.Tensor] = _reduce_tensor
    stream = BytesIO()
    pickler = cloudpickle.Pickler(stream, protocol=5)
    table = ChainMap(reducers, pickler.dispatch_table)
    # An attribute would not be read: cloudpickle's class hides the pickler's own.
    vars(pickle.Pickler)["dispatch_table"].__set__(pickler, table)
    pickler.dump(thing)
    return stream.getvalue()


def _reduce_arrow(rows: Any) -> tuple[Any, ...]:
    arrow = sys.modules["pyarrow"]
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, rows.schema) as stream:
        stream.write(rows)
    return _read_arrow, (sink.getvalue().to_pybytes(), type(rows).__name__)


def _reduce_tensor(rows: Any) -> Any:
    storage = find_storage(rows)
    if storage is not None and storage.nbytes() > rows.nbytes:
        rows = rows.detach().clone().requires_grad_(rows.requires_grad)
    return rows.__reduce_ex__(pickle.DEFAULT_PROTOCOL)


def _read_arrow(content: bytes, kind: str) -> Any:
    arrow = import_library("pyarrow", "tables")
    with arrow.ipc.open_stream(content) as stream:
        return stream.read_all() if kind == "Table" else stream.read_next_batch()


def pack_piece(task: Any, name: str) -> bytes:
    """Return a pickled task with its piece.

    Raises
    ------
    MemkitError
        If the rows cannot be pickled.
    """
    try:
        return pack(task)
    except Exception as error:
        message = (
            f"the rows of {name} cannot be sent to other processes ({error}); "
            "leave out --workers and --on"
        )
        raise MemkitError(message) from error


def fix_types_by_first_chunk(
    source: Source, request: Request, piece: Piece, first_row: int
) -> Request:
    """Let the first chunk decide the types of all, as it does in one process.

    Otherwise each process would go by the first chunk that it happens to get.

    Parameters
    ----------
    source, request : Source, Request
        The source, and how it is read.
    piece : Piece
        The first piece; it is loaded.
    first_row : int
        The number of its first row.

    Returns
    -------
    Request
        The request with the types of all columns.
    """
    columns = request.columns or source.columns()
    are_known = columns is not None and set(columns) <= set(request.types)
    if request.backend != "pandas" or (are_known and not request.categories):
        return request
    try:
        frame = FrameMaker(source.name, request)(piece.load(), first_row)
        found = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    except Exception:  # noqa: BLE001 - raised again where the chunk is worked on
        return request
    types = {name: kind for name, kind in found.items() if kind != "category"}
    return dataclasses.replace(request, types={**types, **request.types})
