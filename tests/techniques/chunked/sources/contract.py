"""Checks of the promises of every source of a file, on a real one."""

from __future__ import annotations

import gc
import json
import pickle
import weakref
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from jupyter_memkit.techniques.chunked import Source
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.sources.opening import open_source

ROWS = 130


def listed(rows: Any) -> list[Any]:
    """Return rows of any kind as a list of plain Python objects."""
    if isinstance(rows, dict):
        columns = {name: array.tolist() for name, array in rows.items()}
        return [
            dict(zip(columns, row, strict=True))
            for row in zip(*columns.values(), strict=True)
        ]
    if isinstance(rows, pa.Table):
        return list(rows.to_pylist())
    if isinstance(rows, pd.DataFrame):
        return list(rows.to_dict("records"))
    return list(rows if isinstance(rows, list) else rows.tolist())


def joined(parts: Iterable[list[Any]]) -> list[Any]:
    """Return the rows of all parts."""
    return list(chain.from_iterable(parts))


def pieces_of(source: Source, **wanted: Any) -> list[Piece]:
    """Return the pieces of a source, each of the given number of rows."""
    return list(source.pieces(Request(rows=lambda: ROWS, **wanted)))


def loaded(source: Source, **wanted: Any) -> list[tuple[Piece, list[Any]]]:
    """Return the pieces with their rows, each loaded before the next one is cut."""
    request = Request(rows=lambda: ROWS, **wanted)
    return [(piece, listed(piece.load())) for piece in source.pieces(request)]


def check_source(
    path: Path, expected: list[Any], options: Mapping[str, Any] | None = None
) -> None:
    """Check a source whose file has the expected rows.

    It is read in about the requested number of rows, in exactly that number, from any
    place, in given parts, and in pieces that were sent to another process; and it
    keeps no piece that it has handed out.
    """
    source = open_source(path, options)
    whole = loaded(source)
    pieces, rows = [piece for piece, _ in whole], [rows for _, rows in whole]
    assert joined(rows) == expected
    places = [piece.end for piece in pieces]
    assert json.loads(json.dumps(places)) == places

    exact = [rows for _, rows in loaded(source, exact=True)]
    assert {len(rows) for rows in exact[:-1]} <= {ROWS}
    assert joined(exact) == expected

    for number in (0, len(pieces) // 2, len(pieces) - 1):
        done = sum(map(len, rows[: number + 1]))
        later = loaded(source, start=json.loads(json.dumps(places[number])))
        assert joined(rows for _, rows in later) == expected[done:]

    first, last = min(1, len(pieces) - 1), min(3, len(pieces) - 1)
    (one,) = loaded(source, start=pieces[first].start, end=pieces[last].end)
    assert one[1] == joined(rows[first : last + 1])

    sent = pickle.loads(pickle.dumps(pieces_of(source, portable=True)))
    got = [listed(piece.load()) for piece in sent]
    assert [piece.rows for piece in sent] == [len(rows) for rows in got]
    assert joined(got) == expected

    fractions = [piece.fraction for piece in pieces if piece.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1:] in ([], [1.0])
    assert json.loads(json.dumps(source.fingerprint())) == source.fingerprint()
    _check_lets_go(source)


def _check_lets_go(source: Source) -> None:
    """Check that a piece is freed when its user drops it."""
    pieces = source.pieces(Request(rows=lambda: ROWS))
    piece = next(pieces)
    load = weakref.ref(piece.load)
    del piece
    gc.collect()
    assert load() is None
    pieces.close()


def check_small(path: Path, options: Mapping[str, Any] | None = None) -> None:
    """Check that a piece for another process describes rows, and holds none."""
    for piece in pieces_of(open_source(path, options), portable=True):
        assert len(pickle.dumps(piece)) < 1_500
