"""Opens CSV and TSV files, whose separator the user may give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import is_separator
from jupyter_memkit.techniques.chunked.sources.delimited.source import DelimitedSource
from jupyter_memkit.techniques.chunked.sources.formats import format_of

_SEPARATORS = {".csv": ",", ".tsv": "\t"}


def open_delimited(path: Path, options: Mapping[str, Any]) -> DelimitedSource:
    """Return the source of a file.

    Parameters
    ----------
    path : Path
        The file, plain or compressed.
    options : mapping
        Options of ``pandas.read_csv``. A separator of one byte needs no other reader.
    """
    options = dict(options)
    separator = _SEPARATORS[format_of(path)]
    if "delimiter" in options and "sep" not in options:
        options["sep"] = options.pop("delimiter")
    is_given = "sep" in options
    given = options.get("sep")
    given = "\t" if given == "\\t" else given
    if is_separator(given):
        del options["sep"]
        separator = str(given)
    return DelimitedSource(
        path=path, separator=separator, is_given=is_given, options=options
    )
