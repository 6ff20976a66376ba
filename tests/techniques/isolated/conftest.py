"""Child processes that take over the state of this one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_memkit.techniques.isolated.hooks import HOOKS
from jupyter_memkit.techniques.processes.process import ChildProcess
from tests.techniques.processes.conftest import started


@pytest.fixture(scope="module")
def shared() -> Iterator[ChildProcess]:
    """A child for the tests of a file that leave it unchanged."""
    with started(HOOKS) as process:
        yield process


@pytest.fixture
def process() -> Iterator[ChildProcess]:
    """A child for one test."""
    with started(HOOKS) as process:
        yield process
