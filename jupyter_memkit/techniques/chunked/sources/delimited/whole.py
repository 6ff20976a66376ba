"""Reads files with pandas alone: with the user's options, or with an index."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    check_integers,
    name_types,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.sources.reader import iterate_reader

_SAMPLE_ROWS = 10_000


def find_whole_layout(path: Path, separator: str, options: Mapping[str, Any]) -> Layout:
    """Inspect the first rows of a file, with options of ``pandas.read_csv``."""
    pandas = import_library("pandas", path.name)
    given = {"sep": separator, **options}
    rows = min(given.pop("nrows", None) or _SAMPLE_ROWS, _SAMPLE_ROWS)
    frame = pandas.read_csv(path, **given, nrows=rows)
    names = tuple(frame.columns)
    return Layout(
        names=names,
        types=name_types(pandas, frame),
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
