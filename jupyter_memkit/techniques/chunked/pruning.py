"""Leaves out the columns that a notebook cell does not use."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from jupyter_memkit.cells.columns.find import find_columns
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.frames.backends import load_backend
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source

# Options of readers that name no columns: with others, such as index_col or
# parse_dates, a file may not be readable without some column.
_OPTIONS_WITHOUT_COLUMNS = frozenset(
    {
        *("comment", "compression", "decimal", "delimiter", "encoding"),
        *("encoding_errors", "engine", "escapechar", "key", "keep_default_na"),
        *("lineterminator", "na_values", "quotechar", "quoting", "sample", "sep"),
        *("skiprows", "thousands"),
    }
)


def prune_columns(
    source: Source, settings: Settings, body: CellBody, reader_options: Iterable[str]
) -> Settings:
    """Return the settings with the columns that a cell uses, if its code proves which.

    Parameters
    ----------
    source : Source
        The source of the run.
    settings : Settings
        How it will be read; columns that the user chose stay.
    body : CellBody
        The cell.
    reader_options : iterable of str
        The names of the options that the reader of the file gets.
    """
    backend = settings.backend
    if settings.columns is not None or backend not in {"pandas", "polars", "arrow"}:
        return settings
    available = source.columns()
    if available is None or not _OPTIONS_WITHOUT_COLUMNS.issuperset(reader_options):
        return settings
    # The run needs it anyway; its classes show which names are attributes.
    load_backend(backend)
    used = find_columns(body.tree, body.name, available, body.namespace, backend)
    if used is None:
        return settings
    return dataclasses.replace(settings, columns=tuple(used), is_pruned=True)
