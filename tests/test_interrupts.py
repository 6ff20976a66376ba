"""Ctrl-C waits except where it is allowed, and none is lost."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from jupyter_memkit.interrupts import Interrupts
from tests.waiting import press_ctrl_c


def test_waiting() -> None:
    """An interrupt waits for the end of what belongs together, and comes then."""
    steps = []

    def work() -> None:
        with Interrupts() as interrupts:
            press_ctrl_c()
            time.sleep(0.01)
            steps.append("whole")
            with interrupts.allowed():
                steps.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nested() -> None:
    """A run inside a chunk of another is interrupted where both allow it."""
    steps = []

    def work() -> None:
        with Interrupts() as outer, outer.allowed(), Interrupts() as inner:
            press_ctrl_c()
            time.sleep(0.01)
            steps.append("inner is whole")
            with inner.allowed():
                steps.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["inner is whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_on_another_thread() -> None:
    """Threads other than the main one are never interrupted, and just run."""
    steps = []

    def work() -> None:
        with Interrupts() as interrupts, interrupts.allowed():
            steps.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert steps == ["done"]


def test_other_signals() -> None:
    """Any signal with a handler waits, and each of several is delivered."""
    steps: list[str] = []

    def alarm(_number: int, _frame: object) -> None:
        steps.append("alarm")
        raise TimeoutError

    def work() -> None:
        with Interrupts():
            signal.raise_signal(signal.SIGALRM)
            signal.raise_signal(signal.SIGINT)
            steps.append("whole")

    previous = signal.signal(signal.SIGALRM, alarm)
    try:
        with pytest.raises((TimeoutError, KeyboardInterrupt)):
            work()
        assert signal.getsignal(signal.SIGALRM) is alarm
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert steps == ["whole", "alarm"]


def test_handler_that_returns() -> None:
    """Where interrupts are allowed, a handler that only looks lets the next one in."""
    steps: list[int] = []
    previous = signal.signal(signal.SIGALRM, lambda number, _: steps.append(number))
    try:
        with Interrupts() as interrupts, interrupts.allowed():
            signal.raise_signal(signal.SIGALRM)
            signal.raise_signal(signal.SIGALRM)
            assert steps == [signal.SIGALRM] * 2
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_held() -> None:
    """Inside a block that allows it, Ctrl-C waits for the end of what holds it."""
    steps: list[str] = []

    def work() -> None:
        with Interrupts() as interrupts, interrupts.allowed():
            interrupts.hold()
            signal.raise_signal(signal.SIGINT)
            steps.append("held")
            interrupts.release()
            steps.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["held"]


@pytest.mark.parametrize("repeatedly", [False, True])
def test_again(*, repeatedly: bool) -> None:
    """What cleans up after Ctrl-C is interrupted again only where that is asked for."""
    steps: list[str] = []

    def work() -> None:
        with Interrupts() as interrupts, interrupts.allowed(repeatedly=repeatedly):
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                signal.raise_signal(signal.SIGINT)
                steps.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ([] if repeatedly else ["cleaned up"])


def test_diverted() -> None:
    """A signal that is diverted does not raise, and the others work as before."""
    diverted: list[int] = []

    def divert() -> bool:
        diverted.append(1)
        return True

    with Interrupts([signal.SIGINT], divert=divert):
        press_ctrl_c()
        signal.raise_signal(signal.SIGINT)
    assert diverted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_not_diverted() -> None:
    """A signal that cannot be passed on waits."""
    steps = []

    def work() -> None:
        with Interrupts([signal.SIGINT], divert=lambda: False):
            signal.raise_signal(signal.SIGINT)
            steps.append("done")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["done"]


def test_forgotten() -> None:
    """A signal that came too late can be dropped."""
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        interrupts.forget()
