"""Measuring blocks and calls."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track import mem as mem_module
from jupyter_memkit.track.mem import MemResult, mem
from tests.fake_probe import FakeProbe
from tests.waiting import LIMIT_S

MIB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="exact figures are of Linux")


@pytest.fixture(autouse=True)
def no_callbacks() -> Iterator[None]:
    """After each test, `gc.callbacks` is as before."""
    before = list(gc.callbacks)
    yield
    assert gc.callbacks == before


def use_probe(monkeypatch: pytest.MonkeyPatch, probe: FakeProbe) -> None:
    """Measure a fake process."""
    meter = PeakMeter(probe)
    monkeypatch.setattr(mem_module, "peak_meter", lambda: meter)


@pytest.mark.own_process
@linux
def test_spike() -> None:
    """Memory that was allocated and freed is in the peak, but not kept."""
    with mem() as measured:
        block = b"x" * (200 * MIB)
        del block
    result = measured.result
    assert abs(result.peak_bytes - 200 * MIB) < 4 * MIB
    assert abs(result.delta_bytes) < 4 * MIB
    assert result.exact


def test_figures_are_above_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peak and delta are relative to the start, which is given separately."""
    probe = FakeProbe()
    use_probe(monkeypatch, probe)
    with mem() as measured:
        probe.use(500, 130)
    result = measured.result
    assert (result.before_bytes, result.peak_bytes, result.delta_bytes) == (
        100,
        400,
        30,
    )
    assert (result.exact, result.error, result.runs) == (True, None, 1)


def test_without_a_high_water_mark_it_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread samples the memory and ends; the figure is marked as sampled."""
    sampled = threading.Event()

    class Probe(FakeProbe):
        def read_rss_bytes(self) -> int:
            if threading.current_thread().name == "memkit-sampler":
                sampled.set()
            return super().read_rss_bytes()

    probe = Probe(has_high_water=False)
    use_probe(monkeypatch, probe)
    with mem() as measured:
        probe.use(700)
        assert sampled.wait(timeout=LIMIT_S)
        probe.use(100)
    assert measured.result.peak_bytes == 600
    assert not measured.result.exact


def test_time_of_the_collector() -> None:
    """The collector's time is measured, and is 0 without a collection."""
    gc.collect()  # so that no collection is due
    with mem() as idle:
        pass
    with mem() as busy:
        gc.collect()
    assert idle.result.gc_s == 0
    assert 0 < busy.result.gc_s <= busy.result.duration_s


@pytest.mark.own_process
@linux
def test_nested() -> None:
    """A nested block has its own peak, and does not affect the outer one's."""
    # The C library may reuse up to 32 MiB of memory that it has kept.
    with mem() as outer:
        block = b"x" * (100 * MIB)
        del block
        with mem() as inner:
            block = b"x" * (60 * MIB)
            del block
    assert abs(outer.result.peak_bytes - 100 * MIB) < 4 * MIB
    assert abs(inner.result.peak_bytes - 60 * MIB) < 4 * MIB


def test_error() -> None:
    """A failed block has figures, and the error is propagated."""
    measured = mem()
    with pytest.raises(ZeroDivisionError), measured:
        _ = 1 / 0
    assert measured.result.error == "ZeroDivisionError"


def test_one_block_after_the_other() -> None:
    """The results of one object are kept in order."""
    measured = mem()
    for _ in range(2):
        with measured:
            pass
    assert len(measured.results) == 2
    assert measured.result is measured.results[-1]


def test_entered_twice() -> None:
    """Entering it again is refused, and the first block continues."""
    measured = mem()
    with measured, pytest.raises(MemkitError, match=r"create another with mem\(\)"):
        measured.__enter__()
    assert len(measured.results) == 1


def test_result_before_the_end() -> None:
    """Reading the result too early is an error."""
    with (
        mem() as measured,
        pytest.raises(MemkitError, match="read the result after the block"),
    ):
        _ = measured.result


def test_failed_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the memory cannot be read, nothing is left open."""

    def fail() -> PeakMeter:
        raise OSError

    monkeypatch.setattr(mem_module, "peak_meter", fail)
    measured = mem()
    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        measured.__enter__()
    assert measured.results == []


def test_decorated_function() -> None:
    """Each call is measured, including recursive ones."""
    profile = mem()

    @profile
    def factorial(n: int) -> int:
        """Return the factorial."""
        return n * factorial(n - 1) if n else 1

    assert factorial(3) == 6
    assert factorial.__doc__ == "Return the factorial."
    assert len(profile.results) == 4


def test_decorated_function_in_threads() -> None:
    """Calls that overlap in threads are measured separately."""
    profile = mem()
    together = threading.Barrier(4, timeout=LIMIT_S)

    @profile
    def meet() -> None:
        together.wait()

    threads = [threading.Thread(target=meet) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.error for result in profile.results] == [None] * 4


def test_decorated_coroutine() -> None:
    """A coroutine is measured to its end."""
    profile = mem()

    @profile
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    assert asyncio.run(work()) == 7
    assert len(profile.results) == 1


def test_decorated_generator() -> None:
    """A generator is measured when it has ended, not when it is created."""
    profile = mem()

    @profile
    def count() -> Iterator[int]:
        yield from range(3)

    numbers = count()
    assert profile.results == []
    assert list(numbers) == [0, 1, 2]
    assert len(profile.results) == 1


def test_decorated_asynchronous_generator() -> None:
    """An asynchronous generator is refused with the remedy."""

    async def count() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(MemkitError, match=r"write `with mem\(\):` inside it"):
        mem()(count)


def test_results_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The results of a function that is called all day are bounded."""
    use_probe(monkeypatch, FakeProbe())
    profile = mem()

    @profile
    def work() -> None:
        pass

    for _ in range(1001):
        work()
    assert len(profile.results) == 1000


def test_result_is_frozen() -> None:
    """A result cannot be modified."""
    with mem() as measured:
        pass
    assert measured.result == MemResult(
        **{
            name: getattr(measured.result, name)
            for name in MemResult.__dataclass_fields__
        }
    )
    with pytest.raises(AttributeError):
        measured.result.runs = 2  # type: ignore[misc] # what must fail
