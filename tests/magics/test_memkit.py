"""%memkit in a shell."""

from __future__ import annotations

import gc

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show.status import Status


def test_status_is_a_result(shell: InteractiveShell) -> None:
    """The status can be used from code, and counts the cells before it."""
    shell.run_cell("x = 1", store_history=True)
    status = shell.run_line_magic("memkit", "")
    assert isinstance(status, Status)
    assert status.cells == 1
    assert status.gc_enabled == gc.isenabled()
    assert status.reading.rss_bytes > 0


def test_status_is_shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal it is shown as text."""
    shell.run_cell("%memkit", store_history=True)
    assert "in use" in capsys.readouterr().out


def test_wrong_argument(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A word that it does not know is named in a sentence."""
    shell.run_cell("%memkit now", store_history=True)
    assert "UsageError: unrecognized arguments: now" in capsys.readouterr().err
