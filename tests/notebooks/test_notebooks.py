"""The notebooks, executed from top to bottom, and their outputs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.kernel_sockets import with_sockets_in
from tests.lab_server import isolated_environment
from tests.notebooks.exercises import WRONG_TRIES, add_tries, assert_exercise_works

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

# Checks of the tour's claims, run in its kernel after the last cell.
CHECKS = """\
from jupyter_memkit import tracker

def peak_bytes(first_line):
    (cell,) = (c for c in tracker().cells if c.first_line.startswith(first_line))
    return cell.peak_bytes - cell.before_bytes

assert delays["count"].sum() == 328_521, delays
assert peak_bytes("flights = ") > 10 * flights_csv.stat().st_size
assert peak_bytes("df.groupby") < peak_bytes("flights = ") / 2
assert 380 < peak_bytes("block = ") / 2**20 < 390
assert "pyarrow" not in globals()
"""

LEAK_CHECKS = """\
found = {leak.kind: leak for leak in leaks.hints}
assert {"traceback", "view", "output"} <= set(found), found
assert found["traceback"].bytes > 700 * 2**20
assert 350 < found["view"].bytes / 2**20 < 360
(free,) = (c for c in memkit.tracker().cells if c.first_line.startswith("%memfree"))
assert free.before_bytes - free.after_bytes > 700 * 2**20
again = get_ipython().run_line_magic("memleaks", "")
assert not {"traceback", "view"} & {leak.kind for leak in again.hints}, again
"""


CHUNKED_CHECKS = """\
from jupyter_memkit import tracker

def growths(*lines):
    cells = [c for c in tracker().cells if c.first_line.startswith(lines)]
    return [c.peak_bytes - c.before_bytes for c in cells]

(whole,), in_chunks = growths("late = "), growths("df", "known = ")
assert len(in_chunks) == 8 and max(in_chunks) < whole / 5, (whole, in_chunks)
assert 0.85 < accuracy < 0.95, accuracy
assert list(model.classes_) == [False, True]
"""

ARRAYS_CHECKS = """\
from jupyter_memkit import tracker

(list_,) = packed.variables
assert list_.before_bytes > 4.8 * list_.after_bytes, list_
# An arena of Python's allocator returns once it is empty: what else the kernel made
# meanwhile keeps 5 to 13 of about a hundred.
assert packed.freed_bytes > 0.8 * (list_.before_bytes - list_.after_bytes), packed
assert shrunk.before_bytes > 2.8 * shrunk.after_bytes
assert sample.base is None and len(sample) == 1000
(cell,) = (c for c in tracker().cells if c.first_line.startswith("%spill numbers"))
assert cell.before_bytes - cell.after_bytes > 0.95 * numbers.nbytes, cell
assert not get_ipython().run_line_magic("spill", "").variables
"""


CLUSTER_CHECKS = """\
assert here.loc["all"].shape == (16, 100)
assert here.sum().between(400_000, 412_000).all(), here.sum()
assert 57_500 < here.loc["all"].loc["UA"].mean() < 58_500
assert order[-1] == "F9" and low["F9"] < high["FL"], (low, high)
# A chunk is read when a worker will soon need it.
ahead = max(n - sum(done <= s for done in done_s) for n, s in enumerate(read_s, 1))
assert 2 <= ahead <= 6, ahead
assert client.status == "closed"
assert not Path(folder.name).exists()
"""


COLLECTOR_CHECKS = """\
assert sum(generation == 0 for *_, generation in collections) > len(collections) / 2
assert note not in gc.callbacks
assert counted_mb[1] < counted_mb[0] / 5, counted_mb
assert island_mb[1] > island_mb[0] * 0.9, island_mb
assert dicts_paused.gc_old == 1 and measured["%%gc_pause --no-collect"].gc_old == 0
assert max(collected_mb) < max(limited_mb) < max(paused_mb)
assert limited.resumption is not None
assert gc.isenabled() and gc.get_freeze_count() < 1000
"""


GUARD_CHECKS = """\
assert counts["UA"] > 500_000, counts
lines = ("%%mem", "counts = {}")
(counting,) = (c for c in memkit.tracker().cells if c.first_line in lines)
assert counting.peak_bytes - counting.before_bytes < 200e6
assert report["mark"] == "800 MB" and "float(number)" in report["line"], report
"""


UNLOADING_CHECKS = """\
assert unloaded.freed_bytes < unloaded.imported_bytes, unloaded
assert len(unloaded.survivors) < len(unloaded.modules), unloaded
assert (weights["%unload"] < weights["import"] / 5).all(), weights
assert grown < 20, grown
assert len(delays) == 19
"""


LEARNING_CHECKS = """\
parameters = split.parameters_bytes
assert split.gradients_bytes == parameters and split.optimizer_bytes > 1.99 * parameters
# What the allocators had free is used first, and some is taken in advance.
assert 0.6 < forward.result.delta_bytes / 200e6 < 1.3, forward.result
(predicted, losses_) = leaks.hints
assert predicted.name == "predictions" and predicted.bytes > 150 * 2**20, predicted
assert 0.85 < right < 0.95, right
assert n_rows == 4 * len(flights)
# The activations of a step, and their gradients, are not part of the budget.
assert streamed.result.peak_bytes < 200e6 + 2 * 4096 * row_bytes, streamed.result
"""


# The rows of `%memls --all` add up to the process, but for allocations meanwhile.
ROWS_ADD_UP = """\
from jupyter_memkit.measure.process import read_rss_bytes

