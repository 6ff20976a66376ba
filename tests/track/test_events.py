"""Cells of a real shell and their records."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.tracker import tracker

MIB = 1024 * 1024


def run(shell: InteractiveShell, code: str) -> None:
    """Run a cell as a notebook does."""
    shell.run_cell(code, store_history=True)


def only_cell() -> CellRecord:
    """The one cell that was recorded."""
    (record,) = tracker().cells
    return record


def test_cell_is_recorded(shell: InteractiveShell) -> None:
    """A cell has its number, its first line and no error."""
    shell.run_cell("\n\nx = 1\ny = 2", store_history=True, cell_id="c-1")
    record = only_cell()
    assert record.execution_count == 1
    assert record.cell_id == "c-1"
    assert record.first_line == "x = 1"
    assert record.error is None


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform != "linux", reason="exact figures are of Linux")
def test_peak_of_a_real_cell(shell: InteractiveShell) -> None:
    """Memory that a cell allocated and freed is in its peak, but not in its delta."""
    run(shell, "block = b'x' * (200 << 20); del block")
    record = only_cell()
    assert abs(record.peak_bytes - record.before_bytes - 200 * MIB) < 4 * MIB
    assert abs(record.after_bytes - record.before_bytes) < 4 * MIB
    assert record.exact


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        # What could be freed is searched for, among all objects of the process.
        pytest.param("raise MemoryError", "MemoryError", marks=pytest.mark.own_process),
        ("x = = 1", "SyntaxError"),
        ("%no_such_magic", "UsageError"),
    ],
)
def test_failed_cell_is_recorded(
    shell: InteractiveShell, code: str, error: str
) -> None:
    """A cell that fails is recorded with the name of its error."""
    run(shell, code)
    assert only_cell().error == error


@pytest.mark.filterwarnings("ignore:To exit")
def test_system_exit_is_recorded(shell: InteractiveShell) -> None:
    """A cell that calls exit is recorded with an error."""
    run(shell, "raise SystemExit")
    assert only_cell().error == "SystemExit"


def test_cell_that_starts_cells_counts_once(shell: InteractiveShell) -> None:
    """A nested cell belongs to the cell that started it."""
    run(shell, "get_ipython().run_cell('1 + 1')")
    assert only_cell().first_line == "get_ipython().run_cell('1 + 1')"


def test_run_magic_counts_once(shell: InteractiveShell, tmp_path: Path) -> None:
    """A notebook run by %run belongs to the cell."""
    script = tmp_path / "script.ipy"
    script.write_text("x = 1\n")
    run(shell, f"%run {script}")
    assert len(tracker().cells) == 1


def test_async_cell(shell: InteractiveShell) -> None:
    """A cell that awaits is recorded like others."""
    run(shell, "import asyncio\nawait asyncio.sleep(0)")
    assert only_cell().error is None


def test_empty_and_silent_cells_do_not_count(shell: InteractiveShell) -> None:
    """Empty and silent cells are not recorded."""
    run(shell, "  \n")
    shell.run_cell("x = 1", silent=True)
    assert tracker().cells == []


def test_cell_outside_the_history_has_no_number(shell: InteractiveShell) -> None:
    """Code that a front end runs for itself has no execution count."""
    shell.run_cell("x = 1", store_history=False)
    assert only_cell().execution_count is None


def test_cell_after_an_error_is_on_its_own(shell: InteractiveShell) -> None:
    """A failed cell leaves no record open."""
    run(shell, "1 / 0")
    run(shell, "x = 1")
    assert [record.error for record in tracker().cells] == ["ZeroDivisionError", None]
    assert tracker().running is None


def test_broken_account_never_breaks_the_cell(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If recording fails, the cell still runs."""

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(tracker(), "begin_cell", fail)
    result = shell.run_cell("6 * 7", store_history=True)
    assert result.result == 42
