"""Parses lines as pandas does: by pyarrow on all cores if both agree."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.by_arrow import read_arrow
from jupyter_memkit.techniques.chunked.sources.delimited.categories import (
    mark_categories,
)
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.delimited.explain import explaining
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_columns import (
    count_values,
)
from jupyter_memkit.techniques.chunked.sources.delimited.pandas_types import (
    FOUND,
    OF_TEXT,
    WIDE_DIGITS,
    check_integers,
    find_misfit,
    is_wide,
    make_integer_error,
    name_types,
    unite,
)
from jupyter_memkit.techniques.chunked.sources.delimited.same_as_pandas import (
    OPTIONS,
    may_mean_the_same,
    means_the_same,
)
from jupyter_memkit.techniques.chunked.sources.dtypes import name_of_text
from jupyter_memkit.techniques.chunked.sources.magnitudes import WIDEST


def parse(block: Any, layout: Layout, path: Path, start: int) -> Any:
    """Return the rows of whole lines as a pyarrow table.

    Raises
    ------
    SourceError
        If a line is broken.
    TypeChange
        If a value does not fit its column's type.
    """
    arrow = import_library("pyarrow", path.name)
    types = {name: layout.types[name] for name in layout.columns}
    check_integers(layout, path)
    if may_mean_the_same(block, layout.names):
        kinds = {dtype: _arrow_type(arrow, dtype) for dtype in set(types.values())}
        fields = {name: kinds[dtype] for name, dtype in types.items()}
        try:
            table = read_arrow(block, layout, fields, OPTIONS)
        except arrow.ArrowInvalid:
            table = None
        if table is not None and means_the_same(table, block, layout):
            table = _mark_missing(arrow, table, types)
            return _check_texts(table, layout, path)
    table = _parse_by_pandas(block, layout, path, start)
    return _check_texts(table, layout, path)


def _check_texts(table: Any, layout: Layout, path: Path) -> Any:
    """Return the table with its categories marked, if pandas would read the same texts.

    Raises
    ------
    SourceError
        If an integer of more than 64 bits is in a column of text that begins with
        numbers: if it comes before the first text, pandas takes the column's missing
        values for texts.
    """
    compute = import_library("pyarrow.compute", path.name)
    for name in layout.late_texts.intersection(layout.columns):
        # The pattern takes a tenth of the time that looking at each text does.
        has_many = compute.match_substring_regex(table[name], WIDE_DIGITS)
        if any(map(is_wide, table[name].filter(has_many).to_pylist())):
            raise make_integer_error(path, name)
    return mark_categories(table, layout, path)


def _arrow_type(arrow: Any, dtype: str) -> Any:
    if dtype == "category":
        return arrow.dictionary(arrow.int32(), arrow.string())
    if dtype == "object":
        return arrow.bool_()
    try:
        return arrow.type_for_alias({"str": "large_string"}.get(dtype, dtype))
    except ValueError:
        return arrow.large_string()  # The frame gets the type.


def _mark_missing(arrow: Any, table: Any, types: Mapping[str, str]) -> Any:
    """Mark object columns with missing values, which pandas reads as NaN.

    These are Booleans, and before pandas 3 also text.
    """
    of_text = {"str"} if name_of_text() == "object" else set[str]()
    marked = {
        name
        for name, dtype in types.items()
        if dtype == "object" or (dtype in of_text and table[name].null_count)
    }
    if not marked:
        return table
    mark = {"objects": "nan"}
    fields = [
        field.with_metadata(mark if field.name in marked else None)
        for field in table.schema
    ]
    return table.cast(arrow.schema(fields))


def _parse_by_pandas(block: Any, layout: Layout, path: Path, start: int) -> Any:
    pandas = import_library("pandas", path.name)
    arrow = import_library("pyarrow", path.name)
    texts = {n: str for n, dtype in layout.types.items() if dtype in OF_TEXT}
    with explaining(path, layout.separator, start):
        frame = _read(pandas, block, layout, dtype=texts)
        n_names, count = (
            len(layout.names),
            count_values(pandas, block, layout.separator),
        )
        if count > n_names:
            message = f"Expected {n_names} fields in line 1, saw {count}"
            raise pandas.errors.ParserError(message)
    frame = frame[list(layout.columns)]
    changes: dict[str, tuple[str, str]] = {}
    rows: dict[str, int] = {}
    found = [name for name in layout.columns if layout.types[name] in FOUND - {"str"}]
    for name, got in name_types(pandas, frame[found]).items():
        before = layout.types[name]
        after = unite(before, got, frame[name], is_guess=name in layout.empty)
        if after == "float64" and _has_wide(pandas, frame[name]):
            values = _read(pandas, block, layout, dtype=str)[name].dropna()
            if any(map(is_wide, values)):
                raise make_integer_error(path, name)
        if after == "integer":
            raise make_integer_error(path, name)
        if after != before:
            changes[name] = (before, after)
            values = _read(pandas, block, layout, dtype=str)[name]
            rows[name] = find_misfit(values, before, after)
    if changes:
        raise TypeChange(path.name, changes, rows)
    types = {name: layout.types[name] for name in layout.columns}
    frame = frame.astype({n: "float64" for n, t in types.items() if t == "float64"})
    schema = arrow.schema([(n, _arrow_type(arrow, t)) for n, t in types.items()])
    try:
        table = arrow.Table.from_pandas(frame, preserve_index=False, schema=schema)
    except (arrow.ArrowException, OverflowError) as error:
        message = f"{path.name} does not fit --types ({error}); leave the type out"
        raise SourceError(message) from error
    return _mark_missing(arrow, table.replace_schema_metadata(None), types)


def _read(pandas: Any, block: Any, layout: Layout, *, dtype: Any) -> Any:
    return pandas.read_csv(
        io.BytesIO(block),
        sep=layout.separator,
        header=None,
        names=list(layout.names),
        dtype=dtype,
        low_memory=False,
    )


def _has_wide(pandas: Any, values: Any) -> bool:
    if not pandas.api.types.is_numeric_dtype(values.dtype):
        return False
    return bool((values.abs() >= WIDEST).any())
