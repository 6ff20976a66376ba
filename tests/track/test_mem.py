"""Stretches of work and their figures."""

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

MIB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="exact figures are of Linux")


@pytest.fixture(autouse=True)
def no_callbacks() -> Iterator[None]:
    """After each test the collector calls whom it called before."""
    before = list(gc.callbacks)
    yield
    assert gc.callbacks == before


def use_probe(monkeypatch: pytest.MonkeyPatch, probe: FakeProbe) -> None:
    """Measure a made process."""
    meter = PeakMeter(probe)
    monkeypatch.setattr(mem_module, "peak_meter", lambda: meter)


@pytest.mark.own_process
@linux
def test_spike() -> None:
    """What was allocated and given back is the peak, and not kept."""
    with mem() as measured:
        block = b"x" * (200 * MIB)
        del block
    result = measured.result
    assert abs(result.peak_bytes - 200 * MIB) < 4 * MIB
    assert abs(result.delta_bytes) < 4 * MIB
    assert result.exact


def test_figures_are_above_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peak and delta are differences; the start is told besides."""
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
    """A thread reads the memory meanwhile, the figure says so, the thread ends."""
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
        assert sampled.wait(timeout=60)
        probe.use(100)
    assert measured.result.peak_bytes == 600
    assert not measured.result.exact


def test_time_of_the_collector() -> None:
    """What the collector took is part of the time, and none without a collection."""
    gc.collect()  # so that none is due
    with mem() as idle:
        pass
    with mem() as busy:
        gc.collect()
    assert idle.result.gc_s == 0
    assert 0 < busy.result.gc_s <= busy.result.duration_s


@pytest.mark.own_process
@linux
def test_nested() -> None:
    """An inner stretch has its own peak, and the outer one's survives it."""
    # Up to 32 MiB the C library may take from memory that it has kept.
    with mem() as outer:
        block = b"x" * (100 * MIB)
        del block
        with mem() as inner:
            block = b"x" * (60 * MIB)
            del block
    assert abs(outer.result.peak_bytes - 100 * MIB) < 4 * MIB
    assert abs(inner.result.peak_bytes - 60 * MIB) < 4 * MIB


def test_error() -> None:
    """A block that fails has its figures, and the error goes on."""
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
    """A second block at the same time is refused, and the first goes on."""
    measured = mem()
    with measured, pytest.raises(MemkitError, match=r"create another with mem\(\)"):
        measured.__enter__()
    assert len(measured.results) == 1


def test_result_before_the_end() -> None:
    """There is no result before there is one."""
    with (
        mem() as measured,
        pytest.raises(MemkitError, match="read the result after the block"),
    ):
        _ = measured.result


def test_failed_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the memory cannot be read, nothing stays open."""

    def fail() -> PeakMeter:
        raise OSError

    monkeypatch.setattr(mem_module, "peak_meter", fail)
    measured = mem()
    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        measured.__enter__()
    assert measured.results == []


def test_decorated_function() -> None:
    """Each call is measured, also one that calls itself."""
    profile = mem()

    @profile
    def factorial(n: int) -> int:
        """Multiply."""
        return n * factorial(n - 1) if n else 1

    assert factorial(3) == 6
    assert factorial.__doc__ == "Multiply."
    assert len(profile.results) == 4


def test_decorated_function_in_threads() -> None:
    """Calls that overlap in threads are measured each for itself."""
    profile = mem()
    together = threading.Barrier(4, timeout=60)

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
    """A generator is measured once it has ended, not when it is made."""
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
    """A function that is called all day does not fill the memory."""
    use_probe(monkeypatch, FakeProbe())
    profile = mem()

    @profile
    def work() -> None:
        pass

    for _ in range(1001):
        work()
    assert len(profile.results) == 1000


def test_result_is_frozen() -> None:
    """A result is a record."""
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
