"""``breakpoint()`` in an isolated cell."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

pytestmark = pytest.mark.traced_children


@pytest.mark.parametrize("cell", ["breakpoint()", "breakpoint()\n1"])
def test_breakpoint(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    """A breakpoint is refused before a debugger shows anything."""
    error = shell.run_cell(f"%%isolated\n{cell}").error_in_exec
    assert "breakpoint() cannot be answered in another process" in str(error)
    assert "--Call--" not in capsys.readouterr().out


def test_breakpoint_switched_off(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTHONBREAKPOINT has the effect that it has in the kernel."""
    monkeypatch.setenv("PYTHONBREAKPOINT", "0")
    assert shell.run_cell("%%isolated\nbreakpoint()\n1").result == 1
    monkeypatch.setenv("PYTHONBREAKPOINT", "builtins.len")
    assert shell.run_cell("%%isolated\nbreakpoint('abc')").result == 3
