"""A progress bar for work that may take long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Who waits longer sees how far it is.
_DELAY_S = 1.0


@contextmanager
def open_progress(total: int | None, unit: str) -> Iterator[Callable[[int], object]]:
    """Show a progress bar from the second second on; it is gone at the end.

    Parameters
    ----------
    total : int or None
        How many units there are, where that is known.
    unit : str
        What is counted.

    Yields
    ------
    callable
        Takes the number of units that are done.
    """
    with open_bar(unit) as bar:
        yield lambda done: bar(done, total, "")


@contextmanager
def open_bar(unit: str) -> Iterator[Callable[[int, int | None, str], object]]:
    """Show a progress bar, as `open_progress` does, whose total may change.

    Yields
    ------
    callable
        Takes the number of units that are done, that of all, and a text.
    """
    bar: Any = None
    started_s = time.monotonic()

    def tell(done: int, total: int | None, text: str) -> None:
        nonlocal bar
        if bar is None and time.monotonic() - started_s > _DELAY_S:
            # Not before there is something to wait for.
            from jupyter_memkit.show.progress_bar import make_bar  # noqa: PLC0415

            bar = make_bar(total, unit)
        if bar is not None:
            bar.total = total
            bar.set_postfix_str(text, refresh=False)
            bar.update(done - bar.n)

    try:
        yield tell
    finally:
        if bar is not None:
            bar.close()
