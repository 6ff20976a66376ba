"""Notebooks are executed in real kernels, and their cells measured."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.headless.execute import (
    RunInterruptedError,
    UnwrittenError,
    run_notebook,
)
from jupyter_memkit.headless.records import CellRun, read_run
from jupyter_memkit.headless.report import build_report
from tests.headless.conftest import WriteNotebook

pytestmark = pytest.mark.traced_children

MIB = 1 << 20

# Writes the system's own high-water mark of the kernel.
WRITE_PEAK = """\
from pathlib import Path
lines = Path("/proc/self/status").read_text().splitlines()
(peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
Path("peak.txt").write_text(peak)
"""


def test_cells(write_notebook: WriteNotebook) -> None:
    """Each cell has its figures, and the variables at its end."""
    path = write_notebook(
        "import numpy as np",
        "",
        "kept = np.ones(20 << 17)\nnp.ones(40 << 17).sum()",
        "del kept",
    )
    run = run_notebook(path)
    assert run.failure is None
    assert [cell.number for cell in run.cells] == [1, 2, 3]
    _, taking, freeing = run.cells
    assert taking.first_line.startswith("kept = np.ones")
    assert taking.peak_bytes - taking.before_bytes >= 59 * MIB
    assert taking.variables["kept"] >= 20 * MIB
    assert taking.after_bytes - taking.before_bytes >= 19 * MIB
    assert "kept" not in freeing.variables
    assert run.needs_bytes > run.highest_bytes + run.runner_bytes
    assert run.highest_bytes >= taking.peak_bytes
    assert run.samples[0].t_s <= taking.started_s


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_is_the_systems(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    """The peak of a cell is within 1 MiB of what the kernel's process reports."""
    path = write_notebook(
        "import numpy as np", f"x = np.ones(30 << 17); del x\n{WRITE_PEAK}"
    )
    run = run_notebook(path)
    seen_bytes = int((tmp_path / "peak.txt").read_text()) * 1024
    assert abs(run.cells[1].peak_bytes - seen_bytes) <= MIB


def test_notebook_is_not_changed(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    """The outputs are only in the copy; the kernel runs in the notebook's folder."""
    path = write_notebook("import os\nos.getcwd()")
    before = path.read_bytes()
    run_notebook(path, output=tmp_path / "executed.ipynb")
    assert path.read_bytes() == before
    (cell,) = nbformat.read(tmp_path / "executed.ipynb", as_version=4).cells
    assert str(tmp_path) in cell.outputs[0].data["text/plain"]


def test_cell_fails(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    """A failure ends the run, which has the failed cell; the copy is written."""
    path = write_notebook("x = 1", "1 / 0", "y = 2")
    run = run_notebook(path, output=tmp_path / "executed.ipynb")
    assert run.failure == "cell 2 raised ZeroDivisionError: division by zero"
    assert [cell.error for cell in run.cells] == [None, "ZeroDivisionError"]
    assert (tmp_path / "executed.ipynb").exists()
    everything = run_notebook(path, allow_errors=True)
    assert everything.failure is None
    assert [cell.number for cell in everything.cells] == [1, 2, 3]


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        ("ValueError", "ValueError"),
        ("ValueError('\\x1b[1mtwo\\r\\n  lines')", "ValueError: [1mtwo lines"),
        ("ValueError('long' * 1000)", f"ValueError: {'long' * 125}…"),
    ],
)
def test_failure_is_one_line(
    write_notebook: WriteNotebook, raised: str, shown: str
) -> None:
    """Whatever text an exception has, a terminal shows it in one line of the report."""
    run = run_notebook(write_notebook(f"raise {raised}"))
    assert run.failure == f"cell 1 raised {shown}"


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf")])
def test_no_time(write_notebook: WriteNotebook, timeout_s: float) -> None:
    """A limit that nbclient would take for none is refused."""
    with pytest.raises(MemkitError, match=f"a cell cannot have {timeout_s} s"):
        run_notebook(write_notebook("x = 1"), timeout_s=timeout_s)


def test_setting_that_arms_no_guard(
    write_notebook: WriteNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run says, as does its notebook, that the guard that was asked for is off."""
    path = write_notebook("x = 1", "y = 2")
    assert run_notebook(path).unguarded is None
    monkeypatch.setenv("JUPYTER_MEMKIT_GUARD", "lots")
    run = run_notebook(path, output=tmp_path / "executed.ipynb")
    assert run.unguarded is not None
    assert "JUPYTER_MEMKIT_GUARD=lots: 'lots' is not a size" in run.unguarded
    assert build_report(run).notes[0] == run.unguarded
    first, second = nbformat.read(tmp_path / "executed.ipynb", as_version=4).cells
    assert run.unguarded in str(first.outputs)
    assert second.outputs == []


def test_timeout(write_notebook: WriteNotebook) -> None:
    """A cell that takes too long is interrupted, and measured."""
    path = write_notebook("import time\nblock = b'x' * (31 << 20)\ntime.sleep(600)")
    run = run_notebook(path, timeout_s=5)
    assert run.failure == "cell 1 took more than 5 s"
    (cell,) = run.cells
    assert cell.error == "KeyboardInterrupt"
    assert cell.peak_bytes - cell.before_bytes >= 30 * MIB


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_kernel_dies(write_notebook: WriteNotebook) -> None:
    """The run names the cell in which the kernel died, and how it died."""
    path = write_notebook(
        "x = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    run = run_notebook(path)
    assert run.failure is not None
    assert run.failure.startswith("the kernel died in cell 2: ")
    assert "signal 9" in run.failure
    assert [cell.number for cell in run.cells] == [1]


@pytest.mark.parametrize("number", [1, 2])
def test_unloading(write_notebook: WriteNotebook, tmp_path: Path, number: int) -> None:
    """A cell that unloads the extension ends the run, which has the cells before."""
    sources = ["x = 1", "y = 2", "z = 3"]
    sources[number - 1] = "%unload_ext jupyter_memkit"
    run = run_notebook(write_notebook(*sources), output=tmp_path / "executed.ipynb")
    assert run.failure == f"cell {number} unloaded jupyter_memkit"
    assert [cell.number for cell in run.cells] == list(range(1, number))
    assert build_report(run).title.endswith(f"failed: {run.failure}")
    assert (tmp_path / "executed.ipynb").exists()


def test_unloading_and_failing(write_notebook: WriteNotebook) -> None:
    """Of a cell that unloads the extension and fails, the failure is reported."""
    run = run_notebook(write_notebook("%unload_ext jupyter_memkit\n1 / 0"))
    assert run.failure == "cell 1 raised ZeroDivisionError: division by zero"
    reloading = run_notebook(write_notebook("%reload_ext jupyter_memkit", "x = 1"))
    assert reloading.failure is None
    assert reloading.cells[-1].first_line == "x = 1"


def test_silent_kernel(
    write_notebook: WriteNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that does not answer after a cell ends the run, not the program."""
    monkeypatch.setattr("jupyter_memkit.headless.account._TIMEOUT_S", 0.1)
    silencing = (
        "for name in ('memkit_request', 'kernel_info_request'):\n"
        "    del get_ipython().kernel.control_handlers[name]"
    )
    run = run_notebook(write_notebook(silencing))
    assert run.failure == "the kernel did not answer within 0.1 s after cell 1"


def test_unwritten_output(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    """A copy that cannot be written takes nothing from what was measured."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = write_notebook("x = 1", f"import os\nos.rmdir({str(folder)!r})")
    with pytest.raises(UnwrittenError, match="cannot be written") as caught:
        run_notebook(path, output=folder / "executed.ipynb")
    assert [cell.number for cell in caught.value.run.cells] == [1, 2]
    assert caught.value.run.failure is None


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_interrupt(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    """Ctrl-C ends the kernel at once, reaches the caller, and the copy is written."""
    path = write_notebook(
        "import os\nfrom pathlib import Path\nPath('pid').write_text(str(os.getpid()))",
        "import time\ntime.sleep(600)",
    )
    main = threading.main_thread().ident
    assert main is not None

    def interrupt(number: int, _total: int, cell: CellRun | None) -> None:
        if number == 2 and cell is None:
            signal.pthread_kill(main, signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        run_notebook(path, output=tmp_path / "executed.ipynb", progress=interrupt)
    assert isinstance(caught.value, RunInterruptedError)
    assert [each.number for each in caught.value.run.cells] == [1]
    assert caught.value.run.failure == "interrupted in cell 2"
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert (tmp_path / "executed.ipynb").exists()


def test_extension_is_loaded(
    write_notebook: WriteNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells are measured also where kernels do not load the extension themselves."""
    monkeypatch.setenv("JUPYTER_MEMKIT_AUTOLOAD", "0")
    assert len(run_notebook(write_notebook("x = 1")).cells) == 1


def test_deep_temporary_folder(
    write_notebook: WriteNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no path of a socket is short enough, the kernel listens to ports."""
    folder = tmp_path / ("deep" * 40)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert len(run_notebook(write_notebook("x = 1")).cells) == 1


def test_no_notebook(tmp_path: Path, write_notebook: WriteNotebook) -> None:
    """What cannot be run is refused in one sentence."""
    with pytest.raises(MemkitError, match="cannot be read"):
        run_notebook(tmp_path / "none.ipynb")
    text = tmp_path / "text.ipynb"
    text.write_text("hello")
    with pytest.raises(MemkitError, match="is not a notebook"):
        run_notebook(text)
    with pytest.raises(MemkitError, match="there is no kernel 'cobol'"):
        run_notebook(write_notebook("x = 1"), kernel="cobol")
    empty = run_notebook(write_notebook())
    assert (empty.failure, empty.cells) == (None, ())


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("cells", 0, "source"), 3, "3 is not of type 'string'"),
        (("cells", 0, "source"), None, "None is not of type 'string'"),
        (("cells", 0, "source"), "\ud800", "does not match"),
        (("cells", 0, "metadata", "tags"), None, "None is not of type 'array'"),
        (("metadata", "kernelspec"), "python3", "is not of type 'object'"),
        (("metadata", "kernelspec", "name"), 3, "3 is not of type 'string', 'null'"),
    ],
)
def test_value_of_another_type(
    write_notebook: WriteNotebook, place: tuple[Any, ...], value: object, fault: str
) -> None:
    """A value that the run could not use is named with its place before it starts."""
    kernel = {"name": "python3", "display_name": "Python"}
    path = write_notebook("x = 1", kernelspec=kernel)
    notebook = json.loads(path.read_text())
    part = notebook
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    path.write_text(json.dumps(notebook))
    with pytest.raises(MemkitError) as refused:
        run_notebook(path)
    where = "".join(f"[{key!r}]" for key in place)
    assert fault in str(refused.value)
    assert f"(notebook{where})" in str(refused.value)


@pytest.mark.parametrize("missing", ["cell_type", "source"])
def test_cell_without_a_part(write_notebook: WriteNotebook, missing: str) -> None:
    """A cell without what the run needs is refused as well."""
    path = write_notebook("x = 1")
    notebook = json.loads(path.read_text())
    del notebook["cells"][0][missing]
    path.write_text(json.dumps(notebook))
    with pytest.raises(MemkitError, match=f"'{missing}' is a required property"):
        run_notebook(path)


def test_cell_that_only_looks_wrong(write_notebook: WriteNotebook) -> None:
    """What the format does not allow, and Jupyter runs, is run."""
    path = write_notebook("x = 1")
    notebook = json.loads(path.read_text())
    (cell,) = notebook["cells"]
    del cell["outputs"], cell["execution_count"]
    cell |= {"id": "a b", "of_another_program": 1}
    path.write_text(json.dumps(notebook))
    run = run_notebook(path)
    assert (run.failure, len(run.cells)) == (None, 1)


def test_json(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    """A run is equal after it was stored as JSON."""
    run = run_notebook(write_notebook("x = 1"))
    path = tmp_path / "run.json"
    path.write_text(json.dumps(run.to_dict()))
    assert read_run(path) == run
    path.write_text("{}")
    with pytest.raises(MemkitError, match="is not the JSON of a run"):
        read_run(path)
    with pytest.raises(MemkitError, match="cannot be read"):
        read_run(tmp_path / "none.json")
