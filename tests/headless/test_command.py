"""``jupyter memkit``, and the tests of notebooks in pytest."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_memkit.headless.command import main
from jupyter_memkit.headless.compare import compare_runs
from jupyter_memkit.headless.page import build_page
from jupyter_memkit.headless.records import CellRun, NotebookRun
from jupyter_memkit.headless.report import build_comparison, build_report
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.track.history import Sample
from tests.headless.conftest import WriteNotebook

pytestmark = pytest.mark.traced_children

MIB = 1 << 20


def cell(number: int, line: str, *, rise_mib: int, **others: object) -> CellRun:
    """Return a cell that starts at 100 MiB."""
    fields = {
        "number": number,
        "execution_count": number,
        "first_line": line,
        "started_s": 1000.0 + number,
        "duration_s": 0.5,
        "before_bytes": 100 * MIB,
        "after_bytes": 101 * MIB,
        "peak_bytes": (100 + rise_mib) * MIB,
        "exact": True,
        "children_peak_bytes": 0,
        "gpu_peak_bytes": None,
        "gc_s": 0.1,
        "error": None,
        "variables": {"df": 60 * MIB, "n": 32},
    }
    return CellRun(**(fields | others))  # type: ignore[arg-type] # as the fields are


def notebook_run(*cells: CellRun, **others: object) -> NotebookRun:
    """Return a run of these cells."""
    fields = {
        "notebook": "a.ipynb",
        "version": "1.0",
        "cells": cells,
        "samples": tuple(
            Sample(
                t_s=each.started_s,
                rss_bytes=each.before_bytes,
                peak_bytes=each.peak_bytes,
                children_bytes=0,
            )
            for each in cells
        ),
        "gauge": Gauge(
            limit_bytes=4096 * MIB, used_bytes=200 * MIB, name="cgroup", covers="family"
        ),
        "highest_bytes": max((each.highest_bytes for each in cells), default=0),
        "runner_bytes": 80 * MIB,
    }
    return NotebookRun(**(fields | others))  # type: ignore[arg-type] # as the fields are


def test_run(
    write_notebook: WriteNotebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command writes the figures, the page and the copy, and fails above a size."""
    path = write_notebook("block = bytes(30 << 20)", "x = 1")
    target = tmp_path / "run"
    arguments = [
        "run",
        str(path),
        "--json",
        f"{target}.json",
        "--html",
        f"{target}.html",
    ]
    assert main([*arguments, "--max-peak", "4GB"]) == 0
    printed = capsys.readouterr()
    assert f"{path} needs" in printed.out
    assert printed.err.count("block = bytes(30 << 20)") == 1
    stored = json.loads((tmp_path / "run.json").read_text())
    assert [each["number"] for each in stored["cells"]] == [1, 2]
    assert "<svg" in (tmp_path / "run.html").read_text()
    assert main(["run", str(path), "--max-peak", "20MB"]) == 1
    assert (
        "more than 20 MB (19.1 MiB): block = bytes(30 << 20)" in capsys.readouterr().err
    )
    assert main(["compare", f"{target}.json", f"{target}.json"]) == 0
    assert "nothing takes more memory" in capsys.readouterr().out


