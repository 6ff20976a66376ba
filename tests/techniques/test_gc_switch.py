"""The switch of the collector, and its status."""

from __future__ import annotations

import gc

import pytest

from jupyter_memkit.techniques.gc_pause import GcPause, gc_pause
from jupyter_memkit.techniques.gc_switch import GcStatus, GcSwitch


@pytest.fixture
def switch() -> GcSwitch:
    """Return a switch that nobody has touched."""
    return GcSwitch()


def test_on_and_off(switch: GcSwitch) -> None:
    """On pauses until off, which returns the figures."""
    status = switch.on()
    assert (status.enabled, status.paused_by) == (False, "%gc_pause on")
    assert status.paused_s is not None
    assert not gc.isenabled()
    pause = switch.off()
    assert isinstance(pause, GcPause)
    assert pause.reclaimed_bytes is not None
    assert gc.isenabled()


def test_on_twice(switch: GcSwitch) -> None:
    """The second on changes nothing and says so; one off is enough."""
    switch.on()
    assert switch.on().note == "It was paused already; nothing changed."
    switch.off()
    assert gc.isenabled()


def test_off_without_on(switch: GcSwitch) -> None:
    """Off alone changes nothing and says so."""
    status = switch.off()
    assert isinstance(status, GcStatus)
    assert status.note == "No %gc_pause on was standing; nothing changed."


def test_off_without_collection(switch: GcSwitch) -> None:
    """Off collects nothing when told so."""
    switch.on()
    pause = switch.off(collect=False)
    assert isinstance(pause, GcPause)
    assert pause.reclaimed_bytes is None


def test_collector_was_off(switch: GcSwitch) -> None:
    """A collector that was off is said to be so, and stays off."""
    gc.disable()
    try:
        assert switch.on().note.startswith("It was off before")
        assert switch.status().paused_by == "gc.disable()"
        switch.off()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_close(switch: GcSwitch) -> None:
    """Closing ends a standing pause; closing again changes nothing."""
    switch.on()
    switch.close()
    assert gc.isenabled()
    switch.close()


def test_status_while_running(switch: GcSwitch) -> None:
    """A running collector is paused by nobody."""
    status = switch.status()
    assert (status.enabled, status.paused_by, status.paused_s) == (True, None, None)
    assert status.threshold == gc.get_threshold()


def test_status_in_a_block(switch: GcSwitch) -> None:
    """A pause of a block is told from the switch's own."""
    with gc_pause(collect=False):
        assert switch.status().paused_by == "memkit.gc_pause()"


def test_status_after_disable(switch: GcSwitch) -> None:
    """A collector that the user disabled has no date, and the note has the cure."""
    gc.disable()
    try:
        status = switch.status()
    finally:
        gc.enable()
    assert (status.paused_by, status.paused_s) == ("gc.disable()", None)
    assert "gc.enable()" in status.note


def test_status_after_enable_in_a_pause(switch: GcSwitch) -> None:
    """A collector that was enabled in a pause runs, and the note says why."""
    switch.on()
    gc.enable()
    status = switch.status()
    switch.off()
    assert (status.enabled, status.paused_by) == (True, None)
    assert status.note == "Something called gc.enable() in a pause."
