"""Random programs of pauses, after which the collector is restored."""

from __future__ import annotations

import gc
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from jupyter_memkit.techniques.gc_pausing.pause import GcPause, gc_pause
from jupyter_memkit.techniques.gc_pausing.state import collector_state
from tests.techniques.gc_pausing.collector import read_collector

PROGRAMS = 1000

THRESHOLDS = (None, None, 5_000, (1_000, 20), (50_000, 5, 30))

# Changes to the collector that a program may make in between.
MEDDLERS: tuple[Callable[[], Any], ...] = (
    gc.enable,
    gc.disable,
    lambda: gc.set_threshold(5),
    lambda: gc.set_threshold(0, 3, 7),
    lambda: [[] for _ in range(2_000)],
)


class Program:
    """Pauses, nests, raises, meddles and starts threads at random.

    Parameters
    ----------
    seed : float
        The seed of its random choices.
    meddlers : tuple of callable
        The changes that it may make to the collector.
    """

    def __init__(self, seed: float, meddlers: tuple[Callable[[], Any], ...]) -> None:
        self._chance = random.Random(seed)
        self._meddlers = meddlers

    def run(self, depth: int = 0) -> None:
        """Run it in a pause; it may raise a ZeroDivisionError below the top."""
        try:
            with self._pause():
                for _ in range(self._chance.randrange(1, 4)):
                    self._step(depth + 1)
        except ZeroDivisionError:
            if depth > 0 and self._chance.random() < 0.5:
                raise

    def _pause(self) -> GcPause:
        return gc_pause(
            # A collection takes long in a process that runs tests.
            collect=self._chance.random() < 0.02,
            max_growth=2**40 if self._chance.random() < 0.05 else None,
            freeze=self._chance.random() < 0.3,
            threshold=self._chance.choice(THRESHOLDS),
        )

    def _step(self, depth: int) -> None:
        step = self._chance.randrange(8)
        if step == 0 and depth < 3:
            self._run_threads(depth)
        elif step in (1, 2) and depth < 5:
            self.run(depth)
        elif step in (3, 4, 5):
            self._chance.choice(self._meddlers)()
        elif step == 6:
            raise ZeroDivisionError

    def _run_threads(self, depth: int) -> None:
        def run(program: Program) -> None:
            with suppress(ZeroDivisionError):
                program.run(depth)

        programs = [Program(self._chance.random(), self._meddlers) for _ in range(2)]
        threads = [
            threading.Thread(target=run, args=(program,)) for program in programs
        ]
        for thread in threads:
            thread.start()
        run(self)
        for thread in threads:
            thread.join()


@pytest.fixture(params=[True, False], ids=["enabled", "disabled"])
def found_enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Run each test with the collector enabled and disabled, and given thresholds."""
    thresholds = gc.get_threshold()
    gc.set_threshold(702, 11, thresholds[2])
    # So that no collection in between finds the garbage of other tests.
    gc.collect()
    if not request.param:
        gc.disable()
    yield request.param
    gc.enable()
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_random_programs(*, found_enabled: bool) -> None:
    """After each of 1,000 programs the collector is restored, and nothing is frozen."""
    before = read_collector()
    assert (before.enabled, before.has_frozen) == (found_enabled, False)
    for seed in range(PROGRAMS // 2):
        Program(seed, MEDDLERS).run()
        assert (read_collector(), collector_state.claims) == (before, ()), seed


def test_random_programs_that_freeze(*, found_enabled: bool) -> None:
    """If programs freeze and unfreeze objects themselves, the rest is restored."""
    before = read_collector()
    for seed in range(100):
        Program(seed, (*MEDDLERS, gc.freeze, gc.unfreeze)).run()
        ended = read_collector()
        assert (ended.enabled, ended.thresholds) == (found_enabled, before.thresholds)
        gc.unfreeze()
