"""Converts Arrow tables to pandas frames."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from jupyter_memkit.techniques.chunked.frames.backends import import_backend
from jupyter_memkit.techniques.chunked.sources.pandas_notes import number_ranges


def convert_table(table: Any, first_row: int) -> Any:
    """Return a frame whose default index continues that of the chunk before."""
    pandas = import_backend("pandas")
    described = (table.schema.pandas_metadata or {}).get("index_columns") or [None]
    if len(described) > 1:
        # pyarrow drops a level that is a range of another length.
        metadata = number_ranges(table.schema, first_row, len(table))
        table = table.replace_schema_metadata(metadata)
    frame = table.to_pandas()
    for field in table.schema:
        objects = (field.metadata or {}).get(b"objects")
        if objects is not None:
            frame[field.name] = _OBJECTS[objects](frame[field.name])
    if type(frame.index) is pandas.RangeIndex:
        ranged = described[0] if isinstance(described[0], dict) else {}
        step = ranged.get("step", 1)
        start = ranged.get("start", 0) + first_row * step
        frame.index = pandas.RangeIndex(
            start, start + step * len(frame), step, name=ranged.get("name")
        )
    return frame


def infer_categories(texts: Any) -> Any:
    """Return texts as the categorical that pandas reads from a file of them."""
    if not len(texts):
        return texts.astype("category").array
    pandas = import_backend("pandas")
    lines = texts.to_csv(index=False, header=False, quoting=csv.QUOTE_ALL)
    frame = pandas.read_csv(
        io.StringIO(lines), header=None, dtype="category", keep_default_na=False
    )
    return frame[0].array


def _infer(values: Any) -> Any:
    """Return a categorical of texts with the types that pandas infers for them."""
    pandas = import_backend("pandas")
    inferred = infer_categories(values.cat.categories.to_series())
    # Texts such as 7 and 007 are one number.
    return pandas.Series(inferred.take(values.cat.codes, allow_fill=True), values.index)


def _fill(values: Any, missing: Any) -> Any:
    return values.astype(object).where(values.notna(), missing)


def _load_json(texts: Any) -> Any:
    pandas = sys.modules["pandas"]
    return pandas.Series(_parse_json(texts), texts.index, dtype=object)


def _parse_json(texts: Iterable[Any]) -> list[Any]:
    # Parsed as one list, which is twice as fast as one by one.
    values = ",".join(text if type(text) is str else "NaN" for text in texts)
    parsed: list[Any] = json.loads(f"[{values}]")
    return parsed


# How a source marks a column of objects: missing values are NaN, as in pandas' own
# readers of text, or None, or the objects are encoded as JSON; or one of categories
# that are text in the file only.
_OBJECTS: Mapping[bytes, Callable[[Any], Any]] = {
    b"categories": _infer,
    b"nan": partial(_fill, missing=math.nan),
    b"none": partial(_fill, missing=None),
    b"json": _load_json,
}
