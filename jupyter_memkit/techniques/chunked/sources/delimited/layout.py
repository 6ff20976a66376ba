"""What the lines of a file hold: its columns, and the types that all of it has."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.chunked.sources.compressed import is_plain, open_bytes
from jupyter_memkit.techniques.chunked.sources.delimited.cut import (
    skip_names,
    whole_lines,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.sources.looks import HEAD_BYTES, read_looks

# What pandas takes for a missing value.
_MISSING = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
    *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a file's lines hold.

    Attributes
    ----------
    names : list of str
        The columns of the file.
    types : dict of str to str
        Their types, by the backend's names.
    columns : list of str
        The columns to read.
    separator : str
        What is between two values.
    backend : str
        Whose types they are.
    body_start : int
        Where the first line after the names begins, in bytes.
    row_bytes : float
        The bytes of a line.
    has_index : bool
        Whether the lines have one value more than there are names, which pandas
        takes for an index.
    """

    names: list[str]
    types: dict[str, str]
    columns: list[str]
    separator: str
    backend: str
    body_start: int
    row_bytes: float
    has_index: bool = False

    def choose(self, request: Request) -> Layout:
        """Return the layout with the columns and types of a request."""
        columns = self.names if request.columns is None else request.columns
        types = {**self.types, **request.types}
        types.update(dict.fromkeys(request.categories, "category"))
        return Layout(
            names=self.names,
            types={name: types[name] for name in self.names},
            # Rows without any column could not be counted.
            columns=[n for n in self.names if n in set(columns)] or self.names[:1],
            separator=self.separator,
            backend=self.backend,
            body_start=self.body_start,
            row_bytes=self.row_bytes,
        )


def find_layout(path: Path, separator: str, backend: str) -> Layout:
    """Look at a file's head, and at places all over it."""
    with open_bytes(path) as stream:
        head = whole_lines(stream.read(HEAD_BYTES))
    body_start = skip_names(head)
    looks = read_looks(path, len(head)) if is_plain(path) else b""
    find = _find_types_of_pandas if backend in {"pandas", "numpy"} else _find_types
    if not head.strip():
        message = f"{path.name} is empty; there is nothing to run over"
        raise SourceError(message)
    try:
        names, types, has_index = find(head + looks, separator, backend, path.name)
    except Exception:
        # A look may begin inside a quoted value.
        if not looks:
            raise
        names, types, has_index = find(head, separator, backend, path.name)
    lines = head[body_start:]
    return Layout(
        names=names,
        types=types,
        columns=names,
        separator=separator,
        backend=backend,
        body_start=body_start,
        row_bytes=len(lines) / max(1, lines.count(b"\n")),
        has_index=has_index,
    )


def _find_types_of_pandas(
    lines: bytes, separator: str, _backend: str, name: str
) -> tuple[list[str], dict[str, str], bool]:
    pandas = import_library("pandas", name)
    # A broken line is told when its chunk is read.
    frame = pandas.read_csv(
        io.BytesIO(lines), sep=separator, low_memory=False, on_bad_lines="skip"
    )
    has_index = not isinstance(frame.index, pandas.RangeIndex)
    types = {column: str(dtype) for column, dtype in frame.dtypes.items()}
    return list(frame.columns), types, has_index


def _find_types(
    lines: bytes, separator: str, backend: str, name: str
) -> tuple[list[str], dict[str, str], bool]:
    csv = import_library("pyarrow.csv", name)
    table = csv.read_csv(
        io.BytesIO(lines),
        parse_options=csv.ParseOptions(
            delimiter=separator,
            newlines_in_values=b'"' in lines,
            invalid_row_handler=lambda _row: "skip",
        ),
        convert_options=csv.ConvertOptions(**describe_missing(backend)),
    )
    types = {field.name: str(field.type) for field in table.schema}
    if backend == "polars":  # It leaves dates alone unless it is asked.
        types = {
            column: name if name in {"int64", "double", "bool"} else "large_string"
            for column, name in types.items()
        }
    return list(types), types, False


def describe_missing(backend: str) -> dict[str, Any]:
    """Return the options that say which values are missing."""
    if backend in {"pandas", "numpy"}:
        return {"null_values": _MISSING, "strings_can_be_null": True}
    if backend == "polars":
        return {
            "null_values": [""],
            "strings_can_be_null": True,
            "quoted_strings_can_be_null": False,
        }
    return {}
