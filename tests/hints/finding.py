"""Finds the leaks of a shell, and applies their cures."""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import Hint, find_leaks


def run(shell: InteractiveShell, *cells: str) -> None:
    """Run cells as a user does, with their numbers."""
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def find(shell: InteractiveShell, **options: Any) -> dict[str, Hint]:
    """Return the leaks by kind."""
    leaks = find_leaks(shell, **options)
    assert leaks.complete
    return {leak.kind: leak for leak in leaks.hints}


def cure(shell: InteractiveShell, leak: Hint) -> None:
    """Run the line of the cure."""
    shell.run_cell(leak.cure, store_history=True).raise_error()
