"""The reasons why a cell is not rehearsed."""

from __future__ import annotations


class NotRehearsedError(Exception):
    """A cell cannot be rehearsed; the text says why, as the end of a sentence.

    There is no text if the cell fails on the first rows, because the run reports it.
    """
