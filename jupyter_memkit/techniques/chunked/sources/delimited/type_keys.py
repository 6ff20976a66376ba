"""The values of pandas' option ``dtype`` for columns of text, and their keys.

pandas also applies the type of a name to the columns with the same name, which it
renames. A position in the file identifies one column.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.delimited.categories import (
    find_inferred,
)
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.delimited.dates import is_date
from jupyter_memkit.techniques.chunked.sources.dtypes import is_text

# Options that name columns, or choose some.
_OF_COLUMNS = frozenset(
    {"converters", "date_format", "dtype", "index_col", "parse_dates", "usecols"}
)


def find_text_types(
    path: Path, options: Mapping[str, Any], layout: Layout
) -> dict[Hashable, Any]:
    """Return the types by key of the columns and levels of the index read as text.

    Dates are, too: they are made of the text later.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        The options of ``pandas.read_csv``, whose own types stay.
    layout : Layout
        The columns and the index.
    """
    given = {*(options.get("converters") or {}), *(options.get("dtype") or {})}
    kinds: dict[Hashable, str] = {
        name: kind for name, kind in layout.index if name is not None
    }
    kinds.update(layout.types)
    texts_only = layout.categories.keys() - find_inferred(layout).keys()
    kinds.update(dict.fromkeys(texts_only, "str"))
    known = {n: _find_type(path, kind) for n, kind in kinds.items()}
    types = {n: kind for n, kind in known.items() if kind is not None}
    texts = types.keys() - given
    twins = _find_twins(kinds.keys() - texts) & texts
    found = {name: kind for name, kind in types.items() if name in texts - twins}
    levels = {
        level: _find_type(path, kind)
        for level, (name, kind) in enumerate(layout.index)
        if name is None
    }
    if twins or any(kind is not None for kind in levels.values()):
        names, is_c = _read_names(path, options)
        shift = len(layout.index) if is_c and layout.has_index else 0
        for name in twins:
            found[names.index(name) + shift] = types[name]
        if is_c:
            found.update((n, kind) for n, kind in levels.items() if kind is not None)
    _check_keys(path, options, found, texts & layout.types.keys())
    return found


def _check_keys(
    path: Path,
    options: Mapping[str, Any],
    keys: Collection[Hashable],
    texts: Collection[Hashable],
) -> None:
    """Reject options with which pandas gives the types to other columns.

    It does so where it counts the columns of an index, or of ``usecols``, differently.
    """
    pandas = import_library("pandas", path.name)
    marks = dict.fromkeys(keys, "category")
    with pandas.read_csv(path, **options, dtype=marks, iterator=True) as reader:
        found = reader.read(1).dtypes
    marked = {name for name, kind in found.items() if kind == "category"}
    # pandas may make dates of marked texts at once.
    missed = {name for name in {*texts} - marked if found[name].kind != "M"}
    if marked <= {*texts} and not missed:
        return
    which = "usecols" if "usecols" in options else "index_col"
    remedy = "use --columns instead" if which == "usecols" else "leave it out"
    message = (
        f"pandas takes columns of {path.name} for others with --read {which}; {remedy}"
    )
    raise SourceError(message)


def _find_type(path: Path, kind: str) -> Any:
    """Return the type to read a column as; None if it is not text in the file."""
    if kind == "string[pyarrow]":  # As a name, this is another type.
        pandas = import_library("pandas", path.name)
        arrow = import_library("pyarrow", path.name)
        return pandas.ArrowDtype(arrow.string())
    if kind == "string":
        return kind
    return str if is_text(kind) or is_date(kind) else None


def _find_twins(names: Collection[Hashable]) -> set[Hashable]:
    """Return the names that pandas may have renamed to these."""
    parts = (name.rpartition(".") for name in names if isinstance(name, str))
    return {before for before, _, number in parts if number.isdecimal()}


def _read_names(path: Path, options: Mapping[str, Any]) -> tuple[list[Hashable], bool]:
    """Return the names whose positions count, and whether pandas' parser in C reads.

    The parser in Python counts only the columns that it returns, without an index that
    has no names.
    """
    pandas = import_library("pandas", path.name)
    plain = {key: value for key, value in options.items() if key not in _OF_COLUMNS}
    if options.get("index_col") is False:
        plain["index_col"] = False
    with pandas.read_csv(path, **plain, iterator=True) as reader:
        names = list(reader.read(1).columns)
        is_c = reader.engine == "c"
    if not is_c and "usecols" in options:
        frame = pandas.read_csv(path, **plain, usecols=options["usecols"], nrows=1)
        names = list(frame.columns)
    return names, is_c
