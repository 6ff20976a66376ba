"""The report of %memkit processes."""

from __future__ import annotations

from jupyter_memkit.measure.processes import ProcessMemory
from jupyter_memkit.show.processes import Processes, build_report

MIB = 1024 * 1024


def process(pid: int, pss_bytes: int | None, swap_bytes: int | None) -> ProcessMemory:
    """A process of 100 MiB."""
    return ProcessMemory(
        pid=pid,
        command=f"python {'-x ' * 30}",
        rss_bytes=100 * MIB,
        pss_bytes=pss_bytes,
        swap_bytes=swap_bytes,
    )


def test_all_sizes_are_known() -> None:
    """The total of the processes counts shared memory once."""
    shown = Processes((process(1, 60 * MIB, 0), process(22, 50 * MIB, 3 * MIB)))
    command = f"python {'-x ' * 17}-…"
    assert build_report(shown).text() == (
        "the kernel and 1 child process: 110.0 MiB together\n"
        "  1   100.0 MiB resident, 60.0 MiB with its share of shared memory (PSS): "
        f"{command}\n"
        "  22  100.0 MiB resident, 50.0 MiB with its share of shared memory (PSS), "
        f"3.0 MiB in swap: {command}\n"
        "The total counts shared memory once."
    )


def test_a_size_is_missing() -> None:
    """Without all proportional sizes there is no total, and the report says why."""
    report = build_report(Processes((process(1, None, None),)))
    assert report.title == "the kernel and 0 child processes"
    assert report.notes[0].startswith("Each resident size includes shared memory")
