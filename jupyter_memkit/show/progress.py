"""A progress bar for work that may take a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Shorter work shows no bar.
_DELAY_S = 1.0


@contextmanager
def open_progress(unit: str) -> Iterator[Callable[[int], object]]:
    """Count work of unknown length, as `open_bar` does.

    Parameters
    ----------
    unit : str
        The noun for what is counted.

    Yields
    ------
    callable
        Takes the number of units done.
    """
    with open_bar(unit) as bar:
        yield lambda done: bar(done, None, "")


@contextmanager
def open_bar(unit: str) -> Iterator[Callable[[int, int | None, str], object]]:
    """Show a progress bar if the work takes long; it disappears at the end.

    Parameters
    ----------
    unit : str
        The noun for what is counted.

    Yields
    ------
    callable
        Takes the number of units done, the total, and a text.
    """
    bar: Any = None
    started_s = time.monotonic()

    def update(done: int, total: int | None, text: str) -> None:
        nonlocal bar
        if bar is None and time.monotonic() - started_s > _DELAY_S:
            # Imported only when a bar is shown.
            from jupyter_memkit.show.progress_bar import make_bar  # noqa: PLC0415

            bar = make_bar(total, unit)
        if bar is not None:
            bar.total = total
            bar.set_postfix_str(text, refresh=False)
            bar.update(done - bar.n)

    try:
        yield update
    finally:
        if bar is not None:
            bar.close()
