"""Executes a notebook from top to bottom, and checks its claims in its kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.kernel_sockets import with_sockets
from tests.lab_server import isolated_environment
from tests.notebooks.exercises import WRONG_TRIES, add_tries, assert_exercise_works
from tests.slow_clock import slow_kernel_clocks

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

# The rows of `%memls --all` add up to the process, but for allocations meanwhile.
_ROWS_ADD_UP = """\
from jupyter_memkit.measure.process import read_rss_bytes

listed = get_ipython().run_line_magic("memls", "--all")
process_bytes, rest_bytes = read_rss_bytes(), listed.remainder.bytes
# What variables share counts once in the total, and in the row of each.
added_up_bytes = listed.total_bytes + rest_bytes
assert 0.95 * process_bytes < added_up_bytes < 1.05 * process_bytes, listed
listed
"""


def execute(name: str, home: Path, checks: str) -> dict[str, str]:
    """Run a notebook with its exercise and a cell of checks; return what cells show."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    wrong, reason = WRONG_TRIES.get(name, (None, ""))
    if wrong is not None:
        notebook.cells = add_tries(notebook.cells, wrong)
    notebook.cells.append(nbformat.v4.new_code_cell(_ROWS_ADD_UP, id="rows"))
    notebook.cells.append(nbformat.v4.new_code_cell(checks))
    slow_kernel_clocks(home / "ipython")
    client = NotebookClient(notebook, kernel_name="python3", config=with_sockets())
    client.execute(env=isolated_environment(home), cwd=str(NOTEBOOKS))
    shown = {cell.id: _text_of(cell) for cell in notebook.cells if cell.get("outputs")}
    # The last row names what it cannot attribute.
    assert "Python, libraries and scripts" in shown["rows"], shown["rows"]
    if wrong is not None:
        assert_exercise_works(shown, reason)
    return shown


def _text_of(cell: Any) -> str:
    """Return all the plain text of a cell's outputs."""
    texts = []
    for output in cell.outputs:
        texts.append(output.get("text", ""))
        texts.append(output.get("data", {}).get("text/plain", ""))
    return "".join(texts)
