"""Reads JSON lines piece by piece."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.base import FROM_FILES, Piece, Request
from jupyter_memkit.techniques.chunked.sources.compressed import is_plain
from jupyter_memkit.techniques.chunked.sources.files import FileSource
from jupyter_memkit.techniques.chunked.sources.json_lines.by_python import Inferred
from jupyter_memkit.techniques.chunked.sources.json_lines.layout import Layout
from jupyter_memkit.techniques.chunked.sources.json_lines.pandas_names import (
    name_for_pandas,
)
from jupyter_memkit.techniques.chunked.sources.json_lines.parse import parse_lines
from jupyter_memkit.techniques.chunked.sources.json_lines.sample import (
    Sample,
    find_sample,
)
from jupyter_memkit.techniques.chunked.sources.lines import line_pieces
from jupyter_memkit.techniques.chunked.sources.ranges import check_options
from jupyter_memkit.techniques.chunked.sources.samples import find_line_starts
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLinesSource(FileSource):
    """A file of JSON objects, one per line, plain or compressed.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        ``sample="all"`` to read the whole file for its columns and types first, if
        some appear late.
    """

    # Counting the lines would take reading the whole file.
    total_rows: None = None
    backend: str = FROM_FILES

    @property
    def row_bytes(self) -> float:
        """The bytes of a line, from the head of the file."""
        return self._sample().row_bytes

    def columns(self) -> tuple[str, ...]:
        """Return the keys of all objects of the sample, in order of appearance."""
        return tuple(self._sample().columns.schema.names)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of columns, except nested ones outside of pandas."""
        columns = self._sample().columns
        found = {}
        for column in columns.schema:
            name, kind = column.name, str(column.type)
            is_pandas = backend in {"pandas", "numpy"}
            if name in columns.mixed or column.type.num_fields:
                if is_pandas:
                    found[name] = "mixed"
                continue
            if kind == "null":
                continue
            if is_pandas:
                kind = name_for_pandas(kind, has_nulls=name in columns.missing)
            elif backend == "polars" and kind.startswith("timestamp"):
                kind = "string"
            found[name] = kind
        return found

    def find_starts(self, count: int) -> list[Any]:
        """Return the starts of some lines."""
        if not is_plain(self.path):
            return [None]
        return [None, *find_line_starts(self.path, 0, count)]

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into blocks of whole lines."""
        sample = self._sample()
        layout = Layout(
            path=self.path,
            schema=_choose(self.name, sample.columns, request),
            is_chosen=request.columns is not None,
            nulls=frozenset(
                each.name
                for each in sample.columns.schema
                if str(each.type) == "null" and each.name not in request.types
            ),
            backend=request.backend or "arrow",
            categories=tuple(sorted(request.categories)),
        )
        yield from line_pieces(
            self.path,
            request,
            partial(parse_lines, layout),
            row_bytes=sample.row_bytes,
            skips_empty=True,
        )

    def _sample(self) -> Sample:
        check_options(self.name, self.options, "sample")
        size = self.options.get("sample", "head")
        if size not in {"head", "all"}:
            message = f"sample is {size!r}; use --read sample=all, or leave it out"
            raise SourceError(message)
        return self.find_once(
            "sample", lambda: find_sample(self.path, all_of_it=size == "all")
        )


def _choose(name: str, columns: Inferred, request: Request) -> Any:
    """Return the columns of a request, with its types."""
    arrow = import_library("pyarrow", "JSON")
    known = columns.schema
    wanted_names = set(known.names if request.columns is None else request.columns)
    # Rows without any column could not be counted.
    names = [each for each in known.names if each in wanted_names] or known.names[:1]
    is_pandas = request.backend in {"pandas", "numpy"}
    fields = []
    for each in names:
        kind, objects = known.field(each).type, None
        wanted = request.types.get(each)
        is_mixed = wanted == "mixed" or (wanted is None and each in columns.mixed)
        if is_mixed and not is_pandas:
            others = [other for other in known.names if other != each]
            without = f"--columns {write_list(others)}, or " if others else ""
            message = (
                f"{name} has values of different types in {each}; use {without}"
                "--backend pandas"
            )
            raise SourceError(message)
        is_nested = wanted in {None, "object"} and kind.num_fields > 0
        if is_mixed or (is_pandas and is_nested):
            kind, objects = arrow.string(), "json"
        elif wanted is not None:
            kind = _find_type(arrow, wanted, kind)
        if is_pandas and objects is None:
            kind = arrow.float64() if arrow.types.is_null(kind) else kind
            if wanted == "object":
                objects = "nan"
        metadata = None if objects is None else {"objects": objects}
        fields.append(arrow.field(each, kind, metadata=metadata))
    return arrow.schema(fields)


def _find_type(arrow: Any, name: str, otherwise: Any) -> Any:
    if name in {"str", "string", "large_string"}:
        return arrow.string()
    if name == "object":  # Booleans, some of them missing.
        return arrow.bool_()
    if name.startswith("datetime64["):
        return arrow.timestamp(name.removeprefix("datetime64[").rstrip("]"))
    try:
        return arrow.type_for_alias(name)
    except ValueError:
        return otherwise
