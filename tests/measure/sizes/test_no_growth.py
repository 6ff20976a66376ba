"""Measuring leaves no growth behind, in a process whose heap has a large hole."""

from __future__ import annotations

import subprocess
import sys

import pytest

MIB = 1024 * 1024

# Freed blocks between others that stay: a hole that malloc serves requests from.
PROGRAM = """
import gc
import numpy as np
import jupyter_memkit as memkit
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.sizes import sizes

many = [float(number) for number in range(40_000)]
for _ in range(2):
    {code}
first = np.ones(3_900_000); del first
hole = [np.ones(1_000_000) for _ in range(60)]
pins = [bytes([number]) * 1_000_000 for number in range(40)]
del hole
memkit.free()
before = read_rss_bytes()
{code}
print(read_rss_bytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the heap differs elsewhere")
@pytest.mark.parametrize(
    "code",
    ["sizes({'many': many, 'more': [many]}, exact=True)", "memkit.holders(many)"],
)
def test_no_growth(code: str) -> None:
    """The process is as large after a measurement as before it, within 5 MiB."""
    command = [sys.executable, "-c", PROGRAM.format(code=code)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(result.stdout) < 5 * MIB
