"""Hugging Face datasets, in tables of their stored values.

The tables come from the dataset's own Arrow data: without a Python object for each
value, which takes thousands of times as long. So images and sounds are as stored, with
their bytes or paths. A dataset whose rows are computed by the user's function has no
such tables, so its chunks are lists of rows.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    FROM_QUERY,
    Loaded,
    Piece,
    Request,
    Source,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces
from jupyter_memkit.techniques.chunked.sources.python_rows import RowTables
from jupyter_memkit.techniques.chunked.sources.ranges import item_pieces
from jupyter_memkit.techniques.chunked.sources.torch_dataset import DatasetSource

# The rows that a stream is asked for at a time, at most.
_STREAM_ROWS = 1_000

# The samples of a table by which the bytes of a row are found, and the rows of each.
_SAMPLES = 20
_SAMPLE_ROWS = 100

# The format of a dataset whose rows a function makes (``set_transform``).
_BY_FUNCTION = "custom"


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingFaceSource:
    """A dataset with rows by number.

    Parameters
    ----------
    dataset : datasets.Dataset
        The dataset, in the order of its ``select``, ``shuffle`` or ``sort``.
    """

    dataset: Any
    backend: str = FROM_FILES

    @property
    def name(self) -> str:
        """What messages call it."""
        return "the Dataset"

    @property
    def total_rows(self) -> int:
        """The number of rows."""
        return len(self.dataset)

    @property
    def row_bytes(self) -> float:
        """The stored bytes of a row, from samples all over the table.

        To add up the whole would visit each of its blocks, of a thousand rows each.
        """
        data = self.dataset.data
        step = max(_SAMPLE_ROWS, data.num_rows // _SAMPLES)
        starts = range(0, data.num_rows, step)
        samples = [data.fast_slice(start, _SAMPLE_ROWS) for start in starts]
        n_rows = sum(sample.num_rows for sample in samples)
        return float(sum(sample.nbytes for sample in samples) / max(1, n_rows))

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns; those of its format, if it selects some."""
        return _find_columns(self.dataset)

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: the tables have them."""
        return {}

    def fingerprint(self) -> Any:
        """Return the dataset's own fingerprint, and the number of rows."""
        return [self.dataset._fingerprint, self.total_rows]  # noqa: SLF001 - there is no other

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Take ranges of rows."""
        columns = request.columns or self.columns()
        tables = self.dataset.with_format("arrow", columns=list(columns))
        load = partial(_load_table, tables)
        yield from item_pieces(request, self.total_rows, load)


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingFaceStream:
    """A dataset that can be iterated over only.

    Parameters
    ----------
    dataset : datasets.IterableDataset
        The dataset; each run iterates over it from its start.
    """

    dataset: Any
    # Read on the main thread, since it may run code of the user's.
    backend: str = FROM_QUERY
    row_bytes: None = None
    total_rows: None = None
    can_repeat: bool = True

    @property
    def name(self) -> str:
        """What messages call it."""
        return "the IterableDataset"

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the columns, if they are known before it is read."""
        names = self.dataset.column_names
        return None if names is None else tuple(names)

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: the tables have them."""
        return {}

    def fingerprint(self) -> Any:
        """Reject a stream, whose changes cannot be seen."""
        message = (
            f"a run over {self.name} cannot be resumed, because nothing shows whether "
            "it yields the same rows again; use a Dataset"
        )
        raise SourceError(message)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Iterate from the start, over the requested columns."""
        stream = self.dataset
        if request.columns is not None:
            stream = stream.select_columns(list(request.columns))
        parts = _read_stream(stream, request)
        place, skipped = request.start or (0, 0)
        yield from cut_pieces(parts, request, place + skipped)


def is_huggingface(source: Any) -> bool:
    """Return whether this is a dataset of Hugging Face; never imports the library."""
    return _find_kind(source) is not None


def open_huggingface(dataset: Any) -> Source:
    """Return the source that reads a dataset, by number or by iteration.

    Raises
    ------
    SourceError
        If there are several datasets.
    """
    kind = _find_kind(dataset)
    if kind in {"DatasetDict", "IterableDatasetDict"}:
        names = list(dataset)
        message = (
            f"the {kind} holds several datasets ({', '.join(names)}); use one of "
            f"them, such as the value of {names[0]!r}"
            if names
            else f"the {kind} holds no dataset; load one"
        )
        raise SourceError(message)
    if kind == "IterableDataset":
        return HuggingFaceStream(dataset=dataset)
    if dataset.format["type"] == _BY_FUNCTION:
        return DatasetSource(dataset=dataset)
    return HuggingFaceSource(dataset=dataset)


def _find_kind(source: Any) -> str | None:
    """Return the name of the class of the library that an object is of."""
    for name in ("Dataset", "IterableDataset", "DatasetDict", "IterableDatasetDict"):
        kind = find_loaded("datasets", name)
        if kind is not None and issubclass(type(source), kind):
            return name
    return None


def _find_columns(dataset: Any) -> tuple[str, ...]:
    chosen = dataset.format
    if chosen["output_all_columns"] or chosen["columns"] is None:
        return tuple(dataset.column_names)
    return tuple(chosen["columns"])


def _load_table(tables: Any, start: int, end: int) -> Any:
    return _as_stored(tables[start:end])


def _as_stored(table: Any) -> Any:
    """Return a table without the library's own types, which pandas cannot compare."""
    arrow = import_library("pyarrow", "a Dataset")
    for number, field in enumerate(table.schema):
        if isinstance(field.type, arrow.BaseExtensionType):
            kind = field.type.storage_type
            chunks = [chunk.storage for chunk in table.column(number).chunks]
            stored = arrow.chunked_array(chunks, kind)
            table = table.set_column(number, field.with_type(kind), stored)
    return table


def _read_stream(stream: Any, request: Request) -> Generator[Piece, None, None]:
    rows = min(request.rows(), _STREAM_ROWS)
    place = 0
    for table in _iterate(stream, request, rows):
        ready = Loaded(table)
        start, place = place, place + len(table)
        del table
        yield Piece(load=ready, start=start, end=place)


def _iterate(stream: Any, request: Request, rows: int) -> Iterator[Any]:
    """Yield the tables of a stream; those of rows of Python have the same types."""
    examples = stream._ex_iterable  # noqa: SLF001 - nothing else shows how it is stored
    if examples.iter_arrow is not None:
        yield from map(_as_stored, stream.with_format("arrow").iter(batch_size=rows))
        return
    # The library itself would make a table of each row, each with its own types.
    make: RowTables | None = None
    # Without features there is nothing that it would decode.
    stored = stream.decode(enable=False) if stream.features else stream
    for columns in stored.with_format(None).iter(batch_size=rows):
        if make is None:
            make = RowTables("the IterableDataset", list(columns), request)
        yield make(list(zip(*columns.values(), strict=True)))
