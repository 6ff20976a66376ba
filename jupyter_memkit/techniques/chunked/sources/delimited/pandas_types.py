"""The types that pandas infers from text, and from more text that follows it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.dtypes import widen

# What pandas reads as a missing value.
MISSING = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
    *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]
TRUE, FALSE = ["True", "TRUE", "true"], ["False", "FALSE", "false"]

# The types that pandas infers by itself; a user may want others.
FOUND = frozenset({"int64", "uint64", "float64", "bool", "object", "str", "integer"})
OF_NUMBERS = frozenset({"int64", "uint64", "float64"})
OF_TEXT = frozenset({"str", "string", "large_string", "category"})

# An integer that does not fit 64 bits has at least as many digits.
WIDE_DIGITS = r"\d{19}"

_WHOLE = re.compile(r"\s*[+-]?\d+\s*")
_NUMBER = re.compile(
    r"\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity)\s*", re.IGNORECASE
)


def name_types(
    pandas: Any, frame: Any, *, missing: Sequence[str] = MISSING
) -> dict[str, str]:
    """Return the types of a frame that was read from text.

    Columns of objects are distinguished: ``"object"`` is Booleans with missing values,
    ``"integer"`` is integers of more than 64 bits, and ``"str"`` is text.

    Parameters
    ----------
    pandas : module
        The library.
    frame : pandas.DataFrame
        The frame.
    missing : sequence of str
        What was read as a missing value, by default what pandas does.
    """
    types = {}
    for name, dtype in frame.dtypes.items():
        types[name] = str(dtype)
        if types[name] in {"object", "str"}:
            kind = pandas.api.types.infer_dtype(frame[name], skipna=True)
            types[name] = {"boolean": "object", "integer": "integer"}.get(kind, "str")
            # Converters may return anything.
            is_of_texts = kind in {"string", "empty"}
            if is_of_texts and _is_of_wide(frame[name].dropna(), missing):
                types[name] = "integer"
    return types


def _is_of_wide(texts: Any, missing: Sequence[str]) -> bool:
    """Return whether pandas left numbers as text because they do not fit 64 bits.

    The whole column is then text, with missing values as they are in the file. This
    happens if a wide number comes before any value that is not an integer.
    """
    if texts.isin(missing).any():
        return True
    # The pattern takes a tenth of the time that looking at each text does.
    if not texts.str.contains(WIDE_DIGITS).any():
        return False
    for text in texts:
        if not _WHOLE.fullmatch(text):
            break
        if is_wide(text):
            return True
    return any(map(is_wide, texts)) and all(map(_NUMBER.fullmatch, texts))


def unite(  # noqa: PLR0911 - one for each rule of pandas
    before: str, got: str, values: Any, *, is_guess: bool
) -> str:
    """Return the type that pandas infers from earlier values and later ones together.

    Parameters
    ----------
    before : str
        The type of the earlier values.
    got : str
        The type that pandas infers from the later values alone.
    values : pandas.Series
        The later values.
    is_guess : bool
        Whether there are no earlier values.
    """
    if not len(values):
        return before
    if not values.notna().any():  # pandas infers floats.
        return {"int64": "float64", "bool": "object", "uint64": "integer"}.get(
            before, before
        )
    if is_guess and not (got == "str" and any(map(is_wide, values.dropna()))):
        return {"bool": "object", "int64": "float64", "uint64": "integer"}.get(got, got)
    if before == "uint64" and got == "int64":
        return "integer" if (values < 0).any() else before
    if before == "uint64" and got == "float64" and values.isna().any():
        return "integer"
    if "integer" in {before, got} or (before == "float64" and got == "uint64"):
        return "integer"
    if got == "str" and before in OF_NUMBERS and any(map(is_wide, values.dropna())):
        return "integer"
    if {before, got} == {"bool", "object"}:
        return "object"
    return before if before == got else widen(before, got)


def is_wide(text: str) -> bool:
    """Return whether text is an integer that does not fit 64 bits with a sign."""
    return _WHOLE.fullmatch(text) is not None and not -(2**63) <= int(text) < 2**63


def find_misfit(texts: Any, before: str, after: str) -> int:
    """Return the row of the first value that requires the new type."""
    is_missing = texts.isna()
    for row, text in enumerate(texts):
        if is_missing.iloc[row]:
            if before in {"int64", "uint64", "bool"}:
                return row
        elif not _fits(text, before) or (after == "uint64" and is_wide(text)):
            return row
    return 0


def _fits(text: str, dtype: str) -> bool:
    if dtype in {"bool", "object"}:
        return text in TRUE or text in FALSE
    if dtype == "float64":
        try:
            float(text)
        except ValueError:
            return False
        return "_" not in text
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return False
    number = int(text)
    return 0 <= number < 2**64 if dtype == "uint64" else -(2**63) <= number < 2**63


def check_integers(layout: Layout, path: Path) -> None:
    """Reject columns of integers that do not fit 64 bits.

    Raises
    ------
    SourceError
        If there is one; the message names the type that keeps all digits.
    """
    types = {**layout.types, **layout.categories}
    for name in layout.columns:
        if types[name] == "integer":
            raise make_integer_error(path, name)


def make_integer_error(path: Path, name: Hashable) -> SourceError:
    """Return the error for a column of integers that do not fit 64 bits."""
    remedy = f"--read \"dtype={{{name!r}: 'str'}}\""  # For a number, or several names.
    if isinstance(name, str):
        remedy = f"--types {write_list([name + '=str'])}"
    return SourceError(
        f"{path.name} has integers of more than 64 bits in {name}, and a float "
        f"keeps only 16 digits; use {remedy}"
    )
