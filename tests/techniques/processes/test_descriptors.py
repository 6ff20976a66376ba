"""Processes start where files are scarce, or have the numbers of standard streams."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.techniques.processes import process as process_module
from jupyter_memkit.techniques.processes.descriptors import move_above_streams
from jupyter_memkit.techniques.processes.process import ChildProcess

# Calls a function in another process, and guards a block.
SCRIPT = """
import os, sys
for each in map(int, sys.argv[2]):
    os.close(each)
from jupyter_memkit import MemoryLimitExceeded, guard, isolated
done = [isolated(abs)(-3)]
try:
    with guard("600MB"):
        bytearray(10**10)
except MemoryLimitExceeded:
    done.append("stopped")
with open(sys.argv[1], "w") as file:
    file.write(str(done))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")
@pytest.mark.parametrize("closed", ["0", "1", "2", "012"])
def test_closed_streams(tmp_path: Path, closed: str) -> None:
    """A process without standard streams, such as a service, starts others."""
    path = tmp_path / "done"
    subprocess.run([sys.executable, "-c", SCRIPT, path, closed], check=True)
    assert path.read_text() == "[3, 'stopped']"


def test_number() -> None:
    """A file above the standard streams keeps its number."""
    read, write = os.pipe()
    assert move_above_streams(read) == read
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EMFILE, "close some files first"),
        (errno.EFBIG, r"raise the limit on the size of files \(ulimit -f\)"),
        (errno.EAGAIN, "end some processes first"),
    ],
)
def test_no_memory_to_share(
    monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    """If the system refuses memory to share, the error has the remedy for the cause."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(process_module, "make_memory", fail)
    with pytest.raises(IsolatedError, match=f"no other process .*; {remedy}"):
        ChildProcess()
