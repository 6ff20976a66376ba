"""The tracebacks of cells that fail in a magic."""

from __future__ import annotations

import re

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


def test_ctrl_c_shows_the_call(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """After Ctrl-C in our own code, only the line of the cell is shown."""

    def interrupt(*_: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jupyter_memkit.magics.memfree.parse_line", interrupt)
    assert not shell.run_cell("x = 1\n%memfree x").success
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "'memfree', 'x'" in shown
    assert "KeyboardInterrupt" in shown
    assert "jupyter_memkit" not in shown


@pytest.mark.parametrize(
    "code",
    [
        "%%chunked numbers --rows 2\nsignal.raise_signal(signal.SIGINT)",
        "memkit.chunked(numbers, rows=2).map(interrupt).reduce('sum')",
    ],
)
def test_ctrl_c_in_a_chunk_shows_its_line(
    shell: InteractiveShell, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """After Ctrl-C in the user's code, the last frame shown is the user's."""
    shell.user_ns["numbers"] = range(4)
    setup = "import signal, jupyter_memkit as memkit\n"
    setup += "def interrupt(chunk): signal.raise_signal(signal.SIGINT)"
    assert shell.run_cell(setup).success
    assert not shell.run_cell(code).success
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "signal.raise_signal(signal.SIGINT)" in shown
    assert "interrupts.py" not in shown
