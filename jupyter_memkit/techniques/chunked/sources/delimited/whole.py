"""Reads files with pandas alone: with the user's options, or with an index."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    MISSING,
    check_integers,
    name_types,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.sources.reader import iterate_reader
from jupyter_memkit.techniques.chunked.sources.reader_options import (
    explaining_options,
)

_SAMPLE_ROWS = 10_000

# The options with which pandas returns a reader instead of a frame.
_OF_CHUNKS = ("chunksize", "iterator")


def find_whole_layout(path: Path, separator: str, options: Mapping[str, Any]) -> Layout:
    """Inspect the first rows of a file, with options of ``pandas.read_csv``."""
    pandas = import_library("pandas", path.name)
    chosen = {"sep": separator, **options}
    for name in _OF_CHUNKS:
        if chosen.get(name):
            message = f"{path.name} is read in chunks anyway; use --rows, not {name}"
            raise SourceError(message)
    with explaining_options(path.name, options):
        rows = min(chosen.pop("nrows", None) or _SAMPLE_ROWS, _SAMPLE_ROWS)
        frame = pandas.read_csv(path, **chosen, nrows=rows)
    names = tuple(frame.columns)
    finds_missing = chosen.get("na_filter", True) and chosen.get(
        "keep_default_na", True
    )
    types = name_types(pandas, frame, missing=MISSING if finds_missing else ())
    given = options.get("dtype")
    for name in names:
        # The user wants text: it does not stand for numbers that are too large.
        is_given = name in given if isinstance(given, Mapping) else given is not None
        if is_given and types[name] == "integer":
            types[name] = "str"
    return Layout(
        names=names,
        types=types,
        empty=frozenset(names) if frame.empty else frozenset(),
        columns=names,
        separator=separator,
        backend="pandas",
        body_start=0,
        row_bytes=0.0,
    )


def read_whole(
    path: Path, options: Mapping[str, Any], request: Request, layout: Layout
) -> Generator[Piece, None, None]:
    """Read a file as frames, in which text columns stay text even if all are digits."""
    check_integers(layout, path)
    given = dict(options)
    if request.columns is not None and "usecols" not in given:
        given["usecols"] = list(layout.columns)
    dtype = given.pop("dtype", None)
    if dtype is None or isinstance(dtype, Mapping):
        converted = {*(given.get("converters") or {}), *(dtype or {})}
        texts = {
            name: str
            for name in layout.columns
            if layout.types[name] == "str" and name not in converted
        }
        dtype = {**texts, **(dtype or {})}
    pandas = import_library("pandas", path.name)
    with pandas.read_csv(path, **given, dtype=dtype, iterator=True) as reader:
        yield from iterate_reader(reader, request)
