"""What pausing the collector wins: ``python -m tests.benchmarks.gc_pause``.

Each run is a process of its own; the table shows the medians of five.
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

from jupyter_memkit.techniques.gc_pause import gc_pause

RUNS = 5
DICTS = 2_000_000
RECORDS = 1_000_000


def build_dicts() -> Any:
    """Build small dicts."""
    return [{"number": number, "square": [number]} for number in range(DICTS)]


def make_text() -> str:
    """Make the text of the records."""
    record = '{"id": %d, "tags": ["a", "b"], "value": {"x": 1.5}}'
    return "[" + ",".join(record % number for number in range(RECORDS)) + "]"


def run_plain(work: Callable[[], Any]) -> None:
    """Work with the collector as it is."""
    work()


def run_disabled(work: Callable[[], Any]) -> None:
    """Work as one writes it by hand."""
    gc.disable()
    try:
        work()
    finally:
        gc.enable()


def run_collected_by_hand(work: Callable[[], Any]) -> None:
    """Work as one writes it by hand, and collect at the end."""
    gc.disable()
    try:
        work()
    finally:
        gc.collect()
        gc.enable()


def run_paused(work: Callable[[], Any]) -> None:
    """Work in a pause without the closing collection, which the hand lacks."""
    with gc_pause(collect=False):
        work()


def run_collected(work: Callable[[], Any]) -> None:
    """Work in a pause as it is by default."""
    with gc_pause():
        work()


WAYS = {
    "plain": run_plain,
    "gc.disable()": run_disabled,
    "disable, gc.collect()": run_collected_by_hand,
    "gc_pause(collect=False)": run_paused,
    "gc_pause()": run_collected,
}
# What each way is by hand.
HANDS = {
    "gc_pause(collect=False)": "gc.disable()",
    "gc_pause()": "disable, gc.collect()",
}
WORKS = ("build", "json.loads")


def measure(work: str, way: str) -> float:
    """Return the seconds that one run takes in this process."""
    if work == "build":
        run = build_dicts
    else:
        text = make_text()

        def run() -> Any:
            return json.loads(text)

    kept: list[Any] = []
    started_s = time.perf_counter()
    # Kept, so that freeing the objects is in no figure.
    WAYS[way](lambda: kept.append(run()))
    return time.perf_counter() - started_s


def measure_apart(work: str, way: str) -> float:
    """Return the seconds that one run takes in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.gc_pause", work, way]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(ended.stdout)


def main() -> None:
    """Print the table, or the seconds of one run."""
    if len(sys.argv) == 3:
        print(measure(sys.argv[1], sys.argv[2]))
        return
    print(f"{'work':<12}{'way':<26}{'median s':>9}{'plain / it':>12}{'it / hand':>11}")
    for work in WORKS:
        # Round by round, so that a change of the machine's load hits all ways alike.
        rounds = [{way: measure_apart(work, way) for way in WAYS} for _ in range(RUNS)]
        medians = {way: statistics.median(each[way] for each in rounds) for way in WAYS}
        for way, median_s in medians.items():
            speedup = medians["plain"] / median_s
            hand = HANDS.get(way, way)
            beside_hand = median_s / medians[hand]
            print(
                f"{work:<12}{way:<26}{median_s:9.3f}{speedup:12.2f}{beside_hand:11.3f}"
            )


if __name__ == "__main__":
    main()
