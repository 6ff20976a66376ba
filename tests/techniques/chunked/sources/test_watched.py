"""Files that change while they are read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked

ROWS = 200_000


def write_csv(path: Path, n_rows: int) -> None:
    """Write a table of short lines."""
    path.write_text("a,b\n" + "1,2222222222\n" * n_rows)


def write_lines(path: Path, n_rows: int) -> None:
    """Write JSON objects of one size."""
    path.write_text((json.dumps({"a": 1, "b": 2_222_222_222}) + "\n") * n_rows)


def write_parquet(path: Path, n_rows: int) -> None:
    """Write a table with many row groups."""
    frame = pd.DataFrame({"a": np.ones(n_rows, int)})
    frame.to_parquet(path, row_group_size=1_000)


WRITERS: dict[str, Callable[[Path, int], None]] = {
    ".csv": write_csv,
    ".txt": write_csv,
    ".jsonl": write_lines,
    ".parquet": write_parquet,
}


def cut_at_line(path: Path) -> None:
    """Truncate a file in the middle, at the end of a line."""
    content = path.read_bytes()
    os.truncate(path, content.find(b"\n", len(content) // 2) + 1)


def append(path: Path) -> None:
    """Append a copy of the content."""
    with path.open("ab") as stream:
        stream.write(b"\n")


CHANGES: dict[str, Callable[[Path], None]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2 + 5),
    "cut at a line": cut_at_line,
    "appended": append,
    "touched": lambda path: os.utime(path, (0, 0)),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("suffix", WRITERS)
def test_changed_file(tmp_path: Path, suffix: str, change: str) -> None:
    """A file that changes while it is read ends the run with an error."""
    path = tmp_path / f"a{suffix}"
    WRITERS[suffix](path, ROWS)
    seen: list[int] = []

    def work(chunk: Any) -> int:
        seen.append(len(chunk))
        if len(seen) == 2:
            CHANGES[change](path)
        return len(chunk)

    with pytest.raises(SourceError, match=f"a{suffix} changed while it was read"):
        chunked(path, rows=5_000).map(work).reduce("sum")
    assert len(seen) < ROWS // 5_000


def test_rewritten_file(tmp_path: Path) -> None:
    """So does a file that is rewritten with as many bytes, or replaced."""
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    write_csv(path, ROWS)
    write_csv(other, ROWS)

    def replace(chunk: Any) -> int:
        if other.exists():
            other.replace(path)
        return len(chunk)

    with pytest.raises(SourceError, match="changed while it was read"):
        chunked(path, rows=5_000).map(replace).reduce("sum")


def test_one_of_several(tmp_path: Path) -> None:
    """Of several files, the current one is watched, and named in the error."""
    for name in "ab":
        write_csv(tmp_path / f"{name}.csv", ROWS)
    seen: list[int] = []

    def work(chunk: Any) -> int:
        seen.append(len(chunk))
        if len(seen) == ROWS // 5_000 + 3:
            append(tmp_path / "b.csv")
        return len(chunk)

    with pytest.raises(SourceError, match=r"^b\.csv changed"):
        chunked(tmp_path, rows=5_000).map(work).reduce("sum")
