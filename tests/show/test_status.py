"""The report of %memkit."""

from __future__ import annotations

import dataclasses

import pytest

from jupyter_memkit import __version__
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.gpu import GpuReading
from jupyter_memkit.show.status import Status, build_report
from jupyter_memkit.techniques.gc_pausing.switch import GcStatus
from jupyter_memkit.track.moment import Reading

GIB = 1024**3

RUNNING = GcStatus(
    enabled=True,
    paused_by=None,
    since_s=None,
    cells=None,
    count=(0, 0, 0),
    threshold=(700, 10, 10),
    note="",
)
DISABLED = dataclasses.replace(RUNNING, enabled=False, paused_by="gc.disable()")

IN_A_CONTAINER = Gauge(
    limit_bytes=4 * GIB,
    used_bytes=2 * GIB,
    name="cgroup memory.max",
    covers="container",
)


def status(
    *,
    gauge: Gauge | None = IN_A_CONTAINER,
    exact: bool = True,
    collector: GcStatus = RUNNING,
) -> Status:
    """A status after three cells in two minutes."""
    reading = Reading(
        rss_bytes=GIB,
        gauge=gauge,
        swap_bytes=0,
        children=0,
        children_bytes=0,
        gpu=GpuReading(devices=(), allocators=(), reason="no driver"),
    )
    return Status(
        reading=reading, exact=exact, cells=3, tracked_s=120.0, collector=collector
    )


def test_status_of_a_container() -> None:
    """The figures, the source of the limit, and how they are measured."""
    assert build_report(status()).text() == (
        f"jupyter_memkit {__version__}: 1.0 GiB in use\n"
        "  limit              4.0 GiB (cgroup memory.max), 50.0% of it in use by all "
        "processes of its container\n"
        "  GPU                none: no driver\n"
        "  peaks of cells     exact, the system's high-water mark\n"
        "  tracking           3 cells in 2 min 0 s\n"
        "  garbage collector  running"
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (status(gauge=None), ("limit", "none found")),
        (
            status(exact=False),
            (
                "peaks of cells",
                "sampled: this system has no resettable high-water mark",
            ),
        ),
        (
            status(collector=DISABLED),
            ("garbage collector", "paused by gc.disable()"),
        ),
    ],
)
def test_what_is_missing_is_said(changed: Status, expected: tuple[str, str]) -> None:
    """A figure that is sampled, missing or unusual is labelled."""
    assert expected in build_report(changed).rows


def test_one_cell() -> None:
    """A single cell is counted in the singular."""
    one = dataclasses.replace(status(), cells=1)
    assert ("tracking", "1 cell in 2 min 0 s") in build_report(one).rows


@pytest.mark.parametrize(
    ("collector", "notes"),
    [
        (RUNNING, ()),
        (DISABLED, ("gc.enable() resumes the garbage collector.",)),
        (
            dataclasses.replace(DISABLED, paused_by="%gc_pause on"),
            ("%gc_pause off resumes the garbage collector.",),
        ),
        # Ends by itself.
        (dataclasses.replace(DISABLED, paused_by="%%gc_pause"), ()),
    ],
)
def test_cure_of_a_pause(collector: GcStatus, notes: tuple[str, ...]) -> None:
    """A forgotten pause is shown with the line that ends it."""
    assert build_report(status(collector=collector)).notes == notes
