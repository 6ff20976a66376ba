"""Statistics of chunks that combine to those of the whole."""

from __future__ import annotations

from jupyter_memkit.techniques.chunked.results.partial.building import partial
from jupyter_memkit.techniques.chunked.results.partial.kept_rows import keeping_rows
from jupyter_memkit.techniques.chunked.results.partial.merging import Partial

__all__ = ["Partial", "keeping_rows", "partial"]
