"""The GPU memory of a stretch of work, with a fake torch.

There is no GPU in continuous integration, so the counters are those of a fake.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from jupyter_memkit.measure.gpu_watch import GpuFigures, GpuWatch
from tests.fake_torch import FakeTorchGpus


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> FakeTorchGpus:
    """Two devices."""
    return FakeTorchGpus(monkeypatch, 2)


def use(gpus: FakeTorchGpus, *sizes: int) -> Callable[[GpuWatch], None]:
    """Return work that uses these sizes one after the other."""

    def work(_: GpuWatch) -> None:
        for size in sizes:
            gpus.use(size)

    return work


def watch(work: Callable[[GpuWatch], None]) -> GpuFigures:
    """Return the figures of work on the first device."""
    open_watch = GpuWatch()
    work(open_watch)
    return open_watch.close()[0]


def test_peak_that_raises_the_counter_is_exact(gpus: FakeTorchGpus) -> None:
    """A peak above all earlier ones is exact, however short it was."""
    gpus.use(100)
    assert watch(use(gpus, 900, 150)) == GpuFigures(
        library="torch",
        device=0,
        before_bytes=100,
        after_bytes=150,
        peak_bytes=900,
        at_most_bytes=900,
        exact=True,
    )


def test_first_use_of_a_device(gpus: FakeTorchGpus) -> None:
    """Before its first use, nothing is read, and the figures count from 0."""
    gpus.is_initialized = False

    def begin(_: GpuWatch) -> None:
        assert gpus.reads == 0
        gpus.is_initialized = True
        gpus.use(300)
        gpus.use(200)

    figures = watch(begin)
    assert (figures.before_bytes, figures.peak_bytes, figures.exact) == (0, 300, True)
    assert (figures.rise_bytes, figures.kept_bytes) == (300, 200)


def test_peak_below_an_earlier_one_is_marked(gpus: FakeTorchGpus) -> None:
    """Below the counter, the highest reading is given, and the counter as a bound."""
    gpus.use(1000)
    gpus.use(100)

    def work(open_watch: GpuWatch) -> None:
        gpus.use(600)
        open_watch.see()
        gpus.use(700)
        gpus.use(200)

    figures = watch(work)
    assert (figures.peak_bytes, figures.at_most_bytes) == (600, 1000)
    assert not figures.exact


def test_start_at_the_counter_is_exact(gpus: FakeTorchGpus) -> None:
    """If the counter equals the start and does not rise, the start is the peak."""
    gpus.use(1000)
    figures = watch(use(gpus, 100))
    assert (figures.peak_bytes, figures.exact) == (1000, True)
    assert figures.kept_bytes == -900


def test_counter_that_the_user_resets(gpus: FakeTorchGpus) -> None:
    """After a reset, what was counted since then is a lower bound."""
    gpus.use(1000)
    gpus.use(100)

    def work(_: GpuWatch) -> None:
        gpus.use(900)
        gpus.use(50)
        gpus.reset_peak()
        gpus.use(400)
        gpus.use(50)

    figures = watch(work)
    assert (figures.peak_bytes, figures.at_most_bytes) == (400, None)
    assert not figures.exact


def test_counter_is_never_reset_by_us(gpus: FakeTorchGpus) -> None:
    """Watches, also nested ones, leave the user's counter as it is."""
    gpus.use(500)
    gpus.use(100)
    watch(lambda _: (watch(use(gpus, 200)), None)[1])
    assert gpus._peaks == [500, 0]


def test_devices_are_separate(gpus: FakeTorchGpus) -> None:
    """Each device in use has its own figures."""
    open_watch = GpuWatch()
    gpus.use(10, device=1)
    (only,) = open_watch.close()
    assert (only.device, only.peak_bytes) == (1, 10)


def test_library_without_a_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a counter there is no upper bound, and the figure is marked."""
    FakeTorchGpus(monkeypatch, 0)
    used_bytes = [10]
    pool = SimpleNamespace(used_bytes=lambda: used_bytes[0], total_bytes=lambda: 99)
    cupy = SimpleNamespace(get_default_memory_pool=lambda: pool)
    runtime = SimpleNamespace(getDevice=lambda: 0)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setitem(sys.modules, "cupy.cuda", SimpleNamespace(runtime=runtime))
    monkeypatch.setattr(
        "jupyter_memkit.measure.gpu_watch.find_contexts", lambda: frozenset({0})
    )

    def work(open_watch: GpuWatch) -> None:
        used_bytes[0] = 70
        open_watch.see()
        used_bytes[0] = 30

    figures = watch(work)
    assert (figures.library, figures.peak_bytes) == ("cupy", 70)
    assert (figures.at_most_bytes, figures.exact) == (None, False)
