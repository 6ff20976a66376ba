"""Reads JSON lines piece by piece."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import FROM_FILES, Piece, Request
from jupyter_memkit.techniques.chunked.sources.files import (
    FileSource,
    import_library,
)
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
from jupyter_memkit.techniques.chunked.sources.watched import of_unchanged_file

SUFFIXES = frozenset({".jsonl", ".ndjson"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLinesSource(FileSource):
    """A file of JSON objects, one a line, plain or compressed.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        ``sample="all"`` to go through the whole file for its columns and types, once,
        where some show late.
    """

    # Counting the lines would be to read the whole file.
    total_rows: None = None
    backend: str = FROM_FILES

    @property
    def row_bytes(self) -> float:
        """The bytes of a line, from the head of the file."""
        return self._sample().row_bytes

    def columns(self) -> tuple[str, ...]:
        """Return the keys of all objects of the sample, in the order that they came."""
        return tuple(self._sample().schema.names)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of columns that are not nested."""
        sample = self._sample()
        found = {}
        for column in sample.schema:
            name, kind = column.name, str(column.type)
            if kind == "null" or column.type.num_fields:
                continue
            if backend in {"pandas", "numpy"}:
                kind = name_for_pandas(kind, has_nulls=name in sample.missing)
            elif backend == "polars" and kind.startswith("timestamp"):
                kind = "string"
            found[name] = kind
        return found

    @of_unchanged_file
    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into blocks of whole lines."""
        sample = self._sample()
        layout = Layout(
            path=self.path,
            schema=_choose(sample.schema, request),
            is_chosen=request.columns is not None,
            nulls=frozenset(c.name for c in sample.schema if str(c.type) == "null"),
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
            message = f"sample is {size!r}; give --read sample=all, or leave it out"
            raise SourceError(message)
        state = self.path.stat()
        return find_sample(self.path, size == "all", state.st_size, state.st_mtime_ns)


def _choose(schema: Any, request: Request) -> Any:
    """Return the columns of a request, with its types."""
    arrow = import_library("pyarrow", "JSON")
    names = schema.names if request.columns is None else request.columns
    # Rows without any column could not be counted.
    names = [name for name in schema.names if name in names] or schema.names[:1]
    of_pandas = request.backend in {"pandas", "numpy"}
    fields = []
    for name in names:
        kind = schema.field(name).type
        if arrow.types.is_null(kind) and of_pandas:
            kind = arrow.float64()
        if name in request.types:
            wanted = request.types[name]
            is_text = wanted in {"str", "string", "large_string"} or (
                # What pandas 2 calls text, but also what holds a missing bool.
                wanted == "object" and not arrow.types.is_boolean(kind)
            )
            kind = arrow.string() if is_text else _find_type(arrow, wanted, kind)
        fields.append(arrow.field(name, kind))
    return arrow.schema(fields)


def _find_type(arrow: Any, name: str, otherwise: Any) -> Any:
    if name.startswith("datetime64["):
        return arrow.timestamp(name.removeprefix("datetime64[").rstrip("]"))
    try:
        return arrow.type_for_alias(name)
    except ValueError:
        return otherwise
