"""The pause of the collector."""

from __future__ import annotations

import _thread
import asyncio
import gc
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques import gc_pause as module
from jupyter_memkit.techniques.gc_pause import GcPause, gc_pause, standing


@pytest.fixture(autouse=True, params=[True, False], ids=["enabled", "disabled"])
def found_enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Each test starts with the collector enabled, and again disabled."""
    enabled: bool = request.param
    if not enabled:
        gc.disable()
    yield enabled
    ended = gc.isenabled(), len(standing.tokens)
    gc.enable()
    assert ended == (enabled, 0)


def test_block() -> None:
    """The collector is off in the block."""
    with gc_pause():
        assert not gc.isenabled()


def test_block_raises() -> None:
    """An exception passes through the pause."""
    with pytest.raises(ZeroDivisionError), gc_pause():
        _ = 1 / 0


def test_block_enables_the_collector() -> None:
    """What the block does to the collector does not outlive it."""
    with gc_pause():
        gc.enable()


def test_inner_block_enables_the_collector() -> None:
    """After an inner pause the collector is off, as the inner pause found it."""
    with gc_pause():
        with gc_pause():
            gc.enable()
        assert not gc.isenabled()


def test_block_disables_the_collector() -> None:
    """A collector that the block disabled once more is restored as well."""
    with gc_pause():
        gc.disable()


def test_overlapping_pauses() -> None:
    """A pause that began later and ends later is the one that restores."""
    first, second = gc_pause(), gc_pause()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)


def test_generator_is_closed() -> None:
    """A pause in a generator ends when the generator is closed."""

    def generate() -> Iterator[int]:
        with gc_pause():
            yield 1

    values = generate()
    next(values)
    assert not gc.isenabled()
    values.close()  # type: ignore[attr-defined] # it is a generator


def test_interrupt_in_the_block() -> None:
    """Ctrl-C in the block ends the pause."""

    def interrupt() -> None:
        _thread.interrupt_main()
        for _ in range(100_000):
            pass

    with pytest.raises(KeyboardInterrupt), gc_pause():
        interrupt()


def test_interrupt_before_the_end() -> None:
    """Ctrl-C between the block and the end is made good with its traceback's end."""

    class Interrupting:
        # Called by an operator, it leaves the interrupt to the next instruction that
        # looks for one, which is the first of __exit__.
        __neg__ = staticmethod(_thread.interrupt_main)

    value = Interrupting()
    interrupted = False
    try:
        with gc_pause():
            -value  # noqa: B018 - the operator is what the test needs
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted


def test_interrupt_in_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the pause begins leaves no pause."""

    def interrupt() -> tuple[int, int, int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(gc, "get_threshold", interrupt)
    with pytest.raises(KeyboardInterrupt):
        gc_pause().__enter__()


def test_interrupt_in_the_closing_collection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C in the closing collection leaves no pause."""

    def interrupt() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "read_rss_bytes", interrupt)
    enabled = gc.isenabled()
    try:
        with gc_pause():
            pass
    except KeyboardInterrupt:
        assert enabled
    else:
        assert not enabled


def test_entered_twice() -> None:
    """A pause is for one block; the message tells to make another."""
    pause = gc_pause()
    with pause, pytest.raises(MemkitError, match="make another with gc_pause"):
        pause.__enter__()


def test_figures(*, found_enabled: bool) -> None:
    """The last pause to end has figures, unless the collector was off already."""
    threshold = gc.get_threshold()[0]
    gc.collect()
    with gc_pause() as pause:
        objects: list[list[int]] = [[] for _ in range(100 * (threshold + 1))]
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
    assert len(objects) == 100 * (threshold + 1)
    if found_enabled:
        assert pause.collections_avoided in range(100, 110)
        assert pause.reclaimed_objects is not None
        assert pause.reclaimed_objects >= 1
        assert pause.reclaimed_bytes is not None
        assert pause.reclaimed_bytes >= 0
    else:
        assert pause.collections_avoided == 0
        assert pause.reclaimed_objects is None
        assert pause.reclaimed_bytes is None


