"""The collector's magics in a shell."""

from __future__ import annotations

import gc
import traceback
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.magics.gc_pause import GcPauseMagics
from jupyter_memkit.show.gc_pause import build_report
from jupyter_memkit.techniques.gc_pausing.pause import GcPause, gc_pause

Captured = pytest.CaptureFixture[str]


def run(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell as a notebook does."""
    return shell.run_cell(cell, store_history=True)


def test_cell(shell: InteractiveShell) -> None:
    """The collector is paused during the cell, and only then."""
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
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Garbage collector")
    assert not [line for line in lines if line.startswith("Out")]


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
    """Which values of a cell are displayed is the user's setting."""
    shell.ast_node_interactivity = interactivity
    run(shell, "%%gc_pause\n1\nx = 2\n3")
    lines = capsys.readouterr().out.splitlines()
    assert [
        line.partition(": ")[2] for line in lines if line.startswith("Out")
    ] == shown


def test_assignment_is_shown(shell: InteractiveShell, capsys: Captured) -> None:
    """An assignment at the end is displayed if the user has set that."""
    shell.ast_node_interactivity = "last_expr_or_assign"
    run(shell, "%%gc_pause\nx = 2")
    assert "Out[1]: 2" in capsys.readouterr().out


def test_report(shell: InteractiveShell, capsys: Captured) -> None:
    """The figures are shown below the cell."""
    run(shell, "%%gc_pause\nrows = [{} for _ in range(100_000)]")
    out = capsys.readouterr().out
    assert "Garbage collector: paused for" in out
    assert "closing collection" in out


def test_strings_of_several_lines(shell: InteractiveShell) -> None:
    """The text of the cell is not changed."""
    run(shell, '%%gc_pause\nif True:\n    text = """a\n  b\n"""')
    assert shell.user_ns["text"] == "a\n  b\n"


def test_other_magics(shell: InteractiveShell) -> None:
    """Magics work in the cell, including a second cell magic."""
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
    """The error is shown once, with the cell's own lines, and the cell fails."""
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
    """A cell with a syntax error fails as it would without the magic."""
    result = run(shell, "%%gc_pause\nx = = 1")
    assert isinstance(result.error_in_exec, SyntaxError)
    assert result.error_in_exec.lineno == 2
    assert "SyntaxError" in "".join(capsys.readouterr())


def test_switch(shell: InteractiveShell) -> None:
    """``on`` pauses over cells until ``off``."""
    run(shell, "%gc_pause on")
    assert not gc.isenabled()
    assert shell.run_line_magic("gc_pause", "status").paused_by == "%gc_pause on"
    assert "already" in shell.run_line_magic("gc_pause", "").note
    assert isinstance(shell.run_line_magic("gc_pause", "off"), GcPause)
    assert gc.isenabled()


def test_close(bare_shell: InteractiveShell) -> None:
    """Closing the magics ends a pause."""
    magics = GcPauseMagics(bare_shell)
    magics.magics["line"]["gc_pause"]("on")
    magics.close()
    assert gc.isenabled()


@pytest.mark.parametrize("word", ["of", "pause", "1"])
def test_wrong_word(shell: InteractiveShell, word: str) -> None:
    """An unknown action is refused, with a list of the known ones."""
    with pytest.raises(UsageError, match="write on, off, status or report"):
        shell.run_line_magic("gc_pause", word)


def test_word_above_a_cell(shell: InteractiveShell) -> None:
    """An action above a cell is refused, and nothing is run."""
    with pytest.raises(UsageError, match="for its cell; delete 'on'"):
        shell.run_cell_magic("gc_pause", "on", "ran = True")
    assert "ran" not in shell.user_ns


def test_unknown_option(shell: InteractiveShell) -> None:
    """An unknown option is named."""
    with pytest.raises(UsageError, match="--fast"):
        shell.run_line_magic("gc_pause", "--fast")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("off --freeze", "options belong to %gc_pause on"),
        ("status --threshold 5", "options belong to %gc_pause on"),
        ("on --threshold 5,x", "the thresholds cannot be '5,x'; write up to three"),
        ("on --threshold 0", "the thresholds cannot be"),
        ("on --max-growth 2B", None),
        ("on --max-growth much", "'much' is not a size"),
        ("on --max-growth 0B", "--max-growth: '0B' must be more than 0"),
    ],
)
def test_wrong_options(shell: InteractiveShell, line: str, message: str | None) -> None:
    """Invalid or unused options are refused, and nothing is paused."""
    if message is None:
        shell.run_line_magic("gc_pause", line)
        shell.run_line_magic("gc_pause", "off")
    else:
        with pytest.raises(UsageError, match=message):
            shell.run_line_magic("gc_pause", line)
    assert gc.isenabled()


