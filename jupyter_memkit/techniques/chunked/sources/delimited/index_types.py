"""The types of an index that pandas makes of columns, which all frames share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Index
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    FOUND,
    name_types,
)
from jupyter_memkit.techniques.chunked.sources.dtypes import widen

_NAME_IT = "give each of its columns a name in the line of names"
_TEXT = frozenset({"object", "str", "string"})


def name_index(pandas: Any, index: Any, missing: Sequence[str]) -> Index:
    """Return the levels of an index that was read from text, as `name_types` does."""
    frame = index.to_frame(index=False, name=range(index.nlevels))
    types = name_types(pandas, frame, missing=missing)
    return tuple(zip(index.names, types.values(), strict=True))


def check_index(index: Index, path: Path) -> None:
    """Reject an index of integers that do not fit 64 bits.

    Raises
    ------
    SourceError
        If there is one; the message says how to keep all digits.
    """
    for name, kind in index:
        if kind != "integer":
            continue
        remedy = f"use --read \"dtype={{{name!r}: 'str'}}\""
        if name is None:
            remedy = _NAME_IT
        message = (
            f"{path.name} has integers of more than 64 bits in its index; {remedy}"
        )
        raise SourceError(message)


def agree_index(
    frame: Any, index: Index, path: Path, options: Mapping[str, Any]
) -> Any:
    """Return a frame whose index has the types of the sample.

    Parameters
    ----------
    frame : pandas.DataFrame
        The frame.
    index : tuple
        Its levels in the sample.
    path : Path
        The file.
    options : mapping
        The options that the user gave.

    Raises
    ------
    SourceError
        If values do not fit; the message names the option that helps.
    """
    if not len(frame):
        return frame
    for level, (name, wanted) in enumerate(index):
        values = frame.index.get_level_values(level)
        got = str(values.dtype)
        if wanted in {got, "category"} or {got, wanted} <= _TEXT:
            continue
        if wanted != "float64" or got not in {"int64", "uint64"}:
            raise _make_error(path, options, name, (wanted, got))
        frame.index = _replace(frame.index, level, values)
    return frame


def _replace(index: Any, level: int, values: Any) -> Any:
    """Return an index with floats in a level."""
    if index.nlevels == 1:
        return values.astype("float64")
    return index.set_levels(index.levels[level].astype("float64"), level=level)


def _make_error(
    path: Path, options: Mapping[str, Any], name: Hashable, types: tuple[str, str]
) -> SourceError:
    before, after = types
    dtype = options.get("dtype") or {}
    if options.get("index_col") is None:
        remedy = _NAME_IT
    elif name is None or not {*types} <= FOUND or not isinstance(dtype, Mapping):
        remedy = "leave out --read index_col"
    else:
        united = {**dtype, name: widen(before, after)}
        remedy = f'use --read "dtype={united}", or leave out --read index_col'
    which = "the index" if name is None else f"the index {name}"
    return SourceError(
        f"{which} of {path.name} is {before} in earlier rows and {after} in later "
        f"ones; {remedy}"
    )
