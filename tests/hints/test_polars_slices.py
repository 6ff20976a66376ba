"""Small slices of polars frames are found among random frames, and their cure frees.

`MEMKIT_RANDOM_SLICES=30` tries 30 sets of frames, with the seeds 0 to 29.
"""

from __future__ import annotations

import os
import random
import sys
from typing import Any

import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import find_leaks
from jupyter_memkit.measure.process import read_rss_bytes
from tests.waiting import wait_until

MIB = 1024 * 1024
COUNT = int(os.environ.get("MEMKIT_RANDOM_SLICES", "1"))

pytestmark = [
    pytest.mark.own_process,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the page map"),
]


def make_frame(n_rows: int) -> pl.DataFrame:
    """Return a frame of numbers and texts."""
    column = pl.col("a")
    return pl.select(a=pl.int_range(n_rows)).with_columns(
        b=column * 0.5, c=column % 7, s=pl.format("t{}", column)
    )


def change(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return a frame, or what is made from it."""
    few = frame.select("a", "b")
    changed: dict[str, Any] = {
        "whole": lambda: frame,
        "slice": lambda: few.head(10),
        "aggregate": lambda: frame.group_by("c").agg(pl.col("b").sum()),
        "sorted": lambda: few.sort("b", descending=True),
        "joined": lambda: few.join(make_frame(100), on="a"),
    }
    result: pl.DataFrame = changed[kind]()
    return result


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_frames(shell: InteractiveShell, seed: int) -> None:
    """Slices of large frames are found with what they keep, and nothing else is."""
    draw = random.Random(seed)
    kinds = ("whole", "slice", "aggregate", "sorted", "joined", "deleted")
    frames: dict[str, pl.DataFrame] = {}
    kept: dict[str, int] = {}
    for number in range(60):
        kind, n_rows = draw.choice(kinds), int(10 ** draw.uniform(1, 6.5))
        if kind != "deleted":
            name = f"frame{number}"
            frames[name] = change(make_frame(n_rows), kind)
            if kind == "slice":
                kept[name] = n_rows * 16
        elif frames:
            gone = draw.choice(sorted(frames))
            del frames[gone]
            kept.pop(gone, None)
    shell.user_ns.update(frames)
    frames.clear()
    leaks = find_leaks(shell).hints
    found = {leak.name: leak.bytes or 0 for leak in leaks if leak.kind == "view"}
    large = {name for name in kept if kept[name] > 10 * MIB}
    assert large <= found.keys() <= kept.keys()
    assert all(found[name] >= 0.95 * kept[name] for name in large)


def test_cure(shell: InteractiveShell) -> None:
    """The cure of a slice releases the data that it was cut from."""
    shell.user_ns["small"] = make_frame(5_000_000).select("a", "b").head(10)
    (leak,) = find_leaks(shell).hints
    assert leak.bytes == pytest.approx(80e6, rel=0.02)
    before_bytes = read_rss_bytes()
    values = shell.user_ns["small"].rows()
    leak.apply()
    # The allocator of polars may return freed memory later.
    wait_until(lambda: before_bytes - read_rss_bytes() > 70e6)
    assert shell.user_ns["small"].rows() == values
