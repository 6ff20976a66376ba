"""Whether partial statistics keep the rows that they were made from.

That would be all the data, so they do only while a cell is tried on a few rows: the
statistics combine if these rows do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_KEEPS_ROWS = ContextVar("_KEEPS_ROWS", default=False)


def keeps_rows() -> bool:
    """Return whether the rows are kept here."""
    return _KEEPS_ROWS.get()


@contextmanager
def keeping_rows() -> Iterator[None]:
    """Keep the rows of the partial statistics that are made inside."""
    token = _KEEPS_ROWS.set(True)
    try:
        yield
    finally:
        _KEEPS_ROWS.reset(token)
