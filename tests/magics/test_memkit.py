"""%memkit in a shell."""

from __future__ import annotations

import csv
import gc
import os
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show.status import Status


def test_status_is_a_result(shell: InteractiveShell) -> None:
    """The status can be used in code, and counts the cells before it."""
    shell.run_cell("x = 1", store_history=True)
    status = shell.run_line_magic("memkit", "")
    assert isinstance(status, Status)
    assert status.cells == 1
    assert status.collector.enabled == gc.isenabled()
    assert status.reading.rss_bytes > 0


def test_status_is_shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal it is displayed as text."""
    shell.run_cell("%memkit", store_history=True)
    assert "in use" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "now",
            "%memkit does not accept 'now'; write %memkit for the status, %memkit",
        ),
        ("processes all", "%memkit does not accept 'processes all'; write %memkit"),
        (
            "export",
            "name the file: %memkit export session.html, history.json or cells.csv",
        ),
        ("--budget 20s", "--budget applies to %memkit advice only; leave it out"),
        ("live --budget 20s", "--budget applies to %memkit advice only"),
        ("export cells.xls", "'cells.xls' must end in .html, .json or .csv"),
        ("export a.csv b.csv", "%memkit does not accept 'b.csv' here"),
    ],
)
def test_mistake(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    line: str,
    expected: str,
) -> None:
    """A usage error is one sentence with the remedy."""
    shell.run_cell(f"%memkit {line}", store_history=True)
    assert f"UsageError: {expected}" in capsys.readouterr().err


@pytest.mark.own_process
@pytest.mark.parametrize("magic", ["memkit advice", "memleaks"])
def test_budget_of_a_search(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], magic: str
) -> None:
    """A search that was cut names the call that takes longer, which is accepted."""
    shell.run_cell(f"%{magic} --budget 0.000000001s", store_history=True)
    out = capsys.readouterr().out
    assert f"%{magic} --budget 20s extends it" in out
    name, _, rest = magic.partition(" ")
    found = shell.run_line_magic(name, f"{rest} --budget 1h".strip())
    assert found.complete
    assert shell.display_formatter is not None
    shown, _ = shell.display_formatter.format(found)
    assert shown["text/plain"].startswith("no hints")
    assert "no hints" in shown["text/html"]


@pytest.mark.own_process
def test_processes(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """The kernel's process is listed with its id."""
    shell.run_cell("%memkit processes", store_history=True)
    out = capsys.readouterr().out
    assert "the kernel and 0 child processes" in out
    assert str(os.getpid()) in out


@pytest.mark.parametrize("name", ["cells.csv", "my cells.csv"])
def test_export(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
) -> None:
    """The finished cells are exported, and the file is reported."""
    shell.run_cell("first = 1", store_history=True)
    path = tmp_path / name
    shell.run_cell(f'%memkit export "{path}"', store_history=True)
    assert f"wrote {path}: " in capsys.readouterr().out
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert row["first_line"] == "first = 1"
