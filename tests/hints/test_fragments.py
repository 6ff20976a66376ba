"""What keeps Python's heap is found, and a copy of it gives the heap back."""

from __future__ import annotations

import ast
import gc
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import Hint, find_hints
from jupyter_memkit.measure.process import read_rss_bytes

pytestmark = [
    pytest.mark.own_process,
    pytest.mark.traced_children,
    pytest.mark.skipif(sys.platform == "win32", reason="has no memory streams"),
]

RECORDS = "[{'id': n, 'name': f'customer {n}'} for n in range(500_000)]"


def find(shell: InteractiveShell, *cells: str) -> dict[str, Hint]:
    """Run cells and return the hints about fragments by variable."""
    for cell in cells:
        shell.run_cell(cell, store_history=True).raise_error()
    gc.collect()
    hints = find_hints(shell).hints
    return {hint.name: hint for hint in hints if hint.kind == "fragments"}


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        (RECORDS, "made[::1000]"),
        (RECORDS, "{each['id']: each for each in made[::700]}"),
        ("[float(n) for n in range(4_000_000)]", "set(made[::9000])"),
        ("[(n, str(n)) for n in range(1_000_000)]", "tuple(made[::2000])"),
    ],
)
@pytest.mark.parametrize("is_called", [False, True])
def test_a_copy_returns_the_heap(
    shell: InteractiveShell, made: str, kept: str, *, is_called: bool
) -> None:
    """The remedy returns most of what the hint says, and the value is equal."""
    (hint,) = find(shell, f"made = {made}", f"kept = {kept}\ndel made").values()
    assert hint.name == "kept"
    assert hint.bytes is not None
    assert hint.bytes > 50_000_000
    before_bytes, before = read_rss_bytes(), repr(shell.user_ns["kept"])
    if is_called:
        hint.apply()
    else:
        shell.run_cell(hint.cure, store_history=True).raise_error()
    assert before_bytes - read_rss_bytes() > 0.8 * hint.bytes
    assert shell.user_ns["kept"] == ast.literal_eval(before)
    assert find(shell) == {}


@pytest.mark.parametrize(
    "cells",
    [
        # In use, so it is not free.
        (f"kept = {RECORDS}",),
        # Nothing is small.
        ("import numpy as np\nkept = [np.ones(10_000) for _ in range(1000)][::100]",),
        # A copy of one would not free what the other keeps.
        (f"made = {RECORDS}", "kept = made[::1000]\nother = list(kept)\ndel made"),
        # Copying it would run the user's code.
        (
            "class Customer:\n    def __init__(self, n): self.n = str(n)",
            "made = [Customer(n) for n in range(500_000)]",
            "kept = made[::1000]\ndel made",
        ),
    ],
)
def test_no_hint(shell: InteractiveShell, cells: tuple[str, ...]) -> None:
    """There is no hint where a copy would free nothing, or run code."""
    assert find(shell, *cells) == {}
