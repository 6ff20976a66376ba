"""Parts of any size are cut into pieces of the requested size."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces

SIZES = [4, 0, 1, 7, 2]


def give_parts(
    make: Callable[[list[int]], Any], first: int = 0
) -> Generator[Piece, None, None]:
    """Yield the numbers from 0 in parts, starting with a part by number."""
    begin = sum(SIZES[:first])
    for number in range(first, len(SIZES)):
        end = begin + SIZES[number]
        load = Loaded(make(list(range(begin, end))))
        yield Piece(load=load, start=number, end=number + 1)
        begin = end


@pytest.mark.parametrize(
    ("make", "give"),
    [
        (list, list),
        (lambda items: np.array(items, dtype=int), list),
        (lambda items: pd.DataFrame({"a": items}), lambda frame: list(frame.a)),
        (lambda items: pl.DataFrame({"a": items}), lambda frame: frame["a"].to_list()),
        (lambda items: pa.table({"a": items}), lambda table: table["a"].to_pylist()),
    ],
    ids=["list", "numpy", "pandas", "polars", "arrow"],
)
def test_rows_are_as_many_as_wanted(
    make: Callable[[list[int]], Any], give: Callable[[Any], list[int]]
) -> None:
    """Pieces have the requested rows in order, and can be read again by their place."""
    pieces = cut_pieces(give_parts(make), Request(rows=lambda: 3))
    got = [(piece, give(piece.load())) for piece in pieces]
    assert [items for _, items in got] == [
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8],
        [9, 10, 11],
        [12, 13],
    ]
    for piece, items in got:
        first, skipped = piece.start
        request = Request(rows=lambda: len(items), end=piece.end)  # noqa: B023 - now
        (again,) = cut_pieces(give_parts(make, first), request, skipped)
        assert give(again.load()) == items
        assert again.end == piece.end


def test_wanted_rows_change() -> None:
    """Each piece has as many rows as are requested at that time."""
    wanted = iter([1, 5, 2, 100, 100])
    pieces = cut_pieces(give_parts(list), Request(rows=lambda: next(wanted)))
    assert [piece.rows for piece in pieces] == [1, 5, 2, 6]


def test_pieces_are_dropped() -> None:
    """A piece that was handed out is freed when its user drops it."""
    pieces = cut_pieces(give_parts(np.array), Request(rows=lambda: 4))
    rows = next(pieces).load()
    alive = weakref.ref(rows)
    del rows
    gc.collect()
    assert alive() is None


def test_parts_are_closed() -> None:
    """Stopping half-way closes the generator of the parts."""
    parts = give_parts(list)
    pieces = cut_pieces(parts, Request(rows=lambda: 3))
    next(pieces)
    pieces.close()
    assert next(parts, None) is None
