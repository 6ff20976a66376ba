"""The pause of the collector."""

from __future__ import annotations

import _thread
import asyncio
import gc
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.gc_pausing import avoided, state
from jupyter_memkit.techniques.gc_pausing import pause as module
from jupyter_memkit.techniques.gc_pausing.pause import gc_pause
from jupyter_memkit.techniques.gc_pausing.state import collector_state
from tests.techniques.gc_pausing.collector import read_collector
from tests.waiting import wait_until


@pytest.fixture(autouse=True, params=[True, False], ids=["enabled", "disabled"])
def found_enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Run each test twice: with the collector enabled and disabled at the start."""
    enabled: bool = request.param
    thresholds = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    if not enabled:
        gc.disable()
    before = read_collector()
    yield enabled
    ended = read_collector(), len(collector_state.claims)
    gc.enable()
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    assert ended == (before, 0)


def test_block() -> None:
    """The collector is off in the block."""
    with gc_pause():
        assert not gc.isenabled()


def test_block_raises() -> None:
    """An exception passes through the pause."""
    with pytest.raises(ZeroDivisionError), gc_pause():
        _ = 1 / 0


def test_block_enables_the_collector() -> None:
    """Changes that the block makes to the collector are undone."""
    with gc_pause():
        gc.enable()


def test_inner_block_enables_the_collector() -> None:
    """After an inner pause the collector is off, as it was before."""
    with gc_pause():
        with gc_pause():
            gc.enable()
        assert not gc.isenabled()


def test_block_disables_the_collector() -> None:
    """The collector is restored even if the block disabled it again."""
    with gc_pause():
        gc.disable()


def test_overlapping_pauses() -> None:
    """Of overlapping pauses the last one to end restores the collector."""
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
    """After Ctrl-C between block and end, the pause ends with the traceback."""

    class Interrupting:
        # Called by an operator, so the next instruction that checks for an interrupt
        # is the first of __exit__.
        __neg__ = staticmethod(_thread.interrupt_main)

    before = read_collector()
    value = Interrupting()
    interrupted = False
    try:
        with gc_pause():
            -value  # noqa: B018 - the operator is what the test needs
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted
    # A thread ends it.
    wait_until(lambda: (read_collector(), collector_state.claims) == (before, ()))


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
    """Entering a pause twice is refused with the remedy."""
    pause = gc_pause()
    with pause, pytest.raises(MemkitError, match="create another with gc_pause"):
        pause.__enter__()


def test_figures(*, found_enabled: bool) -> None:
    """The last pause to end has figures, unless the collector was already off."""
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


def test_block_sets_the_thresholds() -> None:
    """Thresholds that the block set are restored."""
    with gc_pause() as pause:
        gc.set_threshold(5, 5, 5)
    assert pause.collections_avoided in (0, None)


def test_raised_thresholds(*, found_enabled: bool) -> None:
    """Only the requested thresholds are raised, and the collector keeps its state."""
    with gc_pause(threshold=(50_000, 20)):
        assert gc.get_threshold()[:2] == (50_000, 20)
        assert gc.isenabled() == found_enabled


def test_lower_thresholds() -> None:
    """A pause never lowers a threshold."""
    found = gc.get_threshold()
    with gc_pause(threshold=(1, 1, 1)):
        assert gc.get_threshold() == found


def test_threshold_of_a_collector_that_never_collects() -> None:
    """A first threshold of 0, which disables collections, stays."""
    thresholds = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with gc_pause(threshold=1000):
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*thresholds)


def test_overlapping_thresholds() -> None:
    """The highest threshold applies in any order, and a full pause takes precedence."""
    low, high = gc_pause(threshold=(5_000, 30)), gc_pause(threshold=9_000)
    low.__enter__()
    high.__enter__()
    assert gc.get_threshold()[:2] == (9_000, 30)
    enabled = gc.isenabled()
    with gc_pause(collect=False):
        assert not gc.isenabled()
    assert gc.isenabled() == enabled
    high.__exit__(None, None, None)
    assert gc.get_threshold()[:2] == (5_000, 30)
    low.__exit__(None, None, None)


def test_collections_avoided_by_raised_thresholds(*, found_enabled: bool) -> None:
    """Collections that ran do not count, and an unpaused run collects as often."""
    if not found_enabled:
        return
    kept: list[list[list[int]]] = []
    threshold = gc.get_threshold()[0]
    gc.collect()
    with gc_pause(threshold=10 * threshold) as pause:
        kept.append([[] for _ in range(100 * (threshold + 1))])
    assert pause.collections_avoided in range(85, 95)


def test_freeze(*, found_enabled: bool) -> None:
    """Live objects are frozen in the block, even inside a pause without freezing."""
    with gc_pause(collect=False), gc_pause(freeze=True) as pause:
        assert (gc.get_freeze_count() > 1000) == found_enabled
    assert pause.is_frozen == found_enabled


def test_two_pauses_freeze() -> None:
    """Objects stay frozen until the last pause with freezing has ended."""
    first, second = gc_pause(freeze=True), gc_pause(freeze=True, collect=False)
    first.__enter__()
    second.__enter__()
    frozen = gc.get_freeze_count() > 1000
    first.__exit__(None, None, None)
    assert (gc.get_freeze_count() > 1000) == frozen
    second.__exit__(None, None, None)


def test_frozen_before(*, found_enabled: bool) -> None:
    """Objects that the user froze stay frozen, and a note explains it."""
    gc.freeze()
    with gc_pause(freeze=True) as pause:
        pass
    still_frozen = gc.get_freeze_count() > 1000
    gc.unfreeze()
    assert still_frozen
    assert not pause.is_frozen
    if found_enabled:
        assert pause.notes[0].startswith("Nothing was frozen: gc.freeze() was called")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_growth": 0}, "max_growth cannot be 0; write a size above 0"),
        ({"max_growth": True}, "max_growth cannot be True"),
        ({"max_growth": "much"}, "'much' is not a size"),
        ({"max_growth": 2.5}, "max_growth cannot be 2.5"),
        ({"threshold": 0}, "the thresholds cannot be 0; write up to three whole"),
        ({"threshold": (1, 2, 3, 4)}, "write up to three"),
        ({"threshold": ()}, "write up to three"),
        ({"threshold": 2**31}, "the thresholds cannot be 2147483648"),
        ({"threshold": "700"}, "the thresholds cannot be '700'"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    """An invalid size or threshold is refused with a valid example."""
    with pytest.raises(MemkitError, match=message):
        gc_pause(**options)


def test_no_collection_follows(*, found_enabled: bool) -> None:
    """After collect=False the next object does not start a collection either."""
    if not found_enabled:
        return
    kept: list[Any] = []
    generations: list[int] = []

    def note(phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    gc.callbacks.append(note)
    try:
        with gc_pause(collect=False):
            kept.append([[] for _ in range(100_000)])
            kept.append(weakref.ref(Cycle()))
        n_ran = len(generations)
        kept.append([[] for _ in range(100)])
    finally:
        gc.callbacks.remove(note)
    assert (n_ran, len(generations)) == (0, 0)
    # The garbage is old now, and a full collection finds it.
    gc.collect()
    assert kept[1]() is None


class Cycle:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


def test_inner_pause_has_no_figures() -> None:
    """A pause that ends inside another one reports this and has no figures."""
    with gc_pause(), gc_pause() as inner:
        pass
    assert inner.collections_avoided is None
    assert inner.reclaimed_bytes is None
    assert inner.notes[0].startswith("Another pause is active")


def test_counter_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the counter does not decide, no figure is reported."""
    monkeypatch.setattr(avoided, "_COUNTER_DECIDES", False)
    enabled = gc.isenabled()
    with gc_pause() as pause:
        pass
    assert pause.collections_avoided == (None if enabled else 0)


def test_call_of_c(monkeypatch: pytest.MonkeyPatch, *, found_enabled: bool) -> None:
    """Where calls into C are not interrupted, a note qualifies the figure."""
    monkeypatch.setattr(module, "AVOIDED_IS_LOWER_BOUND", False)
    with gc_pause() as pause:
        _ = [[] for _ in range(10_000)]
    assert ("json.loads" in pause.notes[0]) == found_enabled


def test_free_threaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without generations, a pause without a collection just ends."""
    monkeypatch.setattr(state, "IS_FREE_THREADED", True)
    with gc_pause(collect=False) as pause:
        pass
    assert pause.collect_s is None


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
    """A process that ends during a pause prints nothing."""
    script = "import jupyter_memkit as m; p = m.gc_pause(); p.__enter__()"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
