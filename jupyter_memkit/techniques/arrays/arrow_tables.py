"""Shrinks the columns of Arrow tables."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.techniques.arrays.exact_dtypes import find_smaller
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.records import Part
from jupyter_memkit.techniques.progress import Tick

# As in pandas_texts.
_DICTIONARY_GAIN = 2


def shrink_table(
    table: Any, policy: Policy, tick: Tick | None = None
) -> tuple[Any, tuple[Part, ...]]:
    """Return a table with the same values in smaller columns.

    Parameters
    ----------
    table : pyarrow.Table
        It is not changed.
    policy : Policy
        What may be done.
        tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    table : pyarrow.Table
        The new table, with the same metadata; the table itself if nothing is smaller.
    parts : tuple of Part
        The result for each column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> shrink_table(pa.table({"a": [1, 2]}), Policy())[0].schema.types
    [DataType(int8)]
    """
    result, parts = table, []
    for number, field in enumerate(table.schema):
        chunks = table.column(number)
        smaller = shrink_chunks(chunks, policy)
        if smaller is not chunks:
            field = field.with_type(smaller.type)  # noqa: PLW2901 - of the new column
            result = result.set_column(number, field, smaller)
        parts.append(
            Part(
                label=field.name,
                before_dtype=str(chunks.type),
                after_dtype=str(smaller.type),
                before_bytes=chunks.nbytes,
                after_bytes=smaller.nbytes,
            )
        )
        if tick is not None:
            tick(len(chunks))
    return result, tuple(parts)


def shrink_chunks(chunks: Any, policy: Policy) -> Any:
    """Return a column in a smaller type; the column itself if there is none.

    Parameters
    ----------
    chunks : pyarrow.ChunkedArray
        It is not changed.
    policy : Policy
        What may be done.

    Returns
    -------
    pyarrow.ChunkedArray
        The column with the same values.

    Examples
    --------
    >>> import pyarrow as pa
    >>> shrink_chunks(pa.chunked_array([[1, None]]), Policy()).type
    DataType(int8)
    """
    import pyarrow as pa  # noqa: PLC0415 - the column is pyarrow's

    kind = chunks.type
    if pa.types.is_integer(kind) or kind == pa.float64():
        dtype = pa.from_numpy_dtype(_find_dtype(chunks))
        return chunks if dtype == kind else chunks.cast(dtype)
    if policy.categories and (
        pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        encoded = chunks.dictionary_encode().unify_dictionaries()
        if encoded.nbytes * _DICTIONARY_GAIN <= chunks.nbytes:
            return encoded
    return chunks


def _find_dtype(chunks: Any) -> Any:
    """Return the smallest numpy dtype that keeps all values that are not missing."""
    import numpy as np  # noqa: PLC0415 - a feature of numpy's
    from pyarrow import compute  # noqa: PLC0415 - the column is pyarrow's

    dtype = np.dtype(chunks.type.to_pandas_dtype())
    if dtype.kind in "iu":
        ends = compute.min_max(chunks).as_py()
        if ends["min"] is None:
            return dtype
        return find_smaller(np.array([ends["min"], ends["max"]], dtype))
    found = [
        find_smaller(chunk.drop_null().to_numpy(zero_copy_only=False))
        for chunk in chunks.chunks
        if len(chunk) > chunk.null_count
    ]
    return max(found, key=lambda each: each.itemsize, default=dtype)
