"""The line that was running at a cell's highest reading."""

from __future__ import annotations

import linecache
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memkit.track.peak_line import PeakLine

MIB = 1024 * 1024

CELL = """\
def work(see):
    see(50)
    see(400)
    see(300)
work(see)
see(100)
"""


def run_cell(see: Any, name: str = "<a cell>") -> dict[str, Any]:
    """Run the cell as a notebook does, with a function that takes readings."""
    lines = CELL.splitlines(keepends=True)
    linecache.cache[name] = (len(CELL), None, lines, name)
    namespace: dict[str, Any] = {}
    namespace["see"] = lambda mib: see(namespace, mib)
    exec(compile(CELL, name, "exec"), namespace)
    return namespace


@pytest.fixture(autouse=True)
def no_lines_left() -> Any:
    """Clear the lines of the cell."""
    yield
    linecache.cache.pop("<a cell>", None)


def watch_cell(peak_mib: int, *, aside: bool = False) -> str | None:
    """Return the line at the peak, with readings on this thread or on another."""
    lines: list[PeakLine] = []

    def see(namespace: dict[str, Any], mib: int) -> None:
        if not lines:
            lines.append(PeakLine(namespace, 10 * MIB))
        arguments = (mib * MIB,)
        if aside:
            thread = threading.Thread(target=lines[0].see, args=arguments)
            thread.start()
            thread.join()
        else:
            lines[0].see(*arguments)

    run_cell(see)
    return lines[0].read(peak_mib * MIB)


@pytest.mark.parametrize("aside", [False, True])
def test_innermost_line_of_the_notebook(aside: bool) -> None:
    """The line at the highest reading is kept, whatever thread took it."""
    assert watch_cell(400, aside=aside) == "see(400)"


def test_peak_that_no_reading_saw() -> None:
    """If the peak was far above the readings, its line is unknown."""
    assert watch_cell(430) == "see(400)"
    assert watch_cell(500) is None


def test_nothing_of_the_notebook_runs() -> None:
    """Without a line of the cell on the stack, or a namespace, there is none."""
    namespaces: tuple[dict[str, Any] | None, ...] = (None, {})
    for namespace in namespaces:
        line = PeakLine(namespace, 0)
        line.see(100 * MIB)
        assert line.read(100 * MIB) is None


def test_small_growth_is_ignored() -> None:
    """For growth of up to a MiB, the stack is not inspected."""
    line = PeakLine(globals(), 10 * MIB)
    line.see(10 * MIB + 1000)
    assert line.read(10 * MIB + 1000) is None


def test_magic() -> None:
    """A magic is shown as the user wrote it, not as the call that IPython runs."""
    line = "ip.run_cell_magic('gc_pause', '--freeze', 'x = 1')"
    linecache.cache["<a cell>"] = (len(line), None, [line], "<a cell>")
    namespace: dict[str, Any] = {}
    watched = PeakLine(namespace, 10 * MIB)
    namespace["ip"] = SimpleNamespace(
        run_cell_magic=lambda *_: watched.see(400 * MIB),
    )
    exec(compile(line, "<a cell>", "exec"), namespace)
    assert watched.read(400 * MIB) == "%%gc_pause --freeze"
