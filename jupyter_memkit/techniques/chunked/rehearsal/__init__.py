"""Tries a cell on a few rows before it runs over all of them."""

from __future__ import annotations

from jupyter_memkit.techniques.chunked.rehearsal.rehearsing import Rehearsal, rehearse

__all__ = ["Rehearsal", "rehearse"]
