"""Statistics of a chunk that combine to those of the whole."""

from __future__ import annotations

from jupyter_memkit.techniques.chunked.partial.building import partial
from jupyter_memkit.techniques.chunked.partial.merging import Partial

__all__ = ["Partial", "partial"]
