"""The memory guard in a notebook that runs without a page."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.kernel_sockets import with_sockets_in
from tests.lab_server import isolated_environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")


def test_in_batch(tmp_path: Path) -> None:
    """The variable arms the guard under nbclient; the error contains the report."""
    cell = nbformat.v4.new_code_cell("x = bytes(10) * 10**10")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", config=with_sockets_in(tmp_path)
    )
    environment = isolated_environment(tmp_path) | {"JUPYTER_MEMKIT_GUARD": "900MB"}
    with pytest.raises(CellExecutionError) as failure:
        client.execute(env=environment)
    assert failure.value.ename == "MemoryLimitExceeded"
    assert ", with the mark at 858.3 MiB" in str(failure.value)
    assert "this cell  grew by" in str(failure.value)
