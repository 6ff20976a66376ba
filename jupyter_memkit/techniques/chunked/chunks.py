"""The Python API: data as an iterable of chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.budget import default_budget_bytes
from jupyter_memkit.techniques.chunked.mapped import Mapped
from jupyter_memkit.techniques.chunked.options import check_count
from jupyter_memkit.techniques.chunked.plan import ChunkedPlan, make_plan
from jupyter_memkit.techniques.chunked.settings import (
    Settings,
    check_columns,
    choose_backend,
    read_types,
)
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.opening import open_query, open_source
from jupyter_memkit.units import format_bytes, read_bytes

if TYPE_CHECKING:
    from jupyter_memkit.techniques.chunked.training import Batches


class Chunked:
    """The chunks of a source, as `chunked` returns them; each iteration reads again."""

    def __init__(self, source: Source, settings: Settings) -> None:
        self._source = source
        self._settings = settings

    def __iter__(self) -> Iterator[Any]:
        """Read the source from its start, chunk by chunk."""
        return iter(self.map(_identity))

    def __repr__(self) -> str:
        """Name the source and the size of the chunks."""
        rows, budget = self._settings.rows, self._settings.memory_bytes
        of = f"{rows:,} rows" if rows is not None else f"at most {format_bytes(budget)}"
        return f"<chunks of {of} from {self._source.name}>"

    def map(self, function: Callable[[Any], Any]) -> Mapped:
        """Return a function over the chunks; nothing runs yet.

        Parameters
        ----------
        function : callable
            Takes a chunk and returns its value. It may raise `StopChunks`.

        Returns
        -------
        Mapped
            To iterate over, or to `reduce`.
        """
        return Mapped(self._source, self._settings, function)

    def batches(
        self,
        size: int | None = None,
        *,
        shuffle: int | None = None,
        seed: int | None = None,
        drop_last: bool = False,
    ) -> Batches:
        """Return the rows as batches for training; nothing is read yet.

        Parameters
        ----------
        size : int, optional
            The rows of a batch; by default each chunk is one.
        shuffle : int, optional
            The rows of the reservoir in which the rows are shuffled; a tenth of the
            data or more. It takes twice its rows in memory. By default the batches
            have the order of the source.
        seed : int, optional
            Makes the order the same in each run. Each epoch has another order.
        drop_last : bool
            Whether rows that do not fill the last batch are left out.

        Returns
        -------
        Batches
            To iterate over, epoch by epoch, or to pass to torch, XGBoost or LightGBM,
            or to ``fit`` a model.

        Raises
        ------
        MemkitError
            If an argument is invalid; the message says what is valid.

        Examples
        --------
        >>> list(chunked(range(5)).batches(2))
        [[0, 1], [2, 3], [4]]
        >>> list(chunked(range(5), rows=1).batches(2, shuffle=5, seed=0))
        [[2, 4], [3, 0], [1]]
        """
        # Imported when a model is trained, because most chunks train none.
        from jupyter_memkit.techniques.chunked.training import (  # noqa: PLC0415
            Batches,
            BatchPlan,
        )

        chosen = {} if seed is None else {"seed": check_count("seed", seed, least=0)}
        plan = BatchPlan(
            size=None if size is None else check_count("size", size),
            shuffle=None if shuffle is None else check_count("shuffle", shuffle),
            drop_last=drop_last,
            **chosen,
        )
        return Batches(self._source, self._settings, plan)

    def for_cell(self, body: CellBody, reader_options: Iterable[str] = ()) -> Chunked:
        """Return the same chunks without the columns that a cell does not use.

        Parameters
        ----------
        body : CellBody
            The cell. A column is left out only if the code proves that it is not used.
        reader_options : iterable of str
            The names of the options that the reader of the file gets.
        """
        # Imported with the analysis of code, which only a cell needs.
        from jupyter_memkit.techniques.chunked.pruning import (  # noqa: PLC0415
            prune_columns,
        )

        settings = prune_columns(self._source, self._settings, body, reader_options)
        return Chunked(self._source, settings)

    def plan(self) -> ChunkedPlan:
        """Return what a run would do: rows, columns, chunks, time and memory to read.

        This reads the first rows, except of a source that can be read only once.
        """
        return make_plan(self._source, self._settings)


def _identity(chunk: Any) -> Any:
    return chunk


def chunked(  # noqa: PLR0913 - each is one choice of the user's
    source: Any,
    *,
    memory: int | str | None = None,
    rows: int | None = None,
    columns: Iterable[str] | None = None,
    backend: str | None = None,
    types: Mapping[str, str] | None = None,
    read: Mapping[str, Any] | None = None,
    limit: int | None = None,
    sql: str | None = None,
) -> Chunked:
    """Read data that is too large for memory one chunk at a time.

    Parameters
    ----------
    source : path, array, frame or iterable
        Files of CSV or TSV, JSON lines or text (all also compressed), Parquet, Arrow,
        NumPy, HDF5, Zarr or binary records: a path, a folder, a pattern such as
        ``"orders-*.parquet"`` or a list of paths; a numpy array, a pandas or polars
        frame or series, a pyarrow table or a torch tensor, whose chunks are slices that
        share its memory; a polars lazy frame, a Dask collection, a Dataset of torch or
        of Hugging Face; a reader from ``pandas.read_csv(..., chunksize=...)``; or any
        other iterable, whose chunks are lists. `chunk_source` registers others.
    memory : int or str, optional
        How much the process may grow, in bytes or as ``"500MB"``; by default a tenth
        of the memory that is free below the limit with the least room. The rows of the
        chunks are chosen to stay well below it.
    rows : int, optional
        The rows of a chunk, whatever they take.
    columns : iterable of str, optional
        The columns to read, by default all.
    backend : str, optional
        The library of the chunks of a table: ``"pandas"``, ``"polars"``, ``"arrow"``
        or ``"numpy"``; by default the first of these that is installed.
    types : mapping of str to str, optional
        The types of columns, where the first rows do not show those of the others.
        As ``"category"``, text that repeats is read faster and takes less memory.
    read : mapping of str to object, optional
        Options for the library that reads the file, such as those of
        ``pandas.read_csv``.
    limit : int, optional
        The most chunks to read.
    sql : str, optional
        A query, whose rows are never all in memory; the source is then the
        connection: of sqlite3, DuckDB, SQLAlchemy or ADBC.

    Returns
    -------
    Chunked
        An iterable of chunks. The variable of a ``for`` loop keeps one chunk while the
        next is read; ``.map(function)`` holds one at a time.

    Raises
    ------
    SourceError
        If there is no such file, or the object cannot be read in chunks.
    MemkitError
        If an argument is invalid; the message says what is valid.

    Examples
    --------
    >>> [sum(chunk) for chunk in chunked(range(10), rows=4)]
    [6, 22, 17]
    >>> chunked(range(10), rows=4).map(sum).reduce("sum")
    45
    """
    return open_chunks(
        open_source(source, read) if sql is None else open_query(sql, source),
        memory=memory,
        rows=rows,
        columns=columns,
        backend=backend,
        types=types,
        limit=limit,
    )


def open_chunks(
    source: Source,
    *,
    memory: int | str | None = None,
    rows: int | None = None,
    columns: Iterable[str] | None = None,
    backend: str | None = None,
    types: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> Chunked:
    """Return the chunks of an open source, with the options of `chunked`."""
    chosen = None if columns is None else tuple(columns)
    backend = choose_backend(source, backend)
    check_columns(source, chosen, types)
    known_types, categories = read_types(types or {}, backend)
    settings = Settings(
        memory_bytes=_read_memory(memory),
        is_memory_given=memory is not None,
        rows=None if rows is None else check_count("rows", rows),
        columns=chosen,
        backend=backend,
        types=known_types,
        categories=frozenset(categories),
        limit=None if limit is None else check_count("limit", limit),
    )
    return Chunked(source, settings)


def _read_memory(memory: int | str | None) -> int:
    if memory is None:
        return default_budget_bytes()
    return read_bytes("memory", memory)
