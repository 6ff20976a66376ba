"""Hundreds of calls in a row leave nothing behind."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

import pandas as pd
import psutil
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.measure.process import read_rss_bytes

MIB = 1 << 20

pytestmark = pytest.mark.own_process


def read_footprint() -> tuple[int, int, int, int]:
    """Return the objects, threads, open files and child processes of this process."""
    gc.collect()
    return (
        len(gc.get_objects()),
        threading.active_count(),
        len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - `Path` would open one more
        len(psutil.Process().children(recursive=True)),
    )


def repeat(shell: InteractiveShell, cells: tuple[str, ...], count: int) -> None:
    """Run cells again and again, and compare the end with the first fifth."""
    for _ in range(count // 5):
        for cell in cells:
            shell.run_cell(cell).raise_error()
    before, before_bytes = read_footprint(), read_rss_bytes()
    for _ in range(count - count // 5):
        for cell in cells:
            shell.run_cell(cell).raise_error()
    objects, *others = read_footprint()
    assert others == list(before[1:])
    # Reports of the last 1,000 cells are kept.
    assert objects - before[0] < 20 * count
    assert read_rss_bytes() - before_bytes < 5 * MIB


def test_loading(bare_shell: InteractiveShell) -> None:
    """1,000 times loading and unloading the extension."""
    cells = ("%load_ext jupyter_memkit", "x = 1", "%unload_ext jupyter_memkit")
    repeat(bare_shell, cells, 1000)


def test_isolated(shell: InteractiveShell) -> None:
    """300 isolated cells."""
    shell.run_cell("rows = list(range(1000))")
    repeat(shell, ("%%isolated --out total\ntotal = sum(rows)",), 300)


def test_chunked(shell: InteractiveShell, tmp_path: Path) -> None:
    """200 runs over chunks, a tenth of them with workers."""
    path = tmp_path / "table.csv"
    pd.DataFrame({"a": range(10_000)}).to_csv(path, index=False)
    cell = f"%%chunked {path} --rows 2000 --reduce sum{{}} --into total\nlen(chunk)"
    cells = (*(cell.format(""),) * 9, cell.format(" --workers 2"))
    repeat(shell, cells, 20)
