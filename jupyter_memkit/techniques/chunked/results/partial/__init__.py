"""Statistics of chunks that combine to those of the whole."""

from __future__ import annotations

from jupyter_memkit.techniques.chunked.results.partial.building import partial
from jupyter_memkit.techniques.chunked.results.partial.merging import Partial

__all__ = ["Partial", "partial"]
