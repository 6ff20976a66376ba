"""Finds the line of the notebook that was running at a cell's highest reading."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import Any

from jupyter_memkit.cells.headline import read_source_line

# Smaller growth is not worth inspecting the stack.
_STEP_BYTES = 1024 * 1024
# The reading must be this share of the peak, or another line may have caused it.
_SHARE_SEEN = 0.9


class PeakLine:
    """Remembers the line that was running at a cell's highest reading.

    It is the innermost line of the notebook on the stack of the thread that created
    this object, whatever library it has called.

    Parameters
    ----------
    namespace : mapping or None
        The namespace in which the code of the notebook runs; None if there is none.
    before_bytes : int
        Resident memory at the start of the cell.
    """

    def __init__(self, namespace: Mapping[str, Any] | None, before_bytes: int) -> None:
        self._namespace = namespace
        self._thread = threading.get_ident()
        self._before_bytes = self._highest_bytes = before_bytes
        self._place: tuple[str, int] | None = None

    def see(self, rss_bytes: int) -> None:
        """Take a reading, on any thread."""
        if self._namespace is None or rss_bytes < self._highest_bytes + _STEP_BYTES:
            return
        self._highest_bytes = rss_bytes
        self._place = self._find_place()

    def read(self, peak_bytes: int) -> str | None:
        """Return the text of the line.

        Parameters
        ----------
        peak_bytes : int
            The peak of the cell, as measured most accurately.

        Returns
        -------
        str or None
            None if the readings missed the peak, or no line of the notebook was
            running.
        """
        seen_bytes = self._highest_bytes - self._before_bytes
        if self._place is None:
            return None
        if seen_bytes < _SHARE_SEEN * (peak_bytes - self._before_bytes):
            return None
        return read_source_line(*self._place) or None

    def _find_place(self) -> tuple[str, int] | None:
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001 - documented
        while frame is not None and frame.f_globals is not self._namespace:
            frame = frame.f_back
        return frame and (frame.f_code.co_filename, frame.f_lineno)