def test_interrupted_run_is_reported(
    write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    """After Ctrl-C the figures of the cells that ended are written and printed."""
    path = write_notebook("first = 1", "import time\ntime.sleep(600)")
    target = tmp_path / "run"
    files = ["--json", f"{target}.json", "--html", f"{target}.html"]
    command = [sys.executable, "-m", "jupyter_memkit.headless.command"]
    with subprocess.Popen(
        [*command, "run", str(path), *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any("first = 1" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate()
    assert process.returncode == 130
    assert "interrupted in cell" in printed
    stored = json.loads((tmp_path / "run.json").read_text())
    assert [each["number"] for each in stored["cells"]] == [1]
    assert "<svg" in (tmp_path / "run.html").read_text()


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong file or folder is refused before a kernel starts, in one sentence."""
    assert main(["run", "a.ipynb", "--json", str(tmp_path / "none" / "a.json")]) == 2
    assert "does not exist; create it first" in capsys.readouterr().err
    for option in ("--json", "--html", "--output"):
        assert main(["run", "a.ipynb", option, str(tmp_path)]) == 2
        assert "is a folder; name a file in it" in capsys.readouterr().err
    assert main(["run", str(tmp_path / "none.ipynb")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["run", "a.ipynb", "--max-peak", "500"])
    assert "did you mean 500MB?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ([sys.executable, "-c", "raise SystemExit('broken')"], "Kernel died .* above"),
        (["/no/such/python"], "No such file or directory: '/no/such/python'"),
    ],
)
def test_kernel_does_not_start(
    command: list[str],
    error: str,
    tmp_path: Path,
    write_notebook: WriteNotebook,
) -> None:
    """A kernel that ends at its start is named in one sentence, also on exit."""
    kernel = tmp_path / "data" / "kernels" / "broken"
    kernel.mkdir(parents=True)
    described = {"argv": command, "display_name": "Broken", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(described))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "jupyter_memkit.headless.command", "run"),
            *(write_notebook("x = 1"), "--kernel", "broken"),
        ],
        env=os.environ | {"JUPYTER_DATA_DIR": str(tmp_path / "data")},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    lines = [each for each in done.stderr.splitlines() if each != "broken"]
    (message,) = lines
    assert re.search(f"the kernel 'broken' did not start: .*{error}", message)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder without writers")
def test_folder_without_permission(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder in which nobody can write, root included, is refused before the run."""
    assert main(["run", "a.ipynb", "--json", "/proc/self/run.json"]) == 2
    assert "'/proc/self/run.json' cannot be written" in capsys.readouterr().err


def test_files_of_any_kind_are_written(
    write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    """The check of a target leaves an existing file as it is, and no other behind."""
    path = write_notebook("1 / 0")
    target = tmp_path / "targets" / "run.json"
    target.parent.mkdir()
    target.write_text("before")
    link = tmp_path / "link.json"
    link.symlink_to(target)
    assert main(["run", "none.ipynb", "--json", str(link)]) == 2
    assert target.read_text() == "before"
    assert main(["run", str(path), "--json", str(link), "--html", os.devnull]) == 1
    assert json.loads(target.read_text())["cells"]
    assert [each.name for each in target.parent.iterdir()] == ["run.json"]


def test_report_is_printed_before_files_are_written(
    write_notebook: WriteNotebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that became impossible to write takes neither the report nor others."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = write_notebook(f"import os\nos.rmdir({str(folder)!r})")
    gone = [*("--json", str(folder / "a.json")), *("--output", str(folder / "a.ipynb"))]
    page = tmp_path / "a.html"
    assert main(["run", str(path), *gone, "--html", str(page)]) == 2
    printed = capsys.readouterr()
    assert f"{path} needs" in printed.out
    assert "a.json' cannot be written" in printed.err
    assert "a.ipynb' cannot be written" in printed.err
    assert "<svg" in page.read_text()


def test_comparison_with_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure that the earlier run did not have is worse, and the headline."""
    died = "the kernel died in cell 2: killed by signal 9 at {} MiB"
    whole = notebook_run(cell(1, "import", rise_mib=10), cell(2, "fit", rise_mib=20))
    failed = notebook_run(cell(1, "import", rise_mib=90), failure=died.format(150))
    again = notebook_run(cell(1, "import", rise_mib=90), failure=died.format(151))
    other = notebook_run(cell(1, "import", rise_mib=90), failure="cell 2 raised X: y")
    title = f"a.ipynb failed: {failed.failure}"
    for before, after, is_worse, expected in (
        (whole, failed, True, title),
        (other, failed, True, title),
        (again, failed, False, "nothing takes more memory"),
        (failed, whole, False, "nothing takes more memory"),
    ):
        compared = compare_runs(before, after)
        assert compared.is_worse is is_worse
        assert build_comparison(compared).title == expected
    files = []
    for name, run in (("whole", whole), ("failed", failed)):
        files.append(str(tmp_path / f"{name}.json"))
        (tmp_path / f"{name}.json").write_text(json.dumps(run.to_dict()))
    assert main(["compare", *files]) == 1
    assert capsys.readouterr().out.startswith(title)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        (None, "runner_bytes", "12"),
        (None, "highest_bytes", 1.5),
        (None, "highest_bytes", 10**400),
        (None, "failure", 5),
        ("cells", "peak_bytes", True),
        ("cells", "duration_s", float("nan")),
        ("cells", "first_line", ["a"]),
        ("cells", "variables", {"df": None}),
        ("samples", "t_s", float("inf")),
    ],
)
def test_damaged_run(
    part: str | None,
    name: str,
    value: object,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file whose values have other types than those of a run is refused."""
    stored = notebook_run(cell(1, "import", rise_mib=10)).to_dict()
    (stored if part is None else stored[part][0])[name] = value
    (tmp_path / "run.json").write_text(json.dumps(stored))
    assert main(["compare", *[str(tmp_path / "run.json")] * 2]) == 2
    assert "is not the JSON of a run; write one with" in capsys.readouterr().err


def test_comparison() -> None:
    """Cells are matched by their lines; one that rises higher is worse."""
    before = notebook_run(
        cell(1, "import", rise_mib=10),
        cell(2, "old", rise_mib=5),
        cell(3, "fit", rise_mib=200),
    )
    after = notebook_run(
        cell(1, "import", rise_mib=12),
        cell(2, "new", rise_mib=500),
        cell(3, "fit", rise_mib=220),
    )
    compared = compare_runs(before, after)
    assert [
        (
            each.before and each.before.first_line,
            each.after and each.after.first_line,
            each.is_worse,
        )
        for each in compared.cells
    ] == [
        ("import", "import", False),
        ("old", None, False),
        (None, "new", False),
        ("fit", "fit", True),
    ]
    assert compared.is_worse
    assert compared.needs_more
    text = build_comparison(compared).text()
    assert text.startswith("1 cell takes more memory")
    assert "+20.0 MiB worse" in text
    same = compare_runs(before, before)
    assert not same.is_worse
    assert build_comparison(same).title == "nothing takes more memory"
    assert not compare_runs(before, after, tolerance=0.5).cells[3].is_worse


def test_report() -> None:
    """The report names the need and the highest cell; small variables are left out."""
    cells = (
        cell(1, "small", rise_mib=1),
        cell(2, "<b>large</b>", rise_mib=50, gpu_peak_bytes=MIB, exact=False),
        cell(3, "bad", rise_mib=0, error="ValueError"),
    )
    run = notebook_run(*cells)
    text = build_report(run).text()
    assert text.startswith("a.ipynb needs 256.0 MiB; memory is highest in cell 2")
    assert "3 failed" in text
    assert "150.0 MiB sampled" in text
    assert "df 60.0 MiB" in text
    assert "32 B" not in text
    page = build_page(run)
    assert "&lt;b&gt;large&lt;/b&gt;" in page
    assert "<b>large" not in page
    failed = dataclasses.replace(run, failure="cell 3 raised ValueError: x")
    assert build_report(failed).title == "a.ipynb failed: cell 3 raised ValueError: x"
    assert build_report(notebook_run()).title == "a.ipynb has no code"
    assert "<svg" not in build_page(notebook_run())


def compare_elsewhere(
    tmp_path: Path, line: str, *, encoding: str = "", out: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Compare a run with itself in another process."""
    path = tmp_path / "run.json"
    path.write_text(json.dumps(notebook_run(cell(1, line, rise_mib=1)).to_dict()))
    command = [sys.executable, "-m", "jupyter_memkit.headless.command"]
    return subprocess.run(
        [*command, "compare", str(path), str(path)],
        env=dict(os.environ) | {"PYTHONIOENCODING": encoding},
        stdout=out or subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_letters_that_the_terminal_does_not_have(tmp_path: Path, encoding: str) -> None:
    """They are printed as numbers, as in a pipe on Windows, and the report is whole."""
    done = compare_elsewhere(tmp_path, "名 = '\udce9'", encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    expected = "名 = '\udce9'".encode(encoding, "backslashreplace")
    assert expected in done.stdout
    assert done.stdout.rstrip().endswith(b"child processes included.")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is full")
def test_report_that_cannot_be_printed(tmp_path: Path) -> None:
    """A full disk behind the output is one sentence."""
    with Path("/dev/full").open("wb") as full:
        done = compare_elsewhere(tmp_path, "x = 1", out=full.fileno())
    sentence = b"the report cannot be printed (No space left on device)"
    assert done.returncode == 2
    assert done.stderr.rstrip() == b"jupyter memkit: " + sentence


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["run", "a.ipynb", "--max-peek", "2GB"],
            "--max-peek; did you mean --max-peak?",
        ),
        (["run", "--memory", "2GB", "a.ipynb"], "--memory; did you mean --max-peak?"),
        (["compare", "a", "b", "--tolerence=1"], "did you mean --tolerance?"),
        (["tour", "--zzz"], "there is no option --zzz; --help lists them"),
    ],
)
def test_misspelt_option(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that does not exist gets the nearest one of its command."""
    with pytest.raises(SystemExit):
        main(words)
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.startswith(f"usage: jupyter memkit {words[0]}")


CONFTEST = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if "marked" in item.nodeid:
            item.add_marker(pytest.mark.memkit_max("4GB"))
"""


def test_pytest(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    """Each notebook is a test with the size of the option, its metadata, or a mark."""
    code = "block = bytes(30 << 20)"
    write_notebook(code, name="large.ipynb")
    write_notebook(code, name="allowed.ipynb", jupyter_memkit={"max_peak": "4GB"})
    write_notebook(code, name="marked.ipynb")
    write_notebook("1 / 0", name="broken.ipynb")
    write_notebook(code, name="many.ipynb", jupyter_memkit={"max_peak": "lots"})
    write_notebook(code, name="number.ipynb", jupyter_memkit={"max_peak": 4})
    (tmp_path / "conftest.py").write_text(CONFTEST)
    command = [sys.executable, "-m", "pytest", "-q", str(tmp_path)]
    checked = subprocess.run(
        [*command, "--memkit-max", "20MB"], capture_output=True, text=True, check=False
    )
    assert "4 failed, 2 passed" in checked.stdout
    place = "max_peak of jupyter_memkit in the notebook's metadata"
    assert f"{place}: 'lots' is not a size" in checked.stdout
    assert f"{place}: '4' has no unit; did you mean 4MB?" in checked.stdout
    assert "pluggy" not in checked.stdout
    assert "more than 20 MB (19.1 MiB): block = bytes(30 << 20)" in checked.stdout
    assert "cell 1 raised ZeroDivisionError" in checked.stdout
    assert "Traceback" not in checked.stdout
    # Without the option, notebooks are not tests.
    without = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "no tests ran" in without.stdout
    wrong = subprocess.run(
        [*command, "--memkit-max", "20"], capture_output=True, text=True, check=False
    )
    assert "did you mean 20MB?" in wrong.stderr
