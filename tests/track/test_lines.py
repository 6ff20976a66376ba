"""Measuring which lines took memory, with both engines.

A coverage tool traces the code of these tests, as tracemalloc's engine would have to.
Therefore that engine runs in separate processes, and here with simulated tracing.
"""

from __future__ import annotations

import importlib.util
import json
import linecache
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.track import lines_tracemalloc
from jupyter_memkit.track.line_memory import LineMemory, LinesResult
from jupyter_memkit.track.lines import profile_lines
from jupyter_memkit.track.lines_memray import MemrayLines
from jupyter_memkit.track.lines_tracemalloc import LineLedger, TracemallocLines
from tests.untraced import untraced_environment
from tests.waiting import press_ctrl_c

MIB = 1024 * 1024

needs_memray = pytest.mark.skipif(
    importlib.util.find_spec("memray") is None, reason="there is none for Windows"
)

CELL = """\
def work():
    block = bytearray(100 << 20)
    return len(block)
kept = bytearray(50 << 20)
sizes = [work() for _ in range(3)]
"""


def is_own(filename: str) -> bool:
    """Return whether code is that of a cell."""
    return filename.startswith("<cell ")


def compile_cell(source: str, name: str = "<cell 1>") -> Any:
    """Compile a cell, and store its lines as IPython does."""
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)
    return compile(source, name, "exec")


def by_line(result: LinesResult) -> dict[int, LineMemory]:
    """Return the lines by number."""
    return {line.line: line for line in result.lines}


def near(size: int | None, expected: int) -> bool:
    """Return whether a size is right, apart from small objects."""
    return size is not None and abs(size - expected) < MIB


