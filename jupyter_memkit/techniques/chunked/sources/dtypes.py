"""Finds the types that hold the values of several types, by their names."""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.pandas_notes import (
    find_index_names,
    keep_notes,
    read_notes,
)

# A column that has no values, and so decides no type.
NULL = "null"

_INTEGER = re.compile(r"(u?)int\d+(\[pyarrow\])?", re.IGNORECASE)
_PLAIN_INTEGER = re.compile(r"u?int\d+")
_NULLABLE = re.compile(r"U?Int\d+|Float\d+")
_OF_ARROW = re.compile(r"(.+)\[pyarrow\]")
# pandas writes UTC before an offset; Arrow does not know zones of this form.
_TIME = re.compile(
    r"(?:datetime64|timestamp)\[(s|ms|us|ns)(?:, (?:tz=)?(?:UTC(?=[+-]))?(.+))?\]"
)
_SPAN = re.compile(r"timedelta64\[(s|ms|us|ns)\]")
_DECIMAL = re.compile(r"decimal(32|64|128|256)\((\d+), (-?\d+)\)")
_ALIASES = {"str": "large_string", "boolean": "bool"}
_TEXT = frozenset({"str", "string", "large_string"})


def widen(before: str, after: str) -> str:
    """Return the pandas type for values of both types in text; else ``"str"``."""
    if {before, after} == {"bool", "object"}:
        return "object"
    shared = find_common(before, after)
    return "str" if shared == "object" or is_text(shared) else shared


@lru_cache(maxsize=1024)
def find_common(before: str, after: str) -> str:
    """Return the pandas type that holds the stored values of both types.

    It is the type that ``pandas.concat`` gives them, except that integers stay
    integers, and that text stays text: no type makes sense for numbers and text.
    """
    if before == after:
        return before
    for name, other in ((before, after), (after, before)):
        if name.removesuffix("[pyarrow]") == NULL:
            return widen_for_missing(other)
    if "category" in {before, after}:
        return "object"
    if (is_text(before) or is_text(after)) and "object" not in {before, after}:
        both = is_text(before) and is_text(after)
        is_bool = {before, after} & {"bool", "boolean"}
        return "object" if is_bool else ("string" if both else "str")
    pandas = import_library("pandas", "the table")
    shared = "object"
    # pandas raises various errors for types that are not made from a number.
    with contextlib.suppress(Exception):
        values = [pandas.Series([0]).astype(name) for name in (before, after)]
        shared = str(pandas.concat(values).dtype)
    signs = [_INTEGER.fullmatch(name) for name in (before, after)]
    if all(signs) and not _INTEGER.fullmatch(shared):
        # Floats would lose digits.
        return {"float64": "uint64", "Float64": "UInt64"}.get(shared, "uint64[pyarrow]")
    return shared


def is_text(name: str) -> bool:
    """Return whether a type in pandas or Arrow is text."""
    return name.removesuffix("[pyarrow]") in _TEXT


def widen_for_missing(before: str) -> str:
    """Return the pandas type for values of a type if some of them are missing."""
    if before == "bool":
        return "object"
    return "float64" if _PLAIN_INTEGER.fullmatch(before) else before


def name_of_text() -> str:
    """Return the name of the text type in pandas."""
    pandas = import_library("pandas", "the table")
    return "str" if int(pandas.__version__.partition(".")[0]) >= 3 else "object"


def holds(wanted: str, got: str) -> bool:
    """Return whether values of type `got` can become `wanted` without a loss.

    Numbers that were read from text cannot become text again, since 007 became 7.
    """
    return (wanted == "float64" and got in {"int32", "int64"}) or (
        wanted in {"object", "str"} and got in {"bool", "object", "str"}
    )


def unite(before: str, after: str, backend: str | None) -> str:
    """Return the type that holds the values of a column in two files of text."""
    if backend in {"pandas", "numpy"}:
        return widen(before, after)
    numbers = {before, after} <= {"int64", "double"}
    return "double" if numbers else "large_string"


def unite_stored(before: str, after: str, backend: str | None) -> str | None:
    """Return the type that holds the stored values of a column in two files.

    Returns
    -------
    str or None
        None if there is none, as for numbers and text.
    """
    if backend in {"pandas", "numpy"}:
        shared = find_common(before, after)
        is_mixed = is_text(shared) and not all(map(is_text, {before, after} - {NULL}))
        return None if is_mixed else shared
    arrow = import_library("pyarrow", "the table")
    types = [parse_type(name) for name in (before, after)]
    if all(map(arrow.types.is_integer, types)):
        signs = {arrow.types.is_signed_integer(kind) for kind in types}
        if len(signs) > 1 and "uint64" in {before, after}:
            return "uint64"
    with contextlib.suppress(arrow.ArrowException):
        schemas = [arrow.schema([("values", kind)]) for kind in types]
        united = arrow.unify_schemas(schemas, promote_options="permissive")
        return str(united.field(0).type)
    return None


