"""The keys of pandas' option ``dtype`` for columns of text.

pandas gives the type of a name also to the columns with the same name, which it
renames. A position in the file stands for one column.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout

# Options that name columns, or choose some.
_OF_COLUMNS = frozenset(
    {"converters", "date_format", "dtype", "index_col", "parse_dates", "usecols"}
)


def find_text_keys(
    path: Path, options: Mapping[str, Any], layout: Layout
) -> list[Hashable]:
    """Return the keys of the columns and levels of the index that are text.

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
    types: dict[Hashable, str] = {
        name: kind for name, kind in layout.index if name is not None
    }
    types.update(layout.types)
    texts = {n for n, kind in types.items() if kind == "str" and n not in given}
    twins = _find_twins(types.keys() - texts) & texts
    keys: list[Hashable] = [name for name in types if name in texts - twins]
    levels = [
        level
        for level, (name, kind) in enumerate(layout.index)
        if name is None and kind == "str"
    ]
    if twins or levels:
        names, is_c = _read_names(path, options)
        shift = len(layout.index) if is_c and layout.has_index else 0
        keys += [names.index(name) + shift for name in names if name in twins]
        keys += levels if is_c else []
    return keys


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
