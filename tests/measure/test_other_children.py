"""The children of another process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.children_probe import children_probe
from jupyter_memkit.measure.process import is_running, read_rss_bytes

MIB = 1024**2

# It holds 200 MiB, which its fork shares, and starts a program that holds 100 MiB.
FAMILY = """
import os, subprocess, sys
data = bytearray(200 << 20)
code = "data = bytearray(100 << 20); print(flush=True); input()"
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
program = subprocess.Popen([sys.executable, "-c", code], **pipes)
program.stdout.readline()
reader, writer = os.pipe()
if os.fork() == 0:
    os.close(writer)
    os.read(reader, 1)
    os._exit(0)
os.close(reader)
print(flush=True)
input()
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """A process with two children, which end with it."""
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_program_and_fork(parent: subprocess.Popen[str]) -> None:
    """A program counts in full, and a fork without what it shares."""
    reading = ChildrenMeter(children_probe(parent.pid)).observe()
    assert reading.count == 2
    assert 100 * MIB < reading.bytes < 180 * MIB


def test_process_that_was_not_waited_for(parent: subprocess.Popen[str]) -> None:
    """A process that has ended is an error, not one of 0 B, until it is waited for."""
    assert is_running(parent.pid)
    parent.kill()
    assert parent.stdout is not None
    parent.stdout.read()
    while is_running(parent.pid):
        pass
    assert parent.returncode is None
    with pytest.raises(MemkitError, match="has ended"):
        read_rss_bytes(parent.pid)
    parent.wait()
    assert not is_running(parent.pid)
