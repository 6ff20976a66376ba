"""What %memkit tells."""

from __future__ import annotations

import pytest

from jupyter_memkit import __version__
from jupyter_memkit.measure.gpu import GpuReading
from jupyter_memkit.show.status import Status, build_report
from jupyter_memkit.track.tracker import Reading

GIB = 1024**3


def status(
    *, limit_bytes: int | None = 4 * GIB, exact: bool = True, gc_enabled: bool = True
) -> Status:
    """A status after three cells in two minutes."""
    reading = Reading(
        rss_bytes=GIB,
        limit_bytes=limit_bytes,
        limit_name=None if limit_bytes is None else "cgroup memory.max",
        swap_bytes=0,
        children=0,
        children_bytes=0,
        gpu=GpuReading(devices=(), allocators=(), reason="no driver"),
    )
    return Status(
        reading=reading, exact=exact, cells=3, tracked_s=120.0, gc_enabled=gc_enabled
    )


def test_status_of_a_container() -> None:
    """The figures, what sets the limit, and how they are got."""
    assert build_report(status()).text() == (
        f"jupyter_memkit {__version__}: 1.0 GiB in use\n"
        "  limit              4.0 GiB (cgroup memory.max), 25.0% of it in use\n"
        "  GPU                none: no driver\n"
        "  peaks of cells     exact, the system's high-water mark\n"
        "  tracking           3 cells in 2 min 0 s\n"
        "  garbage collector  running"
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (status(limit_bytes=None), ("limit", "none found")),
        (
            status(exact=False),
            (
                "peaks of cells",
                "sampled: this system has no high-water mark that can be reset",
            ),
        ),
        (status(gc_enabled=False), ("garbage collector", "paused")),
    ],
)
def test_what_is_missing_is_said(changed: Status, expected: tuple[str, str]) -> None:
    """A figure that is not exact, not there or not normal is labelled."""
    assert expected in build_report(changed).rows
