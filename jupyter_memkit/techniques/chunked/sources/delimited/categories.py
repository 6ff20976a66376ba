"""Categories in text, which have the types that pandas infers for them.

Since version 3.1 pandas reads categories as numbers or Booleans if all of the column
are; in earlier versions, and next to other values, they are text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.frames.from_arrow import infer_categories
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    make_integer_error,
)

_BOOLEANS = frozenset({"bool", "object"})
_NUMBERS = frozenset({"int64", "float64"})
_FOUND = _BOOLEANS | _NUMBERS | {"uint64"}


def find_inferred(layout: Layout) -> dict[str, str]:
    """Return the types of the categories in a file that pandas reads as no text."""
    kinds = {name: kind for name, kind in layout.categories.items() if kind in _FOUND}
    return kinds if kinds and _infers_types() else {}


def mark_categories(table: Any, layout: Layout, path: Path) -> Any:
    """Return a pyarrow table with a mark at the categories that are not text.

    They become numbers with the frame only: tables whose dictionaries have other types
    cannot be joined.

    Raises
    ------
    TypeChange
        If categories are of another kind than in earlier rows.
    """
    found: dict[str, Any] = {}
    for name in find_inferred(layout).keys() & set(layout.columns):
        place = table.schema.get_field_index(name)
        column = table.column(place).unify_dictionaries()
        if column.num_chunks:
            texts = column.chunk(0).dictionary.to_pandas()
            found[name] = infer_categories(texts).categories
        field = table.schema.field(place).with_metadata({"objects": "categories"})
        table = table.set_column(place, field, column)
    check_categories(found, layout, path)
    return table


def check_categories(found: Mapping[str, Any], layout: Layout, path: Path) -> None:
    """Reject categories of another kind than those of the whole file.

    Parameters
    ----------
    found : mapping of str to pandas.Index
        The categories of later rows.
    layout : Layout
        The types of the categories.
    path : Path
        The file.

    Raises
    ------
    TypeChange
        If some are of another kind.
    SourceError
        If some are integers of more than 64 bits.
    """
    changes: dict[str, tuple[str, str]] = {}
    for name, categories in found.items():
        before, got = layout.categories[name], str(categories.dtype)
        if not len(categories) or _are_alike(before, got):
            continue
        is_wide = "uint64" in {before, got} or categories.inferred_type == "integer"
        if is_wide:  # Those of other chunks may be negative, or have fractions.
            raise make_integer_error(path, name)
        is_first = name in layout.empty and got in _NUMBERS | _BOOLEANS
        changes[name] = (before, got if is_first else "str")
    if changes:
        raise TypeChange(path.name, changes)


def _are_alike(before: str, got: str) -> bool:
    """Return whether the categories of all rows are numbers, or Booleans."""
    if got == "bool":
        return before in _BOOLEANS
    # Categories are integers even if the column would be floats for what is missing.
    return {before, got} <= _NUMBERS


@lru_cache(maxsize=1)
def _infers_types() -> bool:
    pandas = import_library("pandas", "categories")
    return str(infer_categories(pandas.Series(["1"])).categories.dtype) == "int64"
