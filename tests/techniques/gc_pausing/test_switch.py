"""The switch of the collector, and its status."""

from __future__ import annotations

import gc

import pytest

from jupyter_memkit.techniques.gc_pausing.options import read_options
from jupyter_memkit.techniques.gc_pausing.pause import GcPause, gc_pause
from jupyter_memkit.techniques.gc_pausing.switch import (
    GcStatus,
    GcSwitch,
    read_gc_status,
)


@pytest.fixture
def switch() -> GcSwitch:
    """Return a new switch."""
    return GcSwitch()


def test_on_and_off(switch: GcSwitch) -> None:
    """`on` pauses until `off`, which returns the figures."""
    status = switch.on()
    assert (status.enabled, status.paused_by) == (False, "%gc_pause on")
    assert status.paused_s is not None
    assert not gc.isenabled()
    pause = switch.off()
    assert isinstance(pause, GcPause)
    assert pause.reclaimed_bytes is not None
    assert gc.isenabled()


def test_on_twice(switch: GcSwitch) -> None:
    """A second `on` reports that nothing changed, and one `off` is enough."""
    switch.on()
    assert switch.on().note == "%gc_pause on was already active; nothing changed."
    switch.off()
    assert gc.isenabled()


def test_off_without_on(switch: GcSwitch) -> None:
    """`off` without `on` reports that nothing changed."""
    status = switch.off()
    assert isinstance(status, GcStatus)
    assert status.note == "No %gc_pause on was active; nothing changed."


def test_off_without_collection(switch: GcSwitch) -> None:
    """`off` with collect=False collects nothing."""
    switch.on()
    pause = switch.off(collect=False)
    assert isinstance(pause, GcPause)
    assert pause.reclaimed_bytes is None


def test_collector_was_off(switch: GcSwitch) -> None:
    """A collector that was off is reported, and stays off."""
    gc.disable()
    try:
        assert switch.on().note.startswith("It was off before")
        assert read_gc_status().paused_by == "gc.disable()"
        switch.off()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_close(switch: GcSwitch) -> None:
    """Closing ends an active pause; closing again changes nothing."""
    switch.on()
    switch.close()
    assert gc.isenabled()
    switch.close()


def test_status_while_running() -> None:
    """The status of a running collector names no pause."""
    status = read_gc_status()
    assert (status.enabled, status.paused_by, status.paused_s) == (True, None, None)
    assert status.threshold == gc.get_threshold()


def test_status_in_a_block(switch: GcSwitch) -> None:
    """The status names a block's pause, or the switch's own if both are active."""
    with gc_pause(collect=False):
        assert read_gc_status().paused_by == "memkit.gc_pause()"
        switch.on()
        assert read_gc_status().paused_by == "%gc_pause on"
        switch.off()


def test_status_after_disable() -> None:
    """A collector that the user disabled has no start time, and a note has the cure."""
    gc.disable()
    try:
        status = read_gc_status()
    finally:
        gc.enable()
    assert (status.paused_by, status.paused_s) == ("gc.disable()", None)
    assert "gc.enable()" in status.note


def test_status_after_enable_in_a_pause(switch: GcSwitch) -> None:
    """A collector that was enabled during a pause runs, and a note explains why."""
    switch.on()
    gc.enable()
    status = read_gc_status()
    switch.off()
    assert (status.enabled, status.paused_by) == (True, None)
    assert status.note == "Some code called gc.enable() during a pause."


def test_status_with_raised_thresholds(switch: GcSwitch) -> None:
    """The status of a collector with raised thresholds names the pause."""
    status = switch.on(read_options(threshold=50_000))
    switch.off()
    assert (status.enabled, status.paused_by) == (True, "%gc_pause on")
    assert status.threshold[0] == 50_000
    assert status.note == "Its thresholds are raised until %gc_pause off."


def test_begun_without_collection(switch: GcSwitch) -> None:
    """A pause that was begun with collect=False ends without a collection."""
    switch.on(read_options(collect=False))
    pause = switch.off()
    assert isinstance(pause, GcPause)
    assert pause.collect_s is None


def test_reminders(switch: GcSwitch) -> None:
    """Every twentieth cell of a pause gets a reminder, and no cell without a pause."""
    assert [switch.remind() for _ in range(40)] == [None] * 40
    switch.on()
    reminders = [switch.remind() for _ in range(40)]
    assert read_gc_status().cells == 40
    switch.off()
    numbers = [number for number, text in enumerate(reminders, 1) if text is not None]
    assert numbers == [20, 40]
    assert reminders[19] == (
        "The garbage collector has been paused for 20 cells; %gc_pause off resumes it."
    )


def test_reminder_of_raised_thresholds(switch: GcSwitch) -> None:
    """The reminder of raised thresholds does not call the collector paused."""
    switch.on(read_options(threshold=50_000))
    reminders = [switch.remind() for _ in range(20)]
    switch.off()
    assert reminders[19] is not None
    assert reminders[19].startswith("The thresholds of the garbage collector have been")


def test_no_reminder_of_a_running_collector(switch: GcSwitch) -> None:
    """There is no reminder once the collector was enabled."""
    switch.on()
    gc.enable()
    reminders = [switch.remind() for _ in range(40)]
    switch.off()
    assert reminders == [None] * 40
