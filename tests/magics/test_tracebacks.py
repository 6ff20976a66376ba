"""The tracebacks of cells that fail in a magic."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.mark.parametrize(
    "magic",
    [
        "%%chunked numbers --rows 2",
        "%%gc_pause",
        "%%isolated",
        "%%mem",
        "%%memguard 95%",
    ],
)
def test_cells_show_their_own_lines(
    shell: InteractiveShell, magic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The traceback shows the line of the cell, and no frame of ours."""
    shell.user_ns["numbers"] = range(4)
    assert not shell.run_cell(f"{magic}\nsum([1])\n1 / 0").success
    shown = capsys.readouterr().out
    assert "1 / 0" in shown
    assert "jupyter_memkit" not in shown
    assert "contextlib" not in shown
