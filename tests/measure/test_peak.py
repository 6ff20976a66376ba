"""Peaks of nested and overlapping measurements."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from jupyter_memkit.measure.peak import Peak, PeakMeter, peak_meter
from jupyter_memkit.measure.process import ProcProbe
from tests.fake_probe import FakeProbe

MIB = 1024 * 1024


@pytest.fixture
def probe() -> FakeProbe:
    """A process with a high-water mark."""
    return FakeProbe()


def test_spike_between_readings_is_the_peak(probe: FakeProbe) -> None:
    """The peak is found without any reading during it."""
    watch = PeakMeter(probe).open()
    probe.use(500, 120)
    assert watch.close() == Peak(
        before_bytes=100, after_bytes=120, peak_bytes=500, exact=True
    )


def test_spike_before_the_start_does_not_count(probe: FakeProbe) -> None:
    """A measurement starts with its own mark."""
    meter = PeakMeter(probe)
    probe.use(900, 100)
    watch = meter.open()
    probe.use(200, 100)
    assert watch.close().peak_bytes == 200


def test_inner_stretch_leaves_the_outer_exact(probe: FakeProbe) -> None:
    """The reset of an inner measurement does not affect the outer one."""
    meter = PeakMeter(probe)
    outer = meter.open()
    probe.use(700, 100)
    inner = meter.open()
    probe.use(300, 100)
    assert inner.close().peak_bytes == 300
    assert outer.close().peak_bytes == 700


def test_inner_peak_counts_for_the_outer(probe: FakeProbe) -> None:
    """The peak of an inner measurement counts for the outer one."""
    meter = PeakMeter(probe)
    outer = meter.open()
    inner = meter.open()
    probe.use(800, 100)
    inner.close()
    assert outer.close().peak_bytes == 800


def test_overlapping_stretches_stay_exact(probe: FakeProbe) -> None:
    """Measurements that end in the order of their start each have their own peak."""
    meter = PeakMeter(probe)
    first = meter.open()
    probe.use(400, 100)
    second = meter.open()
    probe.use(600, 100)
    assert first.close().peak_bytes == 600
    probe.use(900, 100)
    assert second.close().peak_bytes == 900


def test_closing_twice_gives_the_same_peak(probe: FakeProbe) -> None:
    """A closed measurement no longer changes."""
    watch = PeakMeter(probe).open()
    probe.use(300, 100)
    watch.close()
    probe.use(900, 100)
    assert watch.close().peak_bytes == 300


def test_without_high_water_mark_the_samples_count() -> None:
    """If the mark cannot be reset, the peak is the highest sample, and inexact."""
    probe = FakeProbe(has_high_water=False)
    meter = PeakMeter(probe)
    watch = meter.open()
    probe.use(500)
    meter.observe()
    probe.use(900, 100)
    assert watch.close() == Peak(
        before_bytes=100, after_bytes=100, peak_bytes=500, exact=False
    )


def test_refusal_on_the_way_is_said(probe: FakeProbe) -> None:
    """If the system starts refusing the reset, open measurements become inexact."""
    meter = PeakMeter(probe)
    watch = meter.open()
    probe.has_high_water = False
    meter.open().close()
    assert not watch.close().exact


def test_refusal_need_not_last(probe: FakeProbe) -> None:
    """A measurement that starts after the reset works again is exact."""
    meter = PeakMeter(probe)
    probe.has_high_water = False
    meter.open().close()
    probe.has_high_water = True
    watch = meter.open()
    probe.use(700, 100)
    assert watch.close() == Peak(
        before_bytes=100, after_bytes=100, peak_bytes=700, exact=True
    )


def test_reading_that_fails(probe: FakeProbe) -> None:
    """After a failed reading the last one is used, and measurements become inexact."""
    meter = PeakMeter(probe)
    first = meter.open()
    probe.is_readable = False
    probe.use(700, 100)
    second = meter.open()
    expected = Peak(before_bytes=100, after_bytes=100, peak_bytes=100, exact=False)
    assert first.close() == expected
    assert second.close() == expected
    assert meter.read_rss_bytes() == 100
    probe.is_readable = True
    assert meter.open().close().exact


def test_forked_process_has_a_meter_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A forked process does not use the lock that its parent may hold."""
    mine = peak_meter()
    assert peak_meter() is mine
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert peak_meter() is not mine


def test_observation_reports_a_spike_once(probe: FakeProbe) -> None:
    """A spike is in the reading after it, but not in the next."""
    meter = PeakMeter(probe)
    meter.open()
    probe.use(500, 100)
    assert meter.observe().peak_bytes == 500
    assert meter.observe().peak_bytes == 100


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc/self/clear_refs")
def test_real_spike_inside_one_call_is_exact() -> None:
    """An allocation within one C call is measured to 4 MiB."""
    watch = peak_meter().open()
    len(b"x" * (400 * MIB))
    peak = watch.close()
    # The kernel counts pages in batches on each core, so not to the last page.
    assert abs(peak.peak_bytes - peak.before_bytes - 400 * MIB) < 4 * MIB


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc/self/clear_refs")
def test_real_spike_on_another_thread_is_exact() -> None:
    """The peak is that of the process, whichever thread caused it."""
    watch = peak_meter().open()
    thread = threading.Thread(target=lambda: np.ones(25 * MIB).sum())
    thread.start()
    thread.join()
    peak = watch.close()
    assert abs(peak.peak_bytes - peak.before_bytes - 200 * MIB) < 4 * MIB


def test_unwritable_clear_refs_is_not_an_error(tmp_path: Path) -> None:
    """A sandbox that hides clear_refs only makes the figures sampled."""
    (tmp_path / "statm").write_text("200 50 0 0 0 0 0")
    (tmp_path / "status").write_text("Name:\tpython\nVmHWM:\t     400 kB\n")
    meter = PeakMeter(ProcProbe(tmp_path))
    assert meter.exact is False
    assert meter.open().close().peak_bytes == 50 * os.sysconf("SC_PAGE_SIZE")


def test_peak_needs_no_numpy() -> None:
    """Measuring imports nothing heavy."""
    code = (
        "import sys; from jupyter_memkit.measure.peak import peak_meter;"
        "peak_meter().open().close(); print('numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