def test_alone_it_pauses(shell: InteractiveShell) -> None:
    """Without an action it pauses, and a second time reports that it is paused."""
    assert shell.run_line_magic("gc_pause", "").paused_by == "%gc_pause on"
    assert not gc.isenabled()
    assert "already" in shell.run_line_magic("gc_pause", "").note
    shell.run_line_magic("gc_pause", "off")
    assert gc.isenabled()


def test_options_of_a_cell(shell: InteractiveShell) -> None:
    """The thresholds are raised and live objects frozen only during the cell."""
    found = gc.get_threshold()
    run(
        shell,
        "%%gc_pause --threshold 60000,20 --freeze\n"
        "import gc\nseen = gc.get_threshold()[:2], gc.get_freeze_count() > 1000",
    )
    assert shell.user_ns["seen"] == ((60_000, 20), True)
    assert gc.get_threshold() == found


def test_limit_is_exceeded(shell: InteractiveShell, capsys: Captured) -> None:
    """The report shows when and why the collector was resumed."""
    run(
        shell,
        "%%gc_pause --max-growth 20MB\nimport gc, time\nloads = []\n"
        "while not gc.isenabled() and len(loads) < 200:\n"
        "    loads.append(b'x' * 10_000_000)\n    time.sleep(0.02)\ndel loads",
    )
    out = capsys.readouterr().out
    assert "resumed early" in out
    assert "when the process had grown by" in out
    assert gc.isenabled()


def test_costs(shell: InteractiveShell, capsys: Captured) -> None:
    """The report shows which cell collected most, and in which generation."""
    run(shell, "import gc")
    run(shell, "for _ in range(5): gc.collect()")
    costs = run(shell, "%gc_pause report").result
    dearest = costs.costs[0]
    assert (dearest.cell.execution_count, dearest.generation) == (2, 2)
    assert dearest.cell.gc_old == 5
    assert "in the last 2 cells" in capsys.readouterr().out


def test_costs_without_a_tracker(bare_shell: InteractiveShell) -> None:
    """Without a tracker there are no figures, and the message has the remedy."""
    magics = GcPauseMagics(bare_shell)
    with pytest.raises(UsageError, match="load the extension"):
        magics.magics["line"]["gc_pause"]("report")


def test_reminder(shell: InteractiveShell, capsys: Captured) -> None:
    """Every twentieth cell during a pause starts with a reminder, and no other."""
    run(shell, "%gc_pause on")
    capsys.readouterr()
    shown = []
    for _ in range(25):
        run(shell, "x = 1")
        shell.run_cell("x = 1", store_history=False)
        shown.append(capsys.readouterr().out)
    run(shell, "%gc_pause off")
    reminder = (
        "The garbage collector has been paused for 20 cells; "
        "%gc_pause off resumes it.\n"
    )
    assert shown == [""] * 19 + [reminder] + [""] * 5


def test_reminders_end(shell: InteractiveShell) -> None:
    """The hook of the reminders exists during the pause, and only then."""
    before = list(shell.events.callbacks["pre_run_cell"])
    run(shell, "%gc_pause on")
    run(shell, "%gc_pause on")
    assert len(shell.events.callbacks["pre_run_cell"]) == len(before) + 1
    run(shell, "%gc_pause off")
    assert shell.events.callbacks["pre_run_cell"] == before


def test_reminder_fails(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reminder that cannot be displayed does not prevent a cell from running."""

    def fail(**_: Any) -> None:
        raise OSError

    run(shell, "%gc_pause on")
    with monkeypatch.context() as patched:
        patched.setattr(shell.display_pub, "publish", fail)
        results = [run(shell, "x = 1").success for _ in range(20)]
    run(shell, "%gc_pause off")
    assert all(results)


def test_report_of_a_pause_under_another() -> None:
    """A pause without figures reports which one has them."""
    with gc_pause(collect=False), gc_pause() as inner:
        pass
    report = build_report(inner)
    assert dict(report.rows) == {
        "collections avoided": "unknown",
        "closing collection": "none",
    }
    assert report.notes == (
        "Another pause is active; the last one to end has the figures.",
    )


def test_report_of_raised_thresholds() -> None:
    """A pause that raised the thresholds says so, and what was frozen."""
    with gc_pause(threshold=50_000, freeze=True) as pause:
        pass
    report = build_report(pause)
    assert report.title.startswith("Garbage collector: thresholds raised for ")
    closing = dict(report.rows)["closing collection"]
    assert ", of objects created since the start, " in closing


def test_report_of_an_unended_pause() -> None:
    """A pause that has not ended has no figures to show."""
    assert build_report(GcPause()).title.endswith("has not ended")
