"""A child process that holds memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HOLD = "import sys; block = b'x' * (60 << 20); del block; print(flush=True); input()"


@contextmanager
def real_child() -> Iterator[int]:
    """A Python process that has held 60 MiB and waits."""
    command = [sys.executable, "-c", HOLD]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid
