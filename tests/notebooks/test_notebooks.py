"""The notebooks, executed as a reader would, and what they show on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.lab_server import isolated_environment

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

# What the tour's claims come down to, asked of its kernel after the last cell.
CHECKS = """\
from jupyter_memkit import tracker

def peak_bytes(first_line):
    (cell,) = (c for c in tracker().cells if c.first_line.startswith(first_line))
    return cell.peak_bytes - cell.before_bytes

assert delays["count"].sum() == 328_521, delays
assert peak_bytes("%%chunked") < peak_bytes("import pandas") / 2
assert 380 < peak_bytes("import numpy") / 2**20 < 390
assert "pyarrow" not in globals()
"""

LEAK_CHECKS = """\
found = {leak.kind: leak for leak in leaks.leaks}
assert {"traceback", "view", "output"} <= set(found), found
assert found["traceback"].bytes > 700 * 2**20
assert 350 < found["view"].bytes / 2**20 < 360
(free,) = (c for c in memkit.tracker().cells if c.first_line.startswith("%memfree"))
assert free.before_bytes - free.after_bytes > 700 * 2**20
again = get_ipython().run_line_magic("memleaks", "")
assert not {"traceback", "view"} & {leak.kind for leak in again.leaks}, again
"""


CHUNKED_CHECKS = """\
from jupyter_memkit import tracker

def growths(magic):
    cells = [c for c in tracker().cells if c.first_line.startswith(magic)]
    return [c.peak_bytes - c.before_bytes for c in cells]

whole, in_chunks = growths("%%mem")[0], growths("%%chunked")
assert len(in_chunks) == 7 and max(in_chunks) < 100e6 < whole / 5, (whole, in_chunks)
assert 0.85 < accuracy < 0.95, accuracy
"""


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    """A notebook in the repository is what its author wrote, not what a run left."""
    notebook = nbformat.read(path, as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code_cells] == [
        ([], None)
    ] * len(code_cells)
    # The one thing to be said of a cell is that it fails on purpose.
    tags = {"tags": ["raises-exception"]}
    assert all(cell.metadata in ({}, tags) for cell in notebook.cells)


def test_tour(tmp_path: Path) -> None:
    """The tour runs from the first cell to the last, and its claims hold."""
    shown = execute("00_tour", tmp_path, CHECKS)
    assert "336,776 flights" in shown["all"]
    assert "in use" in shown["memkit"]
    assert "above the start" in shown["mem"]
    # The first line of the table is the one that holds most.
    assert "text = flights" in shown["lines"].split("  line\n")[1].split("\n")[0]
    assert "336,776 x 19" in shown["list"]
    assert "336,776 rows" in shown["chunked"]
    assert "pyarrow" in shown["unload"]


def test_finding_a_leak(tmp_path: Path) -> None:
    """The three leaks are found, each with its cure, and the cures work."""
    shown = execute("05_finding_a_leak", tmp_path, LEAK_CHECKS)
    assert shown["sample"] == "'112 kB'"
    assert "use rose by" in shown["after"]
    assert "sample    359.7 MiB" in shown["list"]
    assert "sample.base" in shown["holders"]
    assert "sys.last_value" in shown["list-all"]
    assert "sample = sample.copy()" in shown["leaks"]
    assert "back to the system" in shown["free"]
    assert "use fell by" in shown["end"]


def test_chunked(tmp_path: Path) -> None:
    """Chunks give the answers of the whole, within the budget, and a good model."""
    shown = execute("01_chunked", tmp_path, CHUNKED_CHECKS)
    assert shown["lazy"] == "(11.0, 20.0)"
    assert "arr_delay, carrier" in shown["chunked"]
    assert "of 95.4 MiB used" in shown["fit"]
    assert "the sum of the chunks' mean is not that of the whole" in shown["mean"]
    assert "2,694,208 rows" in shown["fit"]
    assert "arr_delay, carrier (of 19)" in shown["plan"]


def execute(name: str, home: Path, checks: str) -> dict[str, str]:
    """Run a notebook with a cell of checks at its end; return what each cell shows."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(checks))
    client = NotebookClient(notebook, timeout=300, kernel_name="python3")
    client.execute(env=isolated_environment(home), cwd=str(NOTEBOOKS))
    return {cell.id: text_of(cell) for cell in notebook.cells if cell.get("outputs")}


def text_of(cell: Any) -> str:
    """Return all the plain text that a cell shows."""
    texts = []
    for output in cell.outputs:
        texts.append(output.get("text", ""))
        texts.append(output.get("data", {}).get("text/plain", ""))
    return "".join(texts)
