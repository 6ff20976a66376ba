"""Files in folders whose names are columns, such as ``year=2024``."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Container, Generator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import (
    Piece,
    Request,
    Source,
    find_row_bytes,
    find_starts,
    load_parts,
)
from jupyter_memkit.techniques.chunked.sources.pandas_notes import keep_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The value of a column that the name of a folder gives to all rows below it.

    Attributes
    ----------
    value : str or int, optional
        The value; None is a missing one.
    is_number : bool
        Whether the values of all folders are numbers.
    has_missing : bool
        Whether the value of any folder is missing.
    """

    value: str | int | None
    is_number: bool
    has_missing: bool

    @property
    def pandas_type(self) -> str:
        """The pandas type of the values of all folders."""
        if not self.is_number:
            return "object" if self.has_missing else "str"
        return "float64" if self.has_missing else "int32"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionedSource:
    """A file with the columns in the names of its folders.

    Parameters
    ----------
    source : Source
        The source of the file.
    keys : mapping of str to Key
        The columns of the folders.
    """

    source: Source
    keys: Mapping[str, Key]

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.source.name

    @property
    def total_rows(self) -> int | None:
        """The rows of the file."""
        return self.source.total_rows

    @property
    def row_bytes(self) -> float | None:
        """The bytes of a row of the file."""
        return self.source.row_bytes

    @property
    def backend(self) -> str | None:
        """The library of the file's chunks."""
        return self.source.backend

    def row_bytes_of(self, columns: tuple[str, ...] | None) -> float | None:
        """Return the bytes of a row of the file in some of the columns."""
        if columns is not None:
            columns = tuple(name for name in columns if name not in self.keys)
        return find_row_bytes(self.source, columns)

    def columns(self) -> tuple[str, ...]:
        """Return the columns of the file, and those of its folders."""
        own = self.source.columns() or ()
        return (*(name for name in own if name not in self.keys), *self.keys)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of the columns of the file and of its folders."""
        types = self.source.types(backend)
        if backend in {"pandas", "numpy"}:
            types.update({name: key.pandas_type for name, key in self.keys.items()})
        return types

    def fingerprint(self) -> Any:
        """Return the fingerprint of the file."""
        return self.source.fingerprint()

    def find_starts(self, count: int) -> list[Any]:
        """Return places of the file where reading can start."""
        return find_starts(self.source, count)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read the file, and add the columns of its folders."""
        keys, wanted = dict(self.keys), request.columns
        if wanted is not None:
            keys = {name: key for name, key in keys.items() if name in wanted}
            wanted = tuple(name for name in wanted if name not in self.keys)
        types = {n: kind for n, kind in request.types.items() if n not in self.keys}
        inner = dataclasses.replace(
            request,
            columns=wanted,
            types=types,
            categories=request.categories.difference(self.keys),
        )
        # Rows without any column could not be counted.
        has_own = wanted != () or not keys
        for piece in self.source.pieces(inner):
            load = _WithKeys(
                load=piece.load,
                keys=keys,
                has_own=has_own,
                categories=request.categories,
            )
            ready = [dataclasses.replace(piece, load=load)]
            del piece, load
            yield ready.pop()


