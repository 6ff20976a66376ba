"""Kills runs half-way, for tests of what resumes them."""

from __future__ import annotations

import pickle
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.waiting import wait_until

# At the start of a script: its progress is saved after each chunk, however long a save
# takes on this machine.
SAVE_ALWAYS = """
from jupyter_memkit.techniques.chunked.checkpoint import Checkpoint
Checkpoint.is_due = lambda _: True
"""


def run_until_killed(command: Sequence[str], progress: Path, rows: int) -> None:
    """Run a script, and kill it as soon as it has saved its progress over some rows."""

    def is_saved() -> bool:
        assert process.poll() is None, "the script ended before it was killed"
        try:
            saved = pickle.loads(progress.read_bytes())
        except FileNotFoundError:
            return False
        return bool(saved["progress"].rows >= rows)

    with subprocess.Popen(command) as process:
        try:
            wait_until(is_saved)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