@lru_cache(maxsize=1024)
def parse_type(name: str) -> Any:
    """Return the Arrow type with a name in pandas, polars or Arrow, if there is one."""
    arrow = import_library("pyarrow", "the table")
    of_arrow = _OF_ARROW.fullmatch(name)
    name = of_arrow[1] if of_arrow else name
    name = name.lower() if _NULLABLE.fullmatch(name) else name
    if time := _TIME.fullmatch(name):
        return arrow.timestamp(time[1], time[2])
    if span := _SPAN.fullmatch(name):
        return arrow.duration(span[1])
    if decimal := _DECIMAL.fullmatch(name):
        make = getattr(arrow, f"decimal{decimal[1]}")
        return make(int(decimal[2]), int(decimal[3]))
    try:
        return arrow.type_for_alias(_ALIASES.get(name, name))
    except ValueError:
        return None


def name_types(
    schema: Any, missing: Iterable[str], backend: str | None
) -> dict[str, str]:
    """Return the types of the columns of a file that stores them.

    Parameters
    ----------
    schema : pyarrow.Schema
        The schema of the file.
    missing : iterable of str
        The columns with missing values, which change types in pandas.
    backend : str, optional
        The library of the chunks.
    """
    metadata = (schema.metadata or {}).get(b"pandas")
    return dict(_name_types(schema, metadata, frozenset(missing), backend))


# Cached, because the files of a folder mostly have the same schema. Schemas are equal
# even if their metadata differ.
@lru_cache(maxsize=64)
def _name_types(
    schema: Any, _metadata: bytes | None, missing: frozenset[str], backend: str | None
) -> dict[str, str]:
    arrow = import_library("pyarrow", "the table")
    counts = Counter(schema.names)
    kinds = {field.name: field.type for field in schema if counts[field.name] == 1}
    if backend not in {"pandas", "numpy"}:
        found = {name: str(kind) for name, kind in kinds.items()}
        return {n: kind for n, kind in found.items() if parse_type(kind) == kinds[n]}
    index = find_index_names(schema)
    examples = _find_examples(schema, {n: kinds[n] for n in kinds if n not in index})
    with contextlib.suppress(arrow.ArrowException):
        frame = _make_empty(schema, {*examples.values(), *index}).to_pandas()
        if backend == "numpy":
            frame = without_nullable(frame)
        found = {name: str(dtype) for name, dtype in frame.dtypes.items()}
        types = {name: found[e] for name, e in examples.items() if e in found}
        nulls = {name: NULL for name in types if arrow.types.is_null(kinds[name])}
        widened = {n: widen_for_missing(types[n]) for n in missing if n in types}
        return {**types, **widened, **nulls}
    return {}


def _find_examples(schema: Any, kinds: Mapping[str, Any]) -> dict[str, str]:
    """Return for each column the first one that pandas makes the same type of.

    pandas takes long per column, and a table can have thousands, of a few types.
    """
    notes = read_notes(schema)
    firsts: dict[Any, str] = {}
    found = {}
    for name, kind in kinds.items():
        note = dict(notes.get(name, {}), name=None, field_name=None)
        found[name] = firsts.setdefault((kind, str(note)), name)
    return found


def _make_empty(schema: Any, names: Container[str]) -> Any:
    """Return a table without rows that has some columns of a schema."""
    arrow = import_library("pyarrow", "the table")
    fields = [field for field in schema if field.name in names]
    metadata = keep_notes(schema, lambda name, _: name in names)
    return arrow.schema(fields, metadata).empty_table()


def without_nullable(frame: Any) -> Any:
    """Return a frame whose numbers have numpy types, in which NaN is missing."""
    changed = {}
    for name, dtype in frame.dtypes.items():
        plain = getattr(dtype, "numpy_dtype", None)
        if plain is None or plain.kind not in "biuf":
            continue
        has_missing = frame[name].isna().any()
        wanted = widen_for_missing(str(plain)) if has_missing else str(plain)
        missing = None if wanted == "object" else math.nan
        changed[name] = frame[name].to_numpy(dtype=wanted, na_value=missing)
    if changed:
        frame = frame.copy(deep=False)
        for name, values in changed.items():
            frame[name] = values
    return frame
