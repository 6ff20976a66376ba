"""The progress bar in a saved notebook."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

from tests.kernel_sockets import with_sockets

CELL = """
from jupyter_memkit.show.progress_bar import make_bar
bar = make_bar(10, "rows")
bar.update(5)
print(bar.n)
bar.close()
"""


def test_nothing_is_left() -> None:
    """A saved notebook contains the user's output, but no trace of the bar."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    client = NotebookClient(notebook, kernel_name="python3", config=with_sockets())
    client.execute()
    outputs = notebook.cells[0].outputs
    assert [each.get("text") for each in outputs if "text" in each] == ["5\n"]
    assert [each["data"] for each in outputs if "data" in each] == [{}]
    assert "widgets" not in notebook.metadata
