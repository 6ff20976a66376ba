"""The magics of the collector, in a shell."""

from __future__ import annotations

import gc
import traceback
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.magics.gc_pause import GcPauseMagics
from jupyter_memkit.show.gc_pause import build_report
from jupyter_memkit.techniques.gc_pause import GcPause, gc_pause

Captured = pytest.CaptureFixture[str]


def run(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell as a notebook does."""
    return shell.run_cell(cell, store_history=True)


def test_cell(shell: InteractiveShell) -> None:
    """The collector is off in the cell, and only there."""
    run(shell, "%%gc_pause\nimport gc\nseen = gc.isenabled()")
    assert shell.user_ns["seen"] is False
    assert gc.isenabled()


def test_last_expression(shell: InteractiveShell, capsys: Captured) -> None:
    """The last expression is the result of the cell, under the cell's number."""
    run(shell, "1")
    capsys.readouterr()
    result = run(shell, "%%gc_pause --no-collect\nx = 6\nx * 7")
    assert result.result == 42
    assert shell.user_ns["Out"][2] == 42
    assert shell.user_ns["_"] == 42
    assert capsys.readouterr().out.startswith("Out[2]: 42\n")
    assert shell.execution_count == 3


def test_semicolon(shell: InteractiveShell, capsys: Captured) -> None:
    """A semicolon at the end hides the value."""
    run(shell, "%%gc_pause\n42;")
    assert "42" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("interactivity", "shown"),
    [
        ("all", ["1", "3"]),
        ("last", ["3"]),
        ("last_expr", ["3"]),
        ("none", []),
        ("last_expr_or_assign", ["3"]),
    ],
)
def test_interactivity(
    shell: InteractiveShell, capsys: Captured, interactivity: str, shown: list[str]
) -> None:
    """What is shown of a cell is what the user has set."""
    shell.ast_node_interactivity = interactivity
    run(shell, "%%gc_pause\n1\nx = 2\n3")
    lines = capsys.readouterr().out.splitlines()
    assert [
        line.partition(": ")[2] for line in lines if line.startswith("Out")
    ] == shown


def test_assignment_is_shown(shell: InteractiveShell, capsys: Captured) -> None:
    """An assignment at the end is shown where the user has set that."""
    shell.ast_node_interactivity = "last_expr_or_assign"
    run(shell, "%%gc_pause\nx = 2")
    assert "Out[1]: 2" in capsys.readouterr().out


def test_report(shell: InteractiveShell, capsys: Captured) -> None:
    """The cell ends with its figures."""
    run(shell, "%%gc_pause\nrows = [{} for _ in range(100_000)]")
    out = capsys.readouterr().out
    assert "Garbage collector: paused for" in out
    assert "closing collection" in out


def test_strings_of_several_lines(shell: InteractiveShell) -> None:
    """The text of the cell is not touched."""
    run(shell, '%%gc_pause\nif True:\n    text = """a\n  b\n"""')
    assert shell.user_ns["text"] == "a\n  b\n"


def test_other_magics(shell: InteractiveShell) -> None:
    """Magics work in the cell, also a second one for the cell."""
    run(shell, "%%gc_pause\n%%capture captured\nprint('hidden')")
    assert shell.user_ns["captured"].stdout == "hidden\n"


def test_counts_as_one_cell(shell: InteractiveShell) -> None:
    """The events of a cell fire once."""
    cells: list[str] = []

    def note(info: Any) -> None:
        cells.append(info.raw_cell)

    shell.events.register("pre_run_cell", note)
    run(shell, "%%gc_pause\n1")
    shell.events.unregister("pre_run_cell", note)
    assert cells == ["%%gc_pause\n1"]


def test_cell_raises(shell: InteractiveShell, capsys: Captured) -> None:
    """The error is shown once, with the cell's own lines, and the cell has failed."""
    result = run(shell, "%%gc_pause\n\nx = 1\n1 / 0  # here")
    captured = capsys.readouterr()
    shown = captured.out + captured.err
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert not result.success
    assert shown.count("division by zero") == 1
    frames = traceback.extract_tb(result.error_in_exec.__traceback__)
    assert frames[-1].lineno == 4
    assert "# here" in shown
    assert gc.isenabled()


def test_cell_is_interrupted(shell: InteractiveShell, capsys: Captured) -> None:
    """Ctrl-C ends the pause and fails the cell."""
    result = run(
        shell,
        "%%gc_pause\nimport _thread\n_thread.interrupt_main()\n"
        "for _ in range(10**6): 0",
    )
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert gc.isenabled()
    assert "KeyboardInterrupt" in "".join(capsys.readouterr())


def test_syntax_error(shell: InteractiveShell, capsys: Captured) -> None:
    """A cell that is no Python fails as it would without the magic."""
    result = run(shell, "%%gc_pause\nx = = 1")
    assert isinstance(result.error_in_exec, SyntaxError)
    assert result.error_in_exec.lineno == 2
    assert "SyntaxError" in "".join(capsys.readouterr())


def test_switch(shell: InteractiveShell) -> None:
    """On pauses over cells until off."""
    run(shell, "%gc_pause on")
    assert not gc.isenabled()
    assert shell.run_line_magic("gc_pause", "status").paused_by == "%gc_pause on"
    assert shell.run_line_magic("gc_pause", "").paused_by == "%gc_pause on"
    assert isinstance(shell.run_line_magic("gc_pause", "off"), GcPause)
    assert gc.isenabled()


def test_close(bare_shell: InteractiveShell) -> None:
    """Closing the magics ends a standing pause."""
    magics = GcPauseMagics(bare_shell)
    magics.magics["line"]["gc_pause"]("on")
    magics.close()
    assert gc.isenabled()


@pytest.mark.parametrize("word", ["of", "pause", "1"])
def test_wrong_word(shell: InteractiveShell, word: str) -> None:
    """A wrong word is refused with the three that are known."""
    with pytest.raises(UsageError, match="write on, off or status"):
        shell.run_line_magic("gc_pause", word)


def test_word_above_a_cell(shell: InteractiveShell) -> None:
    """A cell takes no word; nothing is run."""
    with pytest.raises(UsageError, match="takes no word; delete 'on'"):
        shell.run_cell_magic("gc_pause", "on", "ran = True")
    assert "ran" not in shell.user_ns


def test_unknown_option(shell: InteractiveShell) -> None:
    """An unknown option is named."""
    with pytest.raises(UsageError, match="--fast"):
        shell.run_line_magic("gc_pause", "--fast")


def test_report_of_a_pause_under_another() -> None:
    """A pause without figures says where they are."""
    with gc_pause(collect=False), gc_pause() as inner:
        pass
    report = build_report(inner)
    assert dict(report.rows) == {
        "collections avoided": "unknown",
        "closing collection": "none",
    }
    assert report.notes == (
        "Another pause goes on; the last one to end has the figures.",
    )


def test_report_of_an_unended_pause() -> None:
    """A pause that has not ended has no figures to show."""
    assert build_report(GcPause()).title.endswith("has not ended")
