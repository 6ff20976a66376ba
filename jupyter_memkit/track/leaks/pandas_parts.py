"""Reads the arrays that pandas objects are stored in.

Most properties of pandas compute something when they are first read, and keep it: the
values of a default index, for example, take 8 bytes per row. So only what is stored
already is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded


def is_table(value: Any) -> bool:
    """Return whether a value is a frame or a Series, and not of a user's subclass."""
    kind = type(value)
    return kind is find_loaded("pandas", "DataFrame") or kind is find_loaded(
        "pandas", "Series"
    )


def read_blocks(table: Any) -> list[tuple[Any, Any]]:
    """Return the blocks of a frame or Series.

    Parameters
    ----------
    table : pandas.DataFrame or pandas.Series
        It must not be of a subclass.

    Returns
    -------
    list of (array, indexer)
        The values of each block, and the positions of its columns: a slice or an array.
    """
    manager = table._mgr  # noqa: SLF001 - only the blocks are stored
    blocks = getattr(manager, "blocks", ())
    return [(block.values, block.mgr_locs.indexer) for block in blocks]


def read_objects(table: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield the code of the step to each column of objects, and the objects.

    Columns that no code names alone are left out; the step of a Series is empty.

    Parameters
    ----------
    table : pandas.DataFrame or pandas.Series
        It must not be of a subclass.
    """
    is_series = type(table) is find_loaded("pandas", "Series")
    labels = [] if is_series else list(read_axes(table)[0])
    for values, indexer in read_blocks(table):
        if type(values) is not find_loaded("numpy", "ndarray") or (
            values.dtype.kind != "O"
        ):
            continue
        if is_series:
            yield "", list(values)
            continue
        is_slice = isinstance(indexer, slice)
        places = range(len(labels))[indexer] if is_slice else map(int, indexer)
        for place, column in zip(places, values, strict=True):
            label = labels[place]
            if type(label) in (int, str) and labels.count(label) == 1:
                yield f"[{label!r}]", list(column)


def read_axes(table: Any) -> list[Any]:
    """Return the indexes of a frame, or the one of a Series, the rows' last."""
    return list(table._mgr.axes)  # noqa: SLF001 - `columns` and `index` are this


def read_stored(values: Any) -> Iterator[Any]:
    """Yield the arrays that make up the values of a block or index, itself first."""
    yield values
    stored = find_loaded("pandas._libs.arrays", "NDArrayBacked")
    if derives_from(type(values), "pandas._libs.arrays", "NDArrayBacked"):
        # The descriptor, because a subclass of the user's may override the attribute.
        yield stored._ndarray.__get__(values)  # noqa: SLF001 - no other way
    elif derives_from(type(values), "pandas.api.extensions", "ExtensionArray"):
        # A nullable array has its values and a mask, an interval two bounds.
        for _, part in read_attributes(values):
            yield part


def read_index(index: Any) -> Iterator[Any]:
    """Yield the arrays of an index, of which a default index has none."""
    for name, values in read_attributes(index):
        if name == "_data":
            yield from read_stored(values)
        elif name == "_codes":
            # An index of several levels has the position in each level.
            yield from values
