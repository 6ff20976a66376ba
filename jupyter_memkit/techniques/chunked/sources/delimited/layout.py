"""What the lines of a file hold: its columns, and the types that all of it has."""

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
from jupyter_memkit.techniques.chunked.sources.delimited.sample import (
    read_guessed_looks,
    read_head,
    read_true_looks,
)

_OTHERS = {"arrow": by_arrow, "polars": by_polars}

Infer = Callable[[bytes, str, str], Columns]


def find_layout(path: Path, separator: str, backend: str, *, is_given: bool) -> Layout:
    """Look at a file's head, and at places all over it.

    Parameters
    ----------
    path : Path
        The file.
    separator : str
        What is between two values.
    backend : str
        Whose types are found.
    is_given : bool
        Whether the user gave the separator: another may look better then.

    Raises
    ------
    SourceError
        When the file looks to be another table, with the option that reads it.
    """
    head = read_head(path, separator)
    check_text(head, path.name)
    if backend in _OTHERS:
        check_first_line(head, separator, path.name, backend)
    infer = _OTHERS.get(backend, pandas_columns).infer
    body_start = skip_names(head, separator)
    columns = infer(head, separator, path.name)
    left = path.stat().st_size - len(head) if is_plain(path) else 0
    if left > 0:
        columns = _look_further(path, head, separator, columns, infer)
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
    )


def _look_further(
    path: Path, head: bytes, separator: str, columns: Columns, infer: Infer
) -> Columns:
    """Return what a file's head and places all over it tell of its columns.

    A look may begin within quotes. Where looks change anything it is made sure that
    they do not, which takes a pass over the file.
    """
    looks = read_guessed_looks(path, len(head))
    if not looks:
        return columns
    names = head[: skip_names(head, separator)]
    with contextlib.suppress(Exception):  # What is broken is told when it is read.
        # The looks alone are half of both, and mostly tell the same.
        if infer(names + looks, separator, path.name) == columns:
            return columns
        if infer(head + looks, separator, path.name) == columns:
            return columns
    looks = read_true_looks(path, len(head), separator)
    try:
        return infer(head + looks, separator, path.name)
    except Exception:  # noqa: BLE001 - the same
        return columns
