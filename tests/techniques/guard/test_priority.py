"""The priority of the watcher, which nothing else gets."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.guarding import guard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has its rule there")

# Prints its priority, then tries to raise it.
RAISES = "import os; print(os.nice(0), flush=True); print(os.nice(-10))"


@pytest.mark.own_process
def test_priority() -> None:
    """Where a process may have priority the watcher has it, and no other process."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with guard("50%"):
        watcher = os.getpriority(os.PRIO_PROCESS, process_guard().watcher_pid)
        command = [sys.executable, "-c", RAISES]
        child = subprocess.run(command, capture_output=True, text=True, check=False)
        assert os.getpriority(os.PRIO_PROCESS, 0) == before
    assert int(child.stdout.split()[0]) == before
    assert watcher == (-10 if child.returncode == 0 else before)
    process_guard().close()
