"""Child processes for tests, with a check that nothing of them is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.processes.process import ChildProcess


@contextmanager
def started(hooks: str = "") -> Iterator[ChildProcess]:
    """Start a child, which the test may end itself."""
    process = ChildProcess(hooks)
    yield process
    if process.is_alive:
        with Interrupts() as interrupts:
            process.close(interrupts)
    assert not psutil.pid_exists(process.pid)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("memkit")]


@pytest.fixture(scope="module")
def shared() -> Iterator[ChildProcess]:
    """A child for the tests of a file that leave it unchanged."""
    with started() as process:
        yield process


@pytest.fixture
def process() -> Iterator[ChildProcess]:
    """A child for one test."""
    with started() as process:
        yield process
