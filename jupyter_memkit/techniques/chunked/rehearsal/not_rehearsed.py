"""Why a cell is not rehearsed."""

from __future__ import annotations


class NotRehearsedError(Exception):
    """A cell cannot be rehearsed; the text says why, as the end of a sentence.

    It is empty where the run itself reports the reason.
    """
