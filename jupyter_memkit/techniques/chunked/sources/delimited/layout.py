"""Infers the columns of a file, and their types in the whole file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from jupyter_memkit.techniques.chunked.sources.compressed import is_plain
from jupyter_memkit.techniques.chunked.sources.delimited import (
    by_arrow,
    by_polars,
    pandas_columns,
)
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Columns, Layout
from jupyter_memkit.techniques.chunked.sources.delimited.cut import skip_names
from jupyter_memkit.techniques.chunked.sources.delimited.hints import (
    check_first_line,
    check_text,
    find_separator,
    make_separator_error,
)
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import OF_NUMBERS
from jupyter_memkit.techniques.chunked.sources.delimited.sample import (
    read_guessed_samples,
    read_head,
    read_true_samples,
)

_OTHERS = {"arrow": by_arrow, "polars": by_polars}

Infer = Callable[[bytes, str, str], Columns]


def find_layout(path: Path, separator: str, backend: str, *, is_given: bool) -> Layout:
    """Inspect the head of a file, and samples from all over it.

    Parameters
    ----------
    path : Path
        The file.
    separator : str
        The separator of values.
    backend : str
        The library whose types are inferred.
    is_given : bool
        Whether the user gave the separator; otherwise a likelier one is suggested.

    Raises
    ------
    SourceError
        If the file seems to need another option, which the message names.
    """
    head = read_head(path, separator)
    check_text(head, path.name)
    if backend in _OTHERS:
        check_first_line(head, separator, path.name, backend)
    infer = _OTHERS.get(backend, pandas_columns).infer
    body_start = skip_names(head, separator)
    columns = of_head = infer(head, separator, path.name)
    left = path.stat().st_size - len(head) if is_plain(path) else 0
    if left > 0:
        columns = _refine(path, head, separator, columns, infer)
    lines = head[body_start:]
    count = max(1, lines.count(b"\n"), lines.count(b"\r"))
    names = tuple(columns.types)
    if len(names) == 1 and not is_given:
        other = find_separator(head, separator)
        if other is not None:
            raise make_separator_error(path.name, separator, other)
    return Layout(
        names=names,
        types=columns.types,
        empty=columns.empty,
        columns=names,
        separator=separator,
        backend=backend,
        body_start=body_start,
        row_bytes=len(lines) / count,
        has_index=columns.has_index,
        late_texts=frozenset(
            name
            for name, kind in columns.types.items()
            if kind == "str" and of_head.types.get(name) in OF_NUMBERS
        ),
    )


def _refine(
    path: Path, head: bytes, separator: str, columns: Columns, infer: Infer
) -> Columns:
    """Infer the columns again from the head and from samples all over the file.

    A sample may begin within quotes. If the samples change anything, they are read
    again as whole lines, which takes one pass over the file.
    """
    samples = read_guessed_samples(path, len(head))
    if not samples:
        return columns
    names = head[: skip_names(head, separator)]
    with contextlib.suppress(Exception):  # Reported when the chunk is read.
        # The samples alone are half of the data, and usually give the same result.
        if infer(names + samples, separator, path.name) == columns:
            return columns
        if infer(head + samples, separator, path.name) == columns:
            return columns
    samples = read_true_samples(path, len(head), separator)
    try:
        return infer(head + samples, separator, path.name)
    except Exception:  # noqa: BLE001 - reported when the chunk is read
        return columns