listed = get_ipython().run_line_magic("memls", "--all")
process_bytes, rest_bytes = read_rss_bytes(), listed.remainder.bytes
# What variables share counts once in the total, and in the row of each.
added_up_bytes = listed.total_bytes + rest_bytes
assert 0.95 * process_bytes < added_up_bytes < 1.05 * process_bytes, listed
listed
"""


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    """The notebooks in the repository have no outputs."""
    notebook = nbformat.read(path, as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code_cells] == [
        ([], None)
    ] * len(code_cells)
    # The only allowed metadata marks a cell that fails on purpose.
    tags = {"tags": ["raises-exception"]}
    assert all(cell.metadata in ({}, tags) for cell in notebook.cells)


def test_notebooks_are_a_course() -> None:
    """Each begins with the question that the tour lists, and leads to the next one."""
    tour, *others = sorted(NOTEBOOKS.glob("*.ipynb"))
    text = sources_of(tour)["end"]
    assert re.findall(r"\* `(\w+)`: ", text) == [path.stem for path in others]
    for path, following in zip(others, [*others[1:], None], strict=True):
        sources = sources_of(path)
        question = sources["title"].split("\n\n")[1].strip("*")
        assert f"* `{path.stem}`: {question}" in text
        assert path.stem in WRONG_TRIES
        card = sources.get("rules") or sources["summary"]
        assert card.startswith("## What to remember\n")
        assert 3 <= len(re.findall(r"^[*-] ", card, re.MULTILINE)) <= 5
        assert following is None or f"continues with `{following.stem}`" in card


def sources_of(path: Path) -> dict[str, str]:
    """Return the source of each cell of a notebook."""
    notebook = nbformat.read(path, as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}


def test_tour(tmp_path: Path) -> None:
    """The tour runs from the first cell to the last, and its claims are true."""
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
    """The three leaks are found, each with its remedy, and the remedies work."""
    shown = execute("05_finding_a_leak", tmp_path, LEAK_CHECKS)
    assert shown["sample"] == "'112 kB'"
    assert "memory in use rose by" in shown["after"]
    assert re.search(r"sample +359\.7 MiB", shown["list"])
    assert "not in variables" in shown["list"]
    assert "sample.base" in shown["holders"]
    assert "sys.last_value" in shown["list-all"]
    assert "sample = sample.copy()" in shown["leaks"]
    assert "returned to the system" in shown["free"]
    assert "memory in use fell by" in shown["end"]


def test_chunked(tmp_path: Path) -> None:
    """Chunks give the results of the whole, within the budget, and a good model."""
    shown = execute("01_chunked", tmp_path, CHUNKED_CHECKS)
    assert shown["lazy"] == "(11.0, 20.0)"
    assert "arr_delay, carrier" in shown["chunked"]
    assert "of 100 MB (95.4 MiB) used" in shown["fit"]
    assert "a mean does not add up" in shown["mean"]
    assert "2,694,208 rows" in shown["fit"]
    assert int(shown["data"].strip("'").split(" MB")[0]) > 200
    assert "held out)" in shown["loop"]
    assert "arr_delay, carrier (of 19)" in shown["plan"]


def test_arrays(tmp_path: Path) -> None:
    """Each way to store numbers takes the stated memory, and nothing is lost."""
    shown = execute("02_arrays", tmp_path, ARRAYS_CHECKS)
    assert shown["data"] == "'3,273,460 delays, from -86 to 1272 minutes'"
    assert "126.5 MiB" in shown["list"]
    assert "--missing nan" in shown["gap-refused"]
    assert "nan" in shown["gap-show"]
    assert "25.0 MiB" in shown["view-list"]
    assert shown["table-same"] == "np.True_"
    assert "143.9 MiB written" in shown["spill"]
    # The column, and neighbouring data that the system reads.
    (line,) = (line for line in shown["spill-list"].splitlines() if "numbers" in line)
    assert 10 < float(line.split()[3]) < 30, line


@pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")
def test_guard(tmp_path: Path) -> None:
    """The runaway cell is stopped, nothing is lost, and the cure works."""
    shown = execute("06_guard", tmp_path, GUARD_CHECKS)
    assert "Stopped: " in shown["grow"]
    assert "pairs" in shown["grow"].split("variables")[1]
    assert "%memfree pairs" in shown["grow"]
    days = int(shown["alive"].split("and ")[1].split(" of")[0])
    assert 20 < days < 365
    assert "returned to the system" in shown["free"]
    assert "an allocation of 7.5 GiB would exceed the mark of 600 MB" in shown["one"]
    assert shown["death"] == "True"
    assert "no guard is armed" in shown["off"]


def test_cluster(tmp_path: Path) -> None:
    """A cluster gives the results of the kernel, even if it loses a worker."""
    shown = execute("07_cluster", tmp_path, CLUSTER_CHECKS)
    for place in ("here", "workers", "dask"):
        assert "24 chunks, 336,776 rows" in shown[place]
    assert shown["lost-check"] == "(True, 336776)"
    assert "in late_minutes, which chunks in other" in shown["accumulate-run"]
    assert shown["reduce-check"] == "'10 years of waiting'"


def test_garbage_collection(tmp_path: Path) -> None:
    """A pause avoids collections, keeps islands, and is visible while it lasts."""
    shown = execute("03_garbage_collection", tmp_path, COLLECTOR_CHECKS)
    assert "unreachable objects" in shown["collect"]
    assert "generation 0" in shown["report"]
    assert "closing collection" in shown["pause"]
    assert "resumed early" in shown["limited"]
    assert "paused by %gc_pause on" in shown["memkit"]
    assert "%gc_pause off resumes" in shown["memkit"]


def test_unloading(tmp_path: Path) -> None:
    """Unloading frees little, is refused where impossible, and a process frees all."""
    shown = execute("04_unloading", tmp_path, UNLOADING_CHECKS)
    assert int(shown["modules"].split(", ")[1].split(" modules")[0]) > 100
    assert "unused" in shown["list"]
    assert "delete them first: model" in shown["refused"]
    assert "its compiled module pandas._libs" in shown["once"]
    assert "Isolated: peak" in shown["isolated"]


@pytest.mark.ml
def test_deep_learning(tmp_path: Path) -> None:
    """The split, kept graphs and batches are as stated, and the model leaves."""
    pytest.importorskip("torch")
    shown = execute("08_deep_learning", tmp_path, LEARNING_CHECKS)
    assert "optimizer state" in shown["list"]
    assert "activations" in shown["layers"]
    assert "predictions = [model(inputs[rows]) for rows in parts]" in shown["leaks"]
    assert "store loss.item() instead" in shown["leaks"]
    assert "loss = loss.detach_(), then %memfree optimizer" in shown["leave"]
    assert "a graph was kept: False" in shown["right-way"]
    assert "still held" not in shown["leave-rest"]
    assert shown["left"] == "()"


def execute(name: str, home: Path, checks: str) -> dict[str, str]:
    """Run a notebook with its exercise and a cell of checks; return what cells show."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    wrong, reason = WRONG_TRIES.get(name, (None, ""))
    if wrong is not None:
        notebook.cells = add_tries(notebook.cells, wrong)
    notebook.cells.append(nbformat.v4.new_code_cell(ROWS_ADD_UP, id="rows"))
    notebook.cells.append(nbformat.v4.new_code_cell(checks))
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", config=with_sockets_in(home)
    )
    client.execute(env=isolated_environment(home), cwd=str(NOTEBOOKS))
    shown = {cell.id: text_of(cell) for cell in notebook.cells if cell.get("outputs")}
    # The last row names what it cannot attribute.
    assert "Python, libraries and scripts" in shown["rows"], shown["rows"]
    if wrong is not None:
        assert_exercise_works(shown, reason)
    return shown


def text_of(cell: Any) -> str:
    """Return all the plain text of a cell's outputs."""
    texts = []
    for output in cell.outputs:
        texts.append(output.get("text", ""))
        texts.append(output.get("data", {}).get("text/plain", ""))
    return "".join(texts)
