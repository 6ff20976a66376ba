"""The thread that calls a function repeatedly."""

from __future__ import annotations

import logging
import threading

import pytest

from jupyter_memkit.track.sampler import Sampler
from tests.waiting import LIMIT_S


def test_ticks_until_stopped() -> None:
    """Stopping joins the thread, and there are no later ticks."""
    ticked = threading.Semaphore(0)
    sampler = Sampler(ticked.release, lambda: 0.001)
    sampler.start()
    assert all(ticked.acquire(timeout=LIMIT_S) for _ in range(3))
    sampler.stop()
    assert [t for t in threading.enumerate() if t.name == "memkit-sampler"] == []


def test_start_and_stop_are_idempotent() -> None:
    """Starting twice creates one thread, stopping twice is not an error."""
    sampler = Sampler(lambda: None, lambda: 60.0)
    sampler.start()
    sampler.start()
    names = [thread.name for thread in threading.enumerate()]
    sampler.stop()
    sampler.stop()
    assert names.count("memkit-sampler") == 1


def test_wake_asks_for_the_interval_again() -> None:
    """A waiting thread ticks soon after its interval was shortened."""
    ticked = threading.Event()
    interval_s = 3600.0
    sampler = Sampler(ticked.set, lambda: interval_s)
    sampler.start()
    interval_s = 0.001
    sampler.wake()
    assert ticked.wait(timeout=LIMIT_S)
    sampler.stop()


def test_failing_tick_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A failure does not end the thread, and is logged only once."""
    failed = threading.Semaphore(0)

    def fail() -> None:
        failed.release()
        raise OSError

    sampler = Sampler(fail, lambda: 0.001)
    with caplog.at_level(logging.ERROR, logger="jupyter_memkit"):
        sampler.start()
        assert all(failed.acquire(timeout=LIMIT_S) for _ in range(5))
        sampler.stop()
    assert [record.message for record in caplog.records] == [
        "a reading failed; later failures are not logged"
    ]


def test_sampler_can_be_started_again() -> None:
    """A stopped sampler can be restarted."""
    ticked = threading.Event()
    sampler = Sampler(ticked.set, lambda: 0.001)
    sampler.start()
    sampler.stop()
    ticked.clear()
    sampler.start()
    assert ticked.wait(timeout=LIMIT_S)
    sampler.stop()