@dataclass(frozen=True, slots=True, kw_only=True)
class _WithKeys:
    """Loads rows, and adds the columns of the folders."""

    load: Callable[[], Any]
    keys: Mapping[str, Key]
    has_own: bool
    categories: AbstractSet[str]

    def __call__(self) -> Any:
        return self._add_columns(self.load())

    def parts(self, rows: int) -> Iterator[Any]:
        return map(self._add_columns, load_parts(self.load, rows))

    def _add_columns(self, rows: Any) -> Any:
        library = name_library(type(rows))
        arrow = import_library("pyarrow", "folders with columns in their names")
        columns = {
            name: arrow.repeat(
                arrow.scalar(
                    key.value, arrow.int32() if key.is_number else arrow.string()
                ),
                len(rows),
            )
            for name, key in self.keys.items()
        }
        if library == "pandas":
            rows = rows if self.has_own else rows[[]]
            values = {name: column.to_pandas() for name, column in columns.items()}
            return rows.assign(**{n: column.to_numpy() for n, column in values.items()})
        # Those of pandas are made where it is known which values have been seen.
        for name in self.categories & columns.keys():
            columns[name] = columns[name].dictionary_encode()
        if library == "polars":
            polars = import_library("polars", "folders with columns in their names")
            added = polars.from_arrow(arrow.table(columns))
            return rows.with_columns(*added.get_columns()) if self.has_own else added
        if not self.has_own:
            rows = rows.select([])
        for name, column in columns.items():
            kept = [other for other in rows.column_names if other != name]
            is_none = self.keys[name].has_missing and not self.keys[name].is_number
            field = arrow.field(
                name, column.type, metadata={"objects": "none"} if is_none else None
            )
            rows = rows.select(kept).append_column(field, column)
        return _forget_types(rows, self.keys)


def _forget_types(rows: Any, keys: Container[str]) -> Any:
    """Drop the metadata of pandas about columns that the folders replace."""
    kept = keep_notes(rows.schema, lambda name, _: name not in keys)
    return rows.replace_schema_metadata(kept)


def find_root(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parts of a path before the first pattern in it."""
    return tuple(itertools.takewhile(lambda part: not set(part) & set("*?["), parts))


def add_keys(
    sources: Sequence[Source], files: Sequence[Path], root: tuple[str, ...] | None
) -> list[Source]:
    """Return sources of files with the columns of their folders, if there are any.

    Parameters
    ----------
    sources, files : sequence
        The sources, and their files.
    root : tuple of str, optional
        As for `find_keys`; if it is a file itself, no folder gives a column.
    """
    if files[0].parts == root:
        return list(sources)
    return [
        PartitionedSource(source=source, keys=keys) if keys else source
        for source, keys in zip(sources, find_keys(files, root), strict=True)
    ]


def find_keys(
    files: Sequence[Path], root: tuple[str, ...] | None
) -> list[dict[str, Key]]:
    """Return the columns in the names of the folders of each file.

    The values are read as pyarrow reads them: ``%20`` is a space, and Hive's name for a
    missing value is missing. A column has numbers if all its values are numbers.

    Parameters
    ----------
    files : sequence of Path
        The files.
    root : tuple of str, optional
        The parts of the folder that holds all files, whose own name gives no column.
    """
    folders = [_below(path, root) for path in files]
    names = dict.fromkeys(
        part.partition("=")[0] for parts in folders for part in parts if "=" in part
    )
    if not names:
        return [{} for _ in files]
    arrow = import_library("pyarrow", "folders with columns in their names")
    dataset = import_library("pyarrow.dataset", "folders with columns in their names")
    schema = arrow.schema([(name, arrow.string()) for name in names])
    partitioning = dataset.HivePartitioning(schema)
    found = [
        dataset.get_partition_keys(partitioning.parse("/".join([*parts, "file"])))
        for parts in folders
    ]
    keys: list[dict[str, Key]] = [{} for _ in files]
    for name in names:
        values = [each.get(name) for each in found]
        numbers = _read_numbers(arrow, values)
        for own, value in zip(
            keys, values if numbers is None else numbers, strict=True
        ):
            own[name] = Key(
                value=value,
                is_number=numbers is not None,
                has_missing=None in values,
            )
    return keys


def _below(path: Path, root: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the folders of a file below a root."""
    parts = path.parts[:-1]
    if root is None or parts[: len(root)] != root:
        return parts
    return parts[len(root) :]


def _read_numbers(arrow: Any, values: list[str | None]) -> list[int | None] | None:
    """Return the values as numbers, or None if not all are numbers."""
    try:
        numbers: list[int | None] = (
            arrow.array(values, arrow.string()).cast(arrow.int32()).to_pylist()
        )
    except arrow.ArrowInvalid:
        return None
    return None if all(value is None for value in values) else numbers
