"""Advises how to read a CSV file with small dtypes, from a sample of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.paths import expand_home
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.arrays.csv_reading.code import write_code
from jupyter_memkit.techniques.arrays.pandas_columns import shrink_column
from jupyter_memkit.techniques.arrays.pandas_series import measure_column
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.records import Part

# The number of places in a file to sample, and the bytes of each.
_PLACES = 32
_PLACE_BYTES = 128 * 1024

_DELIMITERS = ",;\t|"

# The rest of the file may contain values this many times larger.
_HEADROOM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingAdvice(Record):
    """How to read a file with small dtypes.

    Attributes
    ----------
    path : str
        The file.
    rows : int
        The number of rows that were read.
    complete : bool
        Whether those are all rows rather than a sample.
    parts : tuple of Part
        The columns, with their dtypes and bytes as pandas reads the sample, and as
        advised.
    code : str
        Code that reads the file this way, to paste.
    """

    path: str
    rows: int
    complete: bool
    parts: tuple[Part, ...]
    code: str


def advise_reading(path: str) -> ReadingAdvice:
    r"""Advise how to read a CSV file with small dtypes.

    Parameters
    ----------
    path : str
        The file, with its column names in the first line. A large file is sampled in 32
        places, including the first and the last.

    Returns
    -------
    ReadingAdvice
        The dtypes, and the code. Integers of a sample get a dtype with room for twice
        their size; pandas raises an error if a value does not fit even so.

    Raises
    ------
    MemkitError
        If the file is missing, empty, or not CSV.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "orders.csv"
    ...     _ = path.write_text("qty,colour\n" + "7,red\n" * 10_000)
    ...     advice = advise_reading(str(path))
    >>> [part.after_dtype for part in advice.parts]
    ['int8', 'category']
    """
    import pandas as pd  # noqa: PLC0415 - the advice is for pandas

    text, complete = _read_sample(expand_home(path))
    header = text.partition("\n")[0]
    delimiter = _find_delimiter(header)
    try:
        sample = pd.read_csv(io.StringIO(text), sep=delimiter)
    except (ValueError, UnicodeError) as error:
        message = f"pandas cannot read {path} as CSV: {str(error).strip()}"
        raise MemkitError(message) from error
    if sample.empty:
        message = f"{path} has no rows below its first line; there is nothing to advise"
        raise MemkitError(message)
    parts = tuple(
        _advise_column(sample.iloc[:, number], complete=complete)
        for number in range(sample.shape[1])
    )
    return ReadingAdvice(
        path=path,
        rows=len(sample),
        complete=complete,
        parts=parts,
        code=write_code(path, delimiter, parts),
    )


def _read_sample(path: Path) -> tuple[str, bool]:
    """Return whole lines from across a file, and whether they are all."""
    if path.suffix.lower() in (".parquet", ".feather", ".arrow"):
        message = (
            f"{path.name} contains its dtypes; read the columns that you need with "
            "columns=[...], then use %shrink on the frame"
        )
        raise MemkitError(message)
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            if size_bytes <= _PLACES * _PLACE_BYTES:
                return _decode(file.read(), path), True
            header = file.readline(_PLACE_BYTES)
            first = file.tell()
            step = (size_bytes - _PLACE_BYTES - first) // (_PLACES - 1)
            pieces = [header]
            for place in range(_PLACES):
                file.seek(first + place * step)
                if place:
                    file.readline()
                piece = file.read(_PLACE_BYTES)
                # Up to the end of the last complete line.
                pieces.append(piece[: piece.rfind(b"\n") + 1])
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise MemkitError(message) from error
    return _decode(b"".join(pieces), path), False


def _decode(content: bytes, path: Path) -> str:
    if not content.strip():
        message = f"{path} is empty; there is nothing to advise"
        raise MemkitError(message)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = (
            f"{path} is not UTF-8 text; decompress it, or convert it, for example with "
            "iconv, first"
        )
        raise MemkitError(message) from error


def _find_delimiter(header: str) -> str:
    try:
        return csv.Sniffer().sniff(header, _DELIMITERS).delimiter
    except csv.Error:
        return ","


def _advise_column(column: Any, *, complete: bool) -> Part:
    before_bytes = measure_column(column)
    smaller, note = _shrink(column, complete=complete)
    after_bytes = measure_column(smaller)
    if (column.isna() | (column == column.iloc[0])).all():
        note = "always the same value; leave it out if you can"
    return Part(
        label=str(column.name),
        before_dtype=str(column.dtype),
        after_dtype=str(smaller.dtype),
        before_bytes=before_bytes,
        after_bytes=min(before_bytes, after_bytes),
        note=note,
    )


def _shrink(column: Any, *, complete: bool) -> tuple[Any, str]:
    import pandas as pd  # noqa: PLC0415 - as above

    if pd.api.types.is_string_dtype(column.dtype):
        times = _read_times(column)
        if times is not None:
            return times, "dates and times"
    examined = column
    if not complete and pd.api.types.is_integer_dtype(column.dtype):
        # The products of Python's numbers do not overflow.
        ends = [int(column.min()) * _HEADROOM, int(column.max()) * _HEADROOM]
        examined = pd.Series(ends, dtype=object)
        dtype = shrink_column(examined, Policy()).result.dtype
        kept = pd.api.types.is_object_dtype(dtype)
        return column.astype(column.dtype if kept else dtype), ""
    if pd.api.types.is_float_dtype(column.dtype):
        whole = column.dropna()
        if len(whole) and column.isna().any() and (whole % 1 == 0).all():
            return shrink_column(column.astype("Int64"), Policy()).result, (
                "whole numbers, some of them missing"
            )
    return shrink_column(examined, Policy()).result, ""


def _read_times(column: Any) -> Any:
    """Parse strings as times; None if they are not."""
    import pandas as pd  # noqa: PLC0415 - as above

    first = str(column.dropna().iloc[0]) if column.notna().any() else ""
    if not first[:4].isdigit() or first[4:5] != "-":
        return None
    try:
        return pd.to_datetime(column, format="ISO8601")
    except (ValueError, TypeError):
        return None
