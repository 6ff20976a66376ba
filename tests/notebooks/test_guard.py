"""The memory guard in notebooks that run without a page."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.kernel_sockets import with_sockets
from tests.lab_server import isolated_environment
from tests.notebooks.executing import execute

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")

CHECKS = """\
assert counts["UA"] > 500_000, counts
lines = ("%%mem", "counts = {}")
(counting,) = (c for c in memkit.tracker().cells if c.first_line in lines)
assert counting.peak_bytes - counting.before_bytes < 200e6
assert report["mark"] == "800 MB" and "float(number)" in report["line"], report
"""


def test_guard(tmp_path: Path) -> None:
    """The runaway cell is stopped, nothing is lost, and the cure works."""
    shown = execute("06_guard", tmp_path, CHECKS)
    assert "Stopped: " in shown["grow"]
    assert "pairs" in shown["grow"].split("variables")[1]
    assert "%memfree pairs" in shown["grow"]
    days = int(shown["alive"].split("and ")[1].split(" of")[0])
    assert 20 < days < 365
    assert "returned to the system" in shown["free"]
    assert "an allocation of 7.5 GiB would exceed the mark of 600 MB" in shown["one"]
    assert shown["death"] == "True"
    assert "no guard is armed" in shown["off"]


def test_in_batch(tmp_path: Path) -> None:
    """The variable arms the guard under nbclient; the error contains the report."""
    cell = nbformat.v4.new_code_cell("x = bytes(10) * 10**10")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(notebook, kernel_name="python3", config=with_sockets())
    environment = isolated_environment(tmp_path) | {"JUPYTER_MEMKIT_GUARD": "900MB"}
    with pytest.raises(CellExecutionError) as failure:
        client.execute(env=environment)
    assert failure.value.ename == "MemoryLimitExceeded"
    assert ", with the mark at 858.3 MiB" in str(failure.value)
    assert "this cell  grew by" in str(failure.value)
