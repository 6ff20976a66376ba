"""Which programs a stop interrupts, with a process of the test in place of a kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from jupyter_memkit.techniques.guard.programs import (
    Programs,
    find_started,
    read_moment,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# Writes when it can be interrupted, and counts interrupts until its input ends.
PROGRAM = """
import signal, sys
count = 0
def note(*_):
    global count
    count += 1
    print(count, flush=True)
signal.signal(signal.SIGINT, note)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    """Ends the programs of a test."""
    with ExitStack() as stack:
        yield stack


def start(ending: ExitStack, **options: Any) -> subprocess.Popen[str]:
    """Start a program, and wait until it can be interrupted."""
    command = [sys.executable, "-c", PROGRAM]
    program: subprocess.Popen[str] = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
    )
    ending.enter_context(program)
    ending.callback(program.kill)
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    return program


def read(program: subprocess.Popen[str]) -> str:
    """Return the next line of a program."""
    assert program.stdout is not None
    return program.stdout.readline()


def test_only_what_has_started_since(ending: ExitStack) -> None:
    """Also within a tick of the system's clock, what is older is not found."""
    for _ in range(20):
        older = subprocess.Popen(["sleep", "100"])
        ending.enter_context(older)
        ending.callback(older.kill)
        since = read_moment()
        newer = subprocess.Popen(["sleep", "100"])
        ending.enter_context(newer)
        ending.callback(newer.kill)
        assert find_started(os.getpid(), since) == [newer.pid]


def test_interrupt(ending: ExitStack) -> None:
    """A program gets one signal; one in a session of its own gets none, and is left."""
    older = start(ending)
    since = read_moment()
    reached = start(ending)
    apart = start(ending, start_new_session=True)
    programs = Programs(os.getpid())
    assert programs.interrupt(since)
    assert programs.interrupt(since)
    assert read(reached) == "1\n"
    assert set(programs.find_left(since)) == {reached.pid, apart.pid}
    for each in (older, reached, apart):
        each.communicate()
        assert each.returncode == 0
    assert programs.find_left(since) == []
    assert not programs.interrupt(since)


def test_ended_program(ending: ExitStack) -> None:
    """A program that has ended and that nobody has waited for is not left."""
    since = read_moment()
    program = start(ending)
    Programs(os.getpid()).interrupt(since)
    program.kill()
    wait_until(lambda: find_started(os.getpid(), since) == [])
    assert program.returncode is None


def test_sandbox_that_hides_the_latest_process(
    ending: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the order within a tick is unknown, nothing older is interrupted."""
    monkeypatch.setattr(
        "jupyter_memkit.techniques.guard.programs.read_proc_file",
        lambda _: b"0.00 0.00 0.00 0/0 0\n",
    )
    start(ending)
    assert find_started(os.getpid(), read_moment()) == []