@pytest.fixture
def no_memray(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without memray."""
    monkeypatch.setitem(sys.modules, "memray", None)


@needs_memray
def test_memray() -> None:
    """Memray measures what each line held at the peak, and what it kept."""
    namespace: dict[str, Any] = {}
    code = compile_cell(CELL)
    with profile_lines(is_own) as profile:
        exec(code, namespace)
    result = profile.result
    lines = by_line(result)
    assert result.engine == "memray"
    assert near(result.peak_bytes, 150 * MIB)
    assert near(result.kept_bytes, 50 * MIB)
    assert near(lines[2].peak_bytes, 100 * MIB)
    assert lines[2].kept_bytes == 0
    assert near(lines[4].kept_bytes, 50 * MIB)
    assert (lines[2].function, lines[2].source) == (
        "work",
        "    block = bytearray(100 << 20)",
    )
    assert result.lines[0] is lines[2]


@needs_memray
def test_memray_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its file is removed even if the code fails, and so is a killed process's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed = tmp_path / "jupyter-memkit-lines-of-another"
    killed.mkdir()
    (killed / "in-use").touch()
    profile = profile_lines(is_own)
    with pytest.raises(ZeroDivisionError), profile:
        exec(compile_cell("block = bytearray(30 << 20)\n1 / 0"), {})
    assert profile.result.error == "ZeroDivisionError"
    assert near(by_line(profile.result)[1].peak_bytes, 30 * MIB)
    assert list(tmp_path.iterdir()) == []


@needs_memray
def test_nested() -> None:
    """A nested profile is refused, and the first continues."""
    with profile_lines(is_own) as profile:
        with (
            pytest.raises(MemkitError, match="are already being measured"),
            profile_lines(is_own),
        ):
            pass
        exec(compile_cell("block = bytearray(30 << 20)"), {})
    assert near(profile.result.kept_bytes, 0)
    assert near(profile.result.peak_bytes, 30 * MIB)


@needs_memray
@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C there")
@pytest.mark.parametrize("moment", [1, 2])
def test_ctrl_c_inside_memray(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """A Ctrl-C at memray's start or end leaves nothing of it in `threading`."""
    before = (set(vars(threading.Thread)), threading.getprofile())
    set_profile = threading.setprofile
    calls = []

    def interrupted(function: Any) -> None:
        calls.append(function)
        if len(calls) == moment:
            press_ctrl_c()
        set_profile(function)

    monkeypatch.setattr(threading, "setprofile", interrupted)
    with pytest.raises(KeyboardInterrupt), profile_lines(bool):
        pass
    monkeypatch.undo()
    after = (set(vars(threading.Thread)), threading.getprofile())
    assert after == before
    with profile_lines(bool) as lines:
        pass
    assert lines.result.engine == "memray"


@needs_memray
def test_memray_of_somebody_else(tmp_path: Path) -> None:
    """If memray already tracks the process, the error is one sentence."""
    import memray  # noqa: PLC0415 - not on Windows

    with (
        memray.Tracker(tmp_path / "theirs"),
        pytest.raises(MemkitError, match="memray already tracks this process"),
        profile_lines(is_own),
    ):
        pass


@needs_memray
def test_memray_beside_a_profiler() -> None:
    """A running profiler is not replaced; tracemalloc is used, with the reason."""
    before = sys.getprofile()
    sys.setprofile(lambda *_: None)
    try:
        engine = MemrayLines(is_own)
        with pytest.raises(Exception, match="the profiler that is running"):
            engine.start()
    finally:
        sys.setprofile(before)


@needs_memray
def test_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the figures cannot be read, reading the result fails, not the code."""

    def fail(_self: MemrayLines) -> LinesResult:
        raise OSError

    monkeypatch.setattr(MemrayLines, "_read", fail)
    with profile_lines(is_own) as profile:
        pass
    with pytest.raises(MemkitError, match="set TMPDIR to another folder"):
        _ = profile.result


def test_result_before_the_end() -> None:
    """There is no result before the block has ended."""
    with pytest.raises(MemkitError, match="read the result after the block"):
        _ = profile_lines(is_own).result


@pytest.mark.usefixtures("no_memray")
def test_debugger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A debugger is not replaced: measuring is refused with the remedy."""
    monkeypatch.setattr(sys, "gettrace", lambda: print)
    with (
        pytest.raises(MemkitError, match="stop it first, or install memray"),
        profile_lines(is_own),
    ):
        pass
    assert not tracemalloc.is_tracing()


APART = """
import json, sys
sys.modules["memray"] = None
from tests.track.test_lines import compile_cell, is_own
from jupyter_memkit.track.lines import profile_lines
code = compile_cell({cell!r})
profile = profile_lines(is_own)
namespace = {{}}
{before}
try:
    with profile:
        exec(code, namespace)
except ArithmeticError:
    pass
result = profile.result
import tracemalloc
print(json.dumps({{
    "lines": {{line.line: [line.rise_bytes, line.net_bytes] for line in result.lines}},
    "peak": result.peak_bytes,
    "peak_line": result.peak_line and result.peak_line.line,
    "kept": result.kept_bytes,
    "fallback": result.fallback,
    "complete": result.complete,
    "left": [sys.gettrace() is not None, tracemalloc.is_tracing()],
}}))
"""


def watch_apart(cell: str, before: str = "") -> dict[str, Any]:
    """Measure a cell with tracemalloc in a separate process."""
    code = APART.format(cell=cell, before=before)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env=untraced_environment(),
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_tracemalloc() -> None:
    """Tracemalloc measures how far memory rose in each line, even briefly."""
    measured = watch_apart(CELL)
    assert near(measured["peak"], 150 * MIB)
    assert measured["peak_line"] == 2
    assert near(measured["kept"], 50 * MIB)
    rises = {int(line): rise for line, (rise, _) in measured["lines"].items()}
    nets = {int(line): net for line, (_, net) in measured["lines"].items()}
    assert near(rises[2], 100 * MIB)
    assert near(rises[4], 50 * MIB)
    # The function's block is freed when it returns, during the calling line.
    assert near(nets[2] + nets[5], 0)
    assert measured["fallback"] == "memray is not installed"
    assert measured["complete"]
    assert measured["left"] == [False, False]


def test_tracemalloc_of_the_user() -> None:
    """If tracemalloc was already running, it keeps running."""
    before = "import tracemalloc; tracemalloc.start()"
    assert watch_apart("x = 1", before)["left"] == [False, True]


@pytest.mark.parametrize(
    "cell",
    [
        "import sys\nsys.settrace(None)\nblock = bytearray(30 << 20)",
        "import tracemalloc\ntracemalloc.stop()",
    ],
)
def test_code_that_takes_over(cell: str) -> None:
    """Code may stop the tracing, and the result is marked as incomplete."""
    assert watch_apart(cell)["complete"] is False


def test_generators_and_errors() -> None:
    """A generator's lines have their own memory, even after an error."""
    cell = (
        "def blocks():\n"
        "    for _ in range(3):\n"
        "        block = bytearray(20 << 20)\n"
        "        yield len(block)\n"
        "total = sum(blocks())\n"
        "1 / 0\n"
    )
    measured = watch_apart(cell)
    assert near(measured["lines"]["3"][0], 20 * MIB)
    assert measured["left"] == [False, False]


def test_ledger() -> None:
    """A reading is attributed to the line that ran before it."""
    ledger = LineLedger(100)
    ledger.settle(150, 400)
    ledger.settle(120, 160)
    assert (ledger.other.rise_bytes, ledger.other.net_bytes) == (300, 20)
    assert (ledger.peak_bytes, ledger.used_bytes) == (400, 120)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Simulated tracing, so that a coverage tool keeps working."""
    set_to: list[Any] = [None]

    class PlayedSys:
        gettrace = staticmethod(lambda: set_to[-1])
        settrace = staticmethod(set_to.append)
        _getframe = staticmethod(sys._getframe)

    monkeypatch.setattr(lines_tracemalloc, "sys", PlayedSys)
    yield set_to
    tracemalloc.stop()


class PlayedFrame:
    """A frame whose line is set by the test."""

    def __init__(self, code: Any, line: int) -> None:
        self.f_code = code
        self.f_lineno = line
        self.f_trace: Any = None


def test_played_events(played: list[Any]) -> None:
    """Each event attributes what came before it; other frames are not traced."""
    engine = TracemallocLines(is_own)
    engine.start()
    on_call = played[-1]
    assert on_call(sys._getframe(), "call", None) is None
    frame: Any = PlayedFrame(compile_cell("a\nb"), 1)
    on_event = on_call(frame, "call", None)
    on_event(frame, "line", None)
    block = bytearray(10 << 20)
    frame.f_lineno = 2
    on_event(frame, "line", None)
    del block
    assert on_event(frame, "return", None) is None
    result = engine.stop()
    lines = by_line(result)
    assert near(lines[1].net_bytes, 10 * MIB)
    assert near(lines[2].net_bytes, -10 * MIB)
    assert result.complete
    assert played[-1] is None
    assert not tracemalloc.is_tracing()


def test_played_generator(played: list[Any]) -> None:
    """A re-entered frame continues with its line."""

    def generate() -> Iterator[int]:
        yield 1

    engine = TracemallocLines(lambda _filename: True)
    frame: Any = PlayedFrame(generate.__code__, 7)
    engine.start()
    on_event = played[-1](frame, "call", None)
    block = bytearray(10 << 20)
    on_event(frame, "return", None)
    assert near(by_line(engine.stop())[7].net_bytes, 10 * MIB)
    del block


def test_played_interruption(played: list[Any]) -> None:
    """Tracing of all frames stops at the end of the block."""
    engine = TracemallocLines(is_own)
    engine.start()
    frame: Any = PlayedFrame(compile_cell("a"), 1)
    frame.f_trace = played[-1](frame, "call", None)
    engine.close()
    assert frame.f_trace is None
    engine.close()


def test_callers_are_left_out(played: list[Any]) -> None:
    """A cell that waits for the block is not part of it."""
    engine = TracemallocLines(lambda _filename: True)
    engine.start()
    frame: FrameType = sys._getframe()
    assert played[-1](frame, "call", None) is None
    engine.close()
