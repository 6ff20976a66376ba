"""A child process, and the proof that none is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psutil
import pytest

from jupyter_memkit.techniques.isolated.process import ChildProcess


@pytest.fixture(scope="module")
def shared() -> Iterator[ChildProcess]:
    """A child for the tests of a file that leave it as it was."""
    process = ChildProcess()
    yield process
    process.close()
    assert not psutil.pid_exists(process.pid)


@pytest.fixture
def process() -> Iterator[ChildProcess]:
    """A child that a test may end."""
    process = ChildProcess()
    yield process
    if process.is_alive:
        process.close()
    assert not psutil.pid_exists(process.pid)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("memkit")]
