"""Finding the files that a cell writes anew for each chunk."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from jupyter_memkit.cells.rewriting import find_rewritten

NAMES = {"path": Path("a.csv"), "name": "a.csv", "total": 0, "file": open}


def find(code: str) -> str | None:
    """Return the file that a cell writes anew."""
    return find_rewritten(ast.parse(code), "chunk", NAMES)


@pytest.mark.parametrize(
    "code",
    [
        "chunk.to_csv('a.csv')",
        "chunk[chunk.q > 3].to_csv('a.csv', index=False)",
        "_ = chunk.to_csv(path)",
        "chunk.groupby('k').q.sum().to_frame().to_csv(name)",
        "rows = pl.from_pandas(chunk)\nrows.write_csv('a.csv')",
    ],
)
def test_rewritten(code: str) -> None:
    """A file with a constant name, and the rows of one chunk, is written anew."""
    assert find(code) == "a.csv"


@pytest.mark.parametrize(
    "code",
    [
        "chunk.to_csv('a.csv', mode='a')",
        "chunk.to_csv('a.csv', **options)",
        "chunk.to_csv(f'{chunk_info.number}.csv')",
        "name = f'{chunk_info.number}.csv'\nchunk.to_csv(name)",
        "chunk.to_csv(file)",
        "chunk.to_csv(unknown)",
        "chunk.to_csv()",
        "chunk.to_sql('a.csv', name)",
        "total.to_csv('a.csv')",
        "total += len(chunk)\nchunk.to_csv('a.csv')",
        "if chunk_info.number == 1:\n    chunk.to_csv('a.csv')",
        "chunk.to_csv('a.csv')\nraise StopChunks",
    ],
)
def test_kept(code: str) -> None:
    """Files that may be meant to be as they are at the end are none of these."""
    assert find(code) is None
