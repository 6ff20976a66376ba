"""The small files of Linux's ``/proc``, read for real."""

from __future__ import annotations

import sys

import pytest

from jupyter_memkit.measure.proc_files import read_proc_file

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_completely() -> None:
    """A file that the system returns a page at a time is read to its end."""
    lines = read_proc_file("/proc/self/maps").splitlines()
    # The stack is among the last mappings, many pages after the program.
    assert any(line.endswith(b"[stack]") for line in lines)
