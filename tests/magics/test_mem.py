"""The magics that measure a statement or a cell, in a shell."""

from __future__ import annotations

import re
import sys
import traceback
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.stretch import Stretch
from jupyter_memkit.track.mem import MemResult
from jupyter_memkit.track.tracker import tracker
from tests.fake_torch import FakeTorchGpus
from tests.measured_child import RUN_CHILD

Captured = pytest.CaptureFixture[str]

MIB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="exact figures are of Linux")


def run(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell as a notebook does."""
    return shell.run_cell(cell, store_history=True)


@pytest.mark.own_process(scope="module")
@linux
@pytest.mark.parametrize(
    "magic", ["%mem -o ", "%%mem -o\n", "%memit -o ", "%%memit -o\n"]
)
def test_spike(shell: InteractiveShell, magic: str) -> None:
    """Memory that was allocated and freed is in the peak, but not kept."""
    result = run(shell, f"{magic}block = b'x' * (200 << 20); del block").result
    assert isinstance(result, MemResult)
    assert abs(result.peak_bytes - 200 * MIB) < 4 * MIB
    assert abs(result.delta_bytes) < 4 * MIB
    assert result.exact


@pytest.mark.own_process(scope="module")
@linux
def test_cell_keeps_its_own_account(shell: InteractiveShell) -> None:
    """A measured statement inside a cell does not affect the cell's peak."""
    run(
        shell,
        "block = b'x' * (100 << 20); del block\n"
        "result = %mem -o block = b'x' * (60 << 20); del block",
    )
    (record,) = tracker().cells
    assert abs(record.peak_bytes - record.before_bytes - 100 * MIB) < 4 * MIB
    assert abs(shell.user_ns["result"].peak_bytes - 60 * MIB) < 4 * MIB


def test_statement_is_not_touched(shell: InteractiveShell) -> None:
    """The statement runs as written, including spaces, quotes, braces and options."""
    run(shell, "%mem -r 1  text = 'a  b -r 3 {x} $x' + \"'\"")
    assert shell.user_ns["text"] == "a  b -r 3 {x} $x'"


def test_strings_of_several_lines(shell: InteractiveShell) -> None:
    """The text of the cell is not changed."""
    run(shell, '%%mem\nif True:\n    text = """a\n  b\n"""')
    assert shell.user_ns["text"] == "a\n  b\n"


@pytest.mark.parametrize("cell", ["%mem 6 * 7", "%%mem\nx = 6\nx * 7"])
def test_last_expression(shell: InteractiveShell, capsys: Captured, cell: str) -> None:
    """The last expression is the result of the cell, and the figures follow."""
    assert run(shell, cell).result == 42
    out = capsys.readouterr().out
    assert out.startswith("Out[1]: 42\npeak ")
    assert "garbage collector" in out


def test_magics_in_the_code(shell: InteractiveShell) -> None:
    """Magics work in a statement and in a cell."""
    run(shell, "x = 1")
    run(shell, "%mem names = %who_ls int")
    run(shell, "%%mem\n%%capture captured\nprint('hidden')")
    assert shell.user_ns["names"] == ["x"]
    assert shell.user_ns["captured"].stdout == "hidden\n"


def test_time_of_the_collector(shell: InteractiveShell) -> None:
    """The time includes that of the collector."""
    result = run(shell, "%mem -o import gc; gc.collect();").result
    assert 0 < result.gc_s <= result.duration_s


@pytest.mark.parametrize(("code", "line"), [("%mem 1 / 0", 1), ("%%mem\n\n1 / 0", 3)])
def test_error_is_at_its_own_line(
    shell: InteractiveShell, code: str, line: int
) -> None:
    """A traceback numbers the lines as in the cell."""
    error = shell.run_cell(code, store_history=True).error_in_exec
    assert error is not None
    innermost = traceback.extract_tb(error.__traceback__)[-1]
    assert innermost.lineno == line


def test_error(shell: InteractiveShell, capsys: Captured) -> None:
    """Figures up to the error are shown, then the error with the cell's lines."""
    result = run(shell, "%%mem -r 2\n\nx = 1\n1 / 0  # here")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    frames = traceback.extract_tb(result.error_in_exec.__traceback__)
    assert frames[-1].lineno == 4
    shown = "".join(capsys.readouterr())
    assert shown.startswith("until ZeroDivisionError: peak ")
    assert shown.count("until ZeroDivisionError") == 1
    assert shown.count("division by zero") == 1
    assert "# here" in shown
    assert shell.ast_node_interactivity == "last_expr"


def test_interrupt(shell: InteractiveShell, capsys: Captured) -> None:
    """Ctrl-C fails the cell, and the figures up to then are shown."""
    result = run(shell, "%mem raise KeyboardInterrupt")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "until KeyboardInterrupt: peak" in capsys.readouterr().out


def test_interrupt_of_the_measurement(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Ctrl-C that arrives while the figures are read ends the cell as any other."""
    close = Stretch.close

    def interrupted(stretch: Stretch) -> None:
        close(stretch)
        raise KeyboardInterrupt

    monkeypatch.setattr(Stretch, "close", interrupted)
    result = run(shell, "%mem 1 + 1")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)


def test_syntax_error(shell: InteractiveShell, capsys: Captured) -> None:
    """Code with a syntax error does not run, and has no figures."""
    result = run(shell, "%%mem\nx = = 1")
    assert isinstance(result.error_in_exec, SyntaxError)
    assert result.error_in_exec.lineno == 2
    assert "peak" not in capsys.readouterr().out


@linux
def test_max_over(shell: InteractiveShell, capsys: Captured) -> None:
    """A peak above the limit fails the cell with one sentence, after it has run."""
    result = run(
        shell, "%%mem --max 10MiB\nblock = b'x' * (50 << 20)\ndel block\ny = 1"
    )
    error = result.error_in_exec
    assert isinstance(error, MemkitError)
    assert str(error).endswith("above the start, over the 10 MiB that --max allows")
    assert shell.user_ns["y"] == 1
    shown = "".join(capsys.readouterr())
    assert "PeakError: the peak was " in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("size", ["1GiB", '"1 GiB"', "1 GiB"])
def test_max_under(shell: InteractiveShell, capsys: Captured, size: str) -> None:
    """A peak below the limit is shown as usual."""
    result = run(shell, f"%mem --max {size} x = 1")
    assert result.success
    assert capsys.readouterr().out.startswith("peak ")


@pytest.mark.parametrize(
    ("sizes", "shown", "failure"),
    [
        (
            (900, 200),
            "torch on GPU 0     peak 800.0 MiB above the start, kept 100.0 MiB",
            "800.0 MiB above the start, over the 500 MiB that --max-gpu allows",
        ),
        ((300,), "peak 200.0 MiB above the start, kept 200.0 MiB", None),
        ((50,), "peak 0 B above the start, freed 50.0 MiB", None),
    ],
)
def test_max_gpu(
    shell: InteractiveShell,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    sizes: tuple[int, ...],
    shown: str,
    failure: str | None,
) -> None:
    """The peak and what was kept on a GPU are shown, and can fail the cell."""
    gpus = FakeTorchGpus(monkeypatch)
    gpus.use(100 << 20)
    shell.user_ns["use"] = lambda size: gpus.use(size << 20)
    body = "\n".join(f"use({size})" for size in sizes)
    error = run(shell, f"%%mem --max-gpu 500MiB\n{body}").error_in_exec
    assert (failure or "None") in str(error)
    text = capsys.readouterr().out
    assert shown in text
    assert "may have been above" not in text


def test_max_gpu_that_proves_nothing(
    shell: InteractiveShell, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peak that is only sampled is not passed silently, and the remedy works."""
    gpus = FakeTorchGpus(monkeypatch)
    gpus.use(900 << 20)
    gpus.use(0)
    shell.user_ns["use"] = lambda size: gpus.use(size << 20)
    run(shell, "%%mem --max-gpu 500MiB\nuse(100)")
    text = capsys.readouterr().out
    assert "peak 100.0 MiB above the start (sampled, at most 900.0 MiB)" in text
    assert "torch.cuda.reset_peak_memory_stats(0) in a separate cell before" in text
    gpus.reset_peak()
    run(shell, "%%mem --max-gpu 500MiB\nuse(200)")
    text = capsys.readouterr().out
    assert "peak 100.0 MiB above the start, kept 100.0 MiB" in text
    assert "reset_peak_memory_stats" not in text


def test_max_gpu_without_a_gpu(shell: InteractiveShell, capsys: Captured) -> None:
    """Where no library used a GPU, the code runs, and the note says so."""
    assert run(shell, "%mem --max-gpu 1GB x = 1").success
    note = "No library used a GPU, so --max-gpu checked nothing."
    assert note in capsys.readouterr().out


def test_highest_peak_on_a_gpu_of_several_runs(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures of a GPU are those of the run with the highest rise there."""
    gpus = FakeTorchGpus(monkeypatch)
    shell.user_ns["use"] = gpus.use
    run(shell, "sizes = iter([500, 900, 100])")
    result = run(shell, "%mem -r 3 -o use(next(sizes)), use(0)").result
    (figures,) = result.gpus
    assert (figures.peak_bytes, figures.exact) == (900, True)


@linux
def test_max_counts_children(shell: InteractiveShell, capsys: Captured) -> None:
    """A cell whose child processes take the memory fails, too."""
    child = "x = b'x' * (80 << 20); input()"
    result = run(
        shell,
        "%%mem --max 50MB\nimport subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdin=-1)\n"
        "from jupyter_memkit import tracker\n"
        "while tracker().now().children_bytes < 80 << 20: pass\n"
        "child.communicate(b'x')",
    )
    assert isinstance(result.error_in_exec, MemkitError)
    assert "that of child processes" in str(result.error_in_exec)
    capsys.readouterr()


def test_runs(shell: InteractiveShell, capsys: Captured) -> None:
    """Several runs report the highest one, and display no values."""
    run(shell, "sizes = iter([10, 50, 20])")
    run(shell, "%mem -r 3 len(b'x' * (next(sizes) << 20))")
    assert next(shell.user_ns["sizes"], None) is None
    out = capsys.readouterr().out
    assert out.startswith("peak ")
    assert out.endswith("The highest of 3 runs.\n")
    assert shell.ast_node_interactivity == "last_expr"


@pytest.mark.own_process(scope="module")
@linux
def test_highest_of_the_runs(shell: InteractiveShell) -> None:
    """The result is that of the run with the highest peak."""
    run(shell, "sizes = iter([10, 50, 20])")
    result = run(shell, "%mem -r 3 -o len(b'x' * (next(sizes) << 20))").result
    assert abs(result.peak_bytes - 50 * MIB) < 4 * MIB
    assert result.runs == 3


def test_result_in_a_name(shell: InteractiveShell, capsys: Captured) -> None:
    """With -o the figures can be assigned, and are shown when displayed."""
    run(shell, "result = %mem -o x = 1")
    assert capsys.readouterr().out == ""
    run(shell, "result")
    assert "above the start" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("%mem", "%mem needs a statement, such as"),
        ("%mem -r 3", "%mem needs a statement, such as"),
        ("%mem -r 0 x", "'0' is not a whole number of at least 1"),
        ("%mem -r many x", "'many' is not a whole number of at least 1"),
        ("%mem -r", "-r needs a value: -r N"),
        ("%mem --max pear x", "'pear' is not a size; write a number and a unit"),
        ("%mem --max-gpu pear x", "'pear' is not a size; write a number and a unit"),
        (
            "%mem --lines --max-gpu 1GB x",
            "--lines watches a single run; leave out -r, --max and --max-gpu",
        ),
        ("%mem --fast x", "has no option --fast"),
        ("%%mem x = 1\n2", "%%mem measures its cell; move 'x = 1' into it"),
        ("%memit", "%memit needs a statement, such as"),
    ],
)
def test_bad_input(shell: InteractiveShell, line: str, sentence: str) -> None:
    """Invalid requests are reported in one sentence, and nothing runs."""
    error = run(shell, line).error_in_exec
    assert isinstance(error, UsageError)
    assert sentence in str(error)


def test_memit(shell: InteractiveShell, capsys: Captured) -> None:
    """The options and the output are those of memory_profiler."""
    run(shell, "%memit -r 2 -t 1.5 -i 0.1 'a value that is not shown'")
    out = capsys.readouterr().out
    assert out.startswith("peak memory: ")
    assert " MiB, increment: " in out
    assert out.endswith("The highest of 2 runs.\n")


@pytest.mark.own_process(scope="module")
@linux
def test_children(shell: InteractiveShell, capsys: Captured) -> None:
    """The peak of child processes is reported separately."""
    run(shell, RUN_CHILD)
    result = run(shell, "%mem -o run_child();").result
    assert result.children_peak_bytes > 100 * MIB
    assert result.peak_bytes < 50 * MIB
    run(shell, "%mem run_child();")
    assert "child processes    peak 1" in capsys.readouterr().out


@pytest.mark.own_process(scope="module")
@linux
def test_memit_with_children(shell: InteractiveShell, capsys: Captured) -> None:
    """With -c the child processes are added, and their part is reported."""
    run(shell, RUN_CHILD)
    run(shell, "%memit -c run_child()")
    out = capsys.readouterr().out
    assert re.search(r"increment: 1\d\d\.", out)
    assert re.search(r"peak of child processes, 1\d\d\.\d MiB \(sampled\)", out)
    run(shell, "%memit -c 1")
    assert "No child process was seen to use memory." in capsys.readouterr().out


@pytest.mark.own_process(scope="module")
@linux
def test_memit_with_a_setup(shell: InteractiveShell) -> None:
    """The setup on the line runs first and is not measured."""
    result = run(
        shell, "%%memit -o kept = b'x' * (50 << 20)\nblock = kept[1:]\ndel block, kept"
    ).result
    assert abs(result.peak_bytes - 50 * MIB) < 4 * MIB
    assert abs(result.delta_bytes + 50 * MIB) < 4 * MIB


@pytest.mark.parametrize("kind", ["line", "cell"])
def test_memit_of_somebody_else(bare_shell: InteractiveShell, kind: str) -> None:
    """If the name is taken, it is not replaced."""
    magics = bare_shell.magics_manager.magics
    magics[kind]["memit"] = print
    jupyter_memkit.load_ipython_extension(bare_shell)
    loaded = {kind: {"mem", "memit"} & set(table) for kind, table in magics.items()}
    jupyter_memkit.unload_ipython_extension(bare_shell)
    assert magics[kind].pop("memit") is print
    assert loaded == {"line": {"mem"}, "cell": {"mem"}, kind: {"mem", "memit"}}
