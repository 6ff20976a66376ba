"""The memory that tracemalloc uses to record allocations."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES


def find(_: Scene) -> Iterator[Hint]:
    """Yield a hint if tracing takes a MiB or more."""
    n_bytes = tracemalloc.get_tracemalloc_memory() if tracemalloc.is_tracing() else 0
    if n_bytes >= LEAST_BYTES:
        yield Hint(
            kind="tracing",
            name="tracemalloc",
            found="records where each block was allocated, which also slows the kernel",
            bytes=n_bytes,
            cure="import tracemalloc; tracemalloc.stop()",
            _call=tracemalloc.stop,
        )
