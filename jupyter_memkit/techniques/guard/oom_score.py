"""Makes the system choose this process first when it runs out of memory.

Otherwise it can choose the server, with all other kernels (proc(5), oom_score_adj).
Any process may raise its own score, and lower it again to what it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_FILE = Path("/proc/self/oom_score_adj")
_SCORE = 300


@contextlib.contextmanager
def preferred_victim() -> Iterator[None]:
    """Raise the score in the block, where the system has one."""
    try:
        before = int(_FILE.read_text())
        if before < _SCORE:
            _FILE.write_text(str(_SCORE))
    except (OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            _FILE.write_text(str(before))
