"""Thresholds that raise nothing, and what is said about them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.show.gc_pause import build_report, describe_status
from jupyter_memkit.techniques.gc_pausing.options import read_options
from jupyter_memkit.techniques.gc_pausing.pause import gc_pause
from jupyter_memkit.techniques.gc_pausing.state import collector_state
from jupyter_memkit.techniques.gc_pausing.switch import GcSwitch, read_gc_status

LOW = (5, 1, 1)


@pytest.fixture
def switch() -> Iterator[GcSwitch]:
    """Return a switch, which is off after the test."""
    switch = GcSwitch()
    yield switch
    switch.close()


def test_nothing_is_raised_for_a_block() -> None:
    """The report of a block says that the thresholds stayed, and what they were."""
    found = gc.get_threshold()
    with gc_pause(threshold=LOW) as pause:
        assert gc.get_threshold() == found
    assert not pause.has_raised
    report = build_report(pause)
    assert report.title.startswith("Garbage collector: thresholds unchanged for ")
    assert dict(report.rows)["collections avoided"] == "none"
    shown = ", ".join(map(str, found))
    assert report.notes[0] == (
        f"No threshold was raised, because none was lower than requested: {shown}."
    )


def test_one_is_raised_for_a_block() -> None:
    """One higher threshold is enough."""
    found = gc.get_threshold()
    with gc_pause(threshold=(found[0] + 1, 1)) as pause:
        assert gc.get_threshold() == (found[0] + 1, *found[1:])
    assert pause.has_raised
    report = build_report(pause)
    assert report.title.startswith("Garbage collector: thresholds raised for ")


def test_nothing_is_raised_by_hand(switch: GcSwitch) -> None:
    """The switch and the status call the collector neither raised nor paused."""
    status = switch.on(read_options(threshold=LOW))
    assert status.note == (
        "It collects as often as without the pause, because no threshold is higher."
    )
    assert (status.enabled, status.paused_by) == (True, None)
    assert read_gc_status().note == status.note
    assert describe_status(status) == "running"
    assert [switch.remind() for _ in range(20)] == [None] * 20
    assert "active" in switch.on().note
    assert "No %gc_pause on" not in getattr(switch.off(), "note", "")


@pytest.mark.parametrize("threshold", [None, 50_000, LOW])
def test_a_second_time(switch: GcSwitch, threshold: int | tuple[int, ...]) -> None:
    """A second start calls nothing paused that is not."""
    switch.on(read_options(threshold=threshold))
    enabled = gc.isenabled()
    status = switch.on(read_options(threshold=60_000))
    assert status.note == "%gc_pause on was already active; nothing changed."
    assert (status.enabled, gc.get_threshold()[0] == 60_000) == (enabled, False)


def test_lowered_during_a_pause(switch: GcSwitch) -> None:
    """Thresholds that other code lowered during a pause are not called raised."""
    switch.on(read_options(threshold=50_000))
    gc.set_threshold(*LOW)
    status = read_gc_status()
    assert status.paused_by is None
    assert "collects as often" not in status.note
    assert "less often" not in status.note
    switch.off()


def test_a_pause_after_the_limit_of_another(switch: GcSwitch) -> None:
    """A pause during one that exceeded its limit says that the collector runs."""
    with gc_pause():
        collector_state.resume(collector_state.claims[0])
        status = switch.on()
        assert status.enabled
        assert "exceeded its memory limit" in status.note
        switch.off()


@pytest.mark.parametrize("threshold", [0, 2**31, 99_999_999_999_999, (5, -1)])
def test_the_range_is_named(threshold: int | tuple[int, ...]) -> None:
    """A threshold that the interpreter cannot store is refused with its range."""
    with pytest.raises(MemkitError, match="three integers from 1 to 2147483647, such"):
        read_options(threshold=threshold)