def test_collections_avoided_is_a_lower_bound(*, found_enabled: bool) -> None:
    """An unpaused run of the same code collects at least as often."""
    if not found_enabled:
        return

    def build() -> list[list[int]]:
        kept: list[list[int]] = []
        for n in range(50_000):
            kept.append([n])
            if n % 3 == 0:
                kept.pop()
        return kept

    gc.collect()
    before = sum(stats["collections"] for stats in gc.get_stats())
    unpaused = build()
    ran = sum(stats["collections"] for stats in gc.get_stats()) - before
    gc.collect()
    with gc_pause() as pause:
        paused = build()
    assert len(paused) == len(unpaused)
    assert pause.collections_avoided is not None
    assert 0 < pause.collections_avoided <= ran


def test_no_threshold() -> None:
    """A threshold of 0 means that no collection was avoided."""
    thresholds = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with gc_pause() as pause:
            _ = [[] for _ in range(10_000)]
    finally:
        gc.set_threshold(*thresholds)
    assert pause.collections_avoided == 0


def test_no_collection() -> None:
    """With collect=False nothing is collected at the end."""
    with gc_pause(collect=False) as pause:
        pass
    assert pause.reclaimed_objects is None
    assert pause.reclaimed_bytes is None


def test_inner_pause_has_no_figures() -> None:
    """A pause that ends under another one says so and has no figures."""
    with gc_pause(), gc_pause() as inner:
        pass
    assert inner.collections_avoided is None
    assert inner.reclaimed_bytes is None
    assert inner.note.startswith("Another pause goes on")


def test_counter_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the counter does not decide, nothing is claimed of it."""
    monkeypatch.setattr(module, "_COUNTER_TELLS", False)
    enabled = gc.isenabled()
    with gc_pause() as pause:
        pass
    assert pause.collections_avoided == (None if enabled else 0)


def test_decorated_function() -> None:
    """The collector is off in the function, which keeps its name and may recurse."""

    @gc_pause
    def count_down(n: int) -> int:
        """Count down."""
        assert not gc.isenabled()
        return n if n == 0 else count_down(n - 1)

    assert count_down(3) == 0
    assert (count_down.__name__, count_down.__doc__) == ("count_down", "Count down.")


def test_decorated_with_options() -> None:
    """The decorator takes options."""

    @gc_pause(collect=False)
    def is_enabled() -> bool:
        return gc.isenabled()

    assert [is_enabled(), is_enabled()] == [False, False]


def test_decorated_generator() -> None:
    """A decorated generator function pauses while its generator lives."""

    @gc_pause
    def generate() -> Iterator[bool]:
        yield gc.isenabled()

    assert list(generate()) == [False]


def test_decorated_coroutine() -> None:
    """A decorated coroutine function pauses until it returns."""

    @gc_pause
    async def is_enabled() -> bool:
        await asyncio.sleep(0)
        return gc.isenabled()

    assert asyncio.run(is_enabled()) is False


def test_decorated_asynchronous_generator() -> None:
    """An asynchronous generator function is refused with the remedy."""

    async def generate() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(MemkitError, match="write `with gc_pause"):
        gc_pause(generate)


def test_process_ends_in_a_pause() -> None:
    """A process that ends in a pause says nothing."""
    script = "import jupyter_memkit as m; p = m.gc_pause(); p.__enter__()"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""


def _run_program(chance: random.Random, depth: int) -> None:
    """Pause, nest, raise, toggle and start threads, at random."""
    for _ in range(chance.randrange(1, 4)):
        step = chance.randrange(8)
        if step == 0 and depth < 3:
            threads = [
                threading.Thread(
                    target=_run_thread, args=(random.Random(chance.random()), depth + 1)
                )
                for _ in range(2)
            ]
            for thread in threads:
                thread.start()
            _run_thread(chance, depth + 1)
            for thread in threads:
                thread.join()
        elif step in (1, 2) and depth < 5:
            _run_paused(chance, depth + 1)
        elif step == 3:
            gc.enable()
        elif step == 4:
            gc.disable()
        elif step == 5 and depth > 0:
            raise ZeroDivisionError


def _run_paused(chance: random.Random, depth: int) -> None:
    try:
        with GcPause(collect=chance.random() < 0.02):
            _run_program(chance, depth)
    except ZeroDivisionError:
        if depth > 0 and chance.random() < 0.5:
            raise


def _run_thread(chance: random.Random, depth: int) -> None:
    with suppress(ZeroDivisionError):
        _run_paused(chance, depth)


def test_random_programs(*, found_enabled: bool) -> None:
    """1,000 random programs of nested pauses, exceptions and threads restore all."""
    for seed in range(500):
        _run_paused(random.Random(seed), 0)
        assert (gc.isenabled(), len(standing.tokens)) == (found_enabled, 0), seed
