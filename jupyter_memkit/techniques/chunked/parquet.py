"""Parquet files, as pandas frames."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.files import import_library

SUFFIXES = frozenset({".parquet", ".pq"})

_BUFFER_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource:
    """A Parquet file, in frames, its rows in order."""

    path: Path
    default_rows: int = 100_000

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @property
    def total_rows(self) -> int:
        """The number of rows, from the footer of the file."""
        parquet = import_library("pyarrow.parquet", self.name)
        with _explaining(self.name):
            rows: int = parquet.read_metadata(self.path).num_rows
        return rows

    def iterate(self, rows: int) -> Generator[Any, None, None]:
        """Read the file from its start."""
        parquet = import_library("pyarrow.parquet", self.name)
        pandas = import_library("pandas", self.name)
        # pyarrow's own default, to fetch ahead, ends with the whole file in memory,
        # and without a buffer a column of a row group is fetched whole.
        with (
            _explaining(self.name),
            parquet.ParquetFile(
                self.path, pre_buffer=False, buffer_size=_BUFFER_BYTES
            ) as file,
        ):
            to_frame = _FrameMaker(pandas, file.schema_arrow.pandas_metadata)
            # Chained iterators hold no frame; a loop's variable would.
            yield from map(to_frame, filter(len, file.iter_batches(batch_size=rows)))


class _FrameMaker:
    """Turns batches to frames whose default index goes on from one to the next."""

    def __init__(self, pandas: Any, metadata: dict[str, Any] | None) -> None:
        described = metadata["index_columns"] if metadata else []
        ranged = described[0] if described and isinstance(described[0], dict) else {}
        self._pandas = pandas
        self._name: str | None = ranged.get("name")
        self._step: int = ranged.get("step", 1)
        self._next: int = ranged.get("start", 0)

    def __call__(self, batch: Any) -> Any:
        frame = batch.to_pandas()
        if isinstance(frame.index, self._pandas.RangeIndex):
            stop = self._next + self._step * len(frame)
            frame.index = self._pandas.RangeIndex(
                self._next, stop, self._step, name=self._name
            )
            self._next = stop
        return frame


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    """Turn what pyarrow raises for a bad file into a sentence with its remedy."""
    arrow = import_library("pyarrow", name)
    try:
        yield
    except MemoryError:
        raise  # pyarrow's own is an ArrowException too, but says nothing of the file.
    except (arrow.ArrowException, OSError) as error:
        message = f"{name} is no whole Parquet file ({error}); write or fetch it again"
        raise SourceError(message) from error
