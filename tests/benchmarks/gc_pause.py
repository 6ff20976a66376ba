"""The time saved by pausing the collector: ``python -m tests.benchmarks.gc_pause``.

Each run is a separate process with a shell in which the extension is loaded; the table
shows the medians of five. After ``gc.disable()`` and ``gc.enable()``, the next new
object starts a collection of everything; the second column of times includes it.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_memkit.techniques.gc_pausing.pause import gc_pause

RUNS = 5
DICTS = 2_000_000
RECORDS = 1_000_000
# Created after the work, so that the second time includes a postponed collection.
NEXT_OBJECTS = 10_000


def build_dicts() -> Any:
    """Build small dicts."""
    return [{"number": number, "square": [number]} for number in range(DICTS)]


def make_text() -> str:
    """Create the text of the records."""
    record = '{"id": %d, "tags": ["a", "b"], "value": {"x": 1.5}}'
    return "[" + ",".join(record % number for number in range(RECORDS)) + "]"


def run_plain(work: Callable[[], Any]) -> None:
    """Work with the collector running."""
    work()


def run_disabled(work: Callable[[], Any]) -> None:
    """Work with hand-written code."""
    gc.disable()
    try:
        work()
    finally:
        gc.enable()


def run_collected_by_hand(work: Callable[[], Any]) -> None:
    """Work with hand-written code that collects at the end."""
    gc.disable()
    try:
        work()
    finally:
        gc.collect()
        gc.enable()


def run_paused(work: Callable[[], Any]) -> None:
    """Work in a pause without the closing collection, like the hand-written code."""
    with gc_pause(collect=False):
        work()


def run_collected(work: Callable[[], Any]) -> None:
    """Work in a pause with default options."""
    with gc_pause():
        work()


def run_cell(work: Callable[[], Any]) -> None:
    """Work in a cell below the magic, without the closing collection."""
    _run_magic("--no-collect", work)


def run_cell_collected(work: Callable[[], Any]) -> None:
    """Work in a cell below the magic with default options."""
    _run_magic("", work)


def _run_magic(line: str, work: Callable[[], Any]) -> None:
    shell = InteractiveShell.instance()
    shell.user_ns["work"] = work
    shell.run_cell(f"%%gc_pause {line}\nwork();").raise_error()


def load_shell() -> None:
    """Create a shell like that of a kernel, and load the extension."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    assert shell.extension_manager is not None
    shell.extension_manager.load_extension("jupyter_memkit")
    # The display of the cell must not appear in the table.
    shell.display_pub.publish = lambda *_, **__: None  # type: ignore[method-assign]
    # The first cell of a kernel imports the display modules.
    shell.run_cell("%%gc_pause\n0;").raise_error()


WAYS = {
    "plain": run_plain,
    "gc.disable()": run_disabled,
    "disable, gc.collect()": run_collected_by_hand,
    "gc_pause(collect=False)": run_paused,
    "gc_pause()": run_collected,
    "%%gc_pause --no-collect": run_cell,
    "%%gc_pause": run_cell_collected,
}
# The hand-written counterpart of each way.
HANDS = {
    "gc_pause(collect=False)": "gc.disable()",
    "gc_pause()": "disable, gc.collect()",
    "%%gc_pause --no-collect": "gc.disable()",
    "%%gc_pause": "disable, gc.collect()",
}
WORKS = ("build", "json.loads")


def measure(work: str, way: str) -> tuple[float, float]:
    """Return the seconds of one run in this process, without and with what follows."""
    if work == "build":
        run = build_dicts
    else:
        text = make_text()

        def run() -> Any:
            return json.loads(text)

    load_shell()
    kept: list[Any] = []
    started_s = time.perf_counter()
    # Kept, so that the figures exclude freeing the objects.
    WAYS[way](lambda: kept.append(run()))
    took_s = time.perf_counter() - started_s
    kept.append([[] for _ in range(NEXT_OBJECTS)])
    followed_s = time.perf_counter() - started_s
    assert len(kept) == 2, "the work was not done"
    return took_s, followed_s


def measure_apart(work: str, way: str) -> tuple[float, float]:
    """Return the seconds of one run in a separate process, as above."""
    command = [sys.executable, "-m", "tests.benchmarks.gc_pause", work, way]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    took_s, followed_s = map(float, ended.stdout.split())
    return took_s, followed_s


def main() -> None:
    """Print the table, or the seconds of one run."""
    if len(sys.argv) == 3:
        print(*measure(sys.argv[1], sys.argv[2]))
        return
    heading = f"{'plain / it':>12}{'it / hand':>11}"
    print(f"{'work':<12}{'way':<26}{'median s':>9}{heading}{'and after':>11}{heading}")
    for work in WORKS:
        # Round by round, so that the machine's load affects all ways alike.
        rounds = [{way: measure_apart(work, way) for way in WAYS} for _ in range(RUNS)]
        for way in WAYS:
            cells = "".join(
                f"{_median(rounds, way, column):{width}.3f}"
                f"{_ratio(rounds, 'plain', way, column):12.2f}"
                f"{_ratio(rounds, way, HANDS.get(way, way), column):11.3f}"
                for column, width in ((0, 9), (1, 11))
            )
            print(f"{work:<12}{way:<26}{cells}")


_Rounds = list[dict[str, tuple[float, float]]]


def _median(rounds: _Rounds, way: str, column: int) -> float:
    return statistics.median(each[way][column] for each in rounds)


def _ratio(rounds: _Rounds, above: str, below: str, column: int) -> float:
    return _median(rounds, above, column) / _median(rounds, below, column)


if __name__ == "__main__":
    main()
