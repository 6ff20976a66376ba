"""The report of a measured block."""

from __future__ import annotations

import dataclasses

from jupyter_memkit.show.mem import build_memit_report, build_refusal, build_report
from jupyter_memkit.track.mem import MemResult

MIB = 1024 * 1024

RESULT = MemResult(
    before_bytes=100 * MIB,
    peak_bytes=300 * MIB,
    delta_bytes=50 * MIB,
    duration_s=2.0,
    gc_s=0.5,
    exact=True,
)

SAMPLED = (
    "Sampled: this system has no resettable high-water mark, so a short spike can be "
    "missed."
)


def test_report() -> None:
    """The title has the result, the rows the figures behind it."""
    assert build_report(RESULT).text() == (
        "peak 300.0 MiB above the start, kept 50.0 MiB, 2.0 s\n"
        "  in use             100.0 MiB at the start, 400.0 MiB at the peak, "
        "150.0 MiB at the end\n"
        "  garbage collector  500 ms, 25.0% of the time"
    )


def test_memory_given_back() -> None:
    """A decrease is not shown as a negative size."""
    report = build_report(dataclasses.replace(RESULT, delta_bytes=-MIB))
    assert report.title == ("peak 300.0 MiB above the start, freed 1.0 MiB, 2.0 s")


def test_error() -> None:
    """The figures of a failed block are those up to the error."""
    failed = dataclasses.replace(RESULT, error="KeyboardInterrupt")
    assert build_report(failed).title.startswith("until KeyboardInterrupt: peak ")
    assert build_memit_report(failed).title.startswith(
        "until KeyboardInterrupt: peak memory: "
    )


def test_sampled() -> None:
    """A sampled figure is marked wherever it is shown."""
    sampled = dataclasses.replace(RESULT, exact=False)
    assert build_report(sampled).title.startswith(
        "peak 300.0 MiB above the start (sampled), kept"
    )
    assert build_report(sampled).notes == (SAMPLED,)
    assert build_memit_report(sampled).title.endswith("300.00 MiB (sampled)")
    assert build_memit_report(sampled).notes == (SAMPLED,)
    assert "above the start (sampled), over" in build_refusal(sampled, MIB)


def test_several_runs() -> None:
    """The highest of several runs is labelled as such."""
    several = dataclasses.replace(RESULT, runs=3)
    assert build_report(several).notes == ("The highest of 3 runs.",)


def test_no_time_at_all() -> None:
    """A duration of 0 causes no division by zero."""
    instant = dataclasses.replace(RESULT, duration_s=0.0, gc_s=0.0)
    assert dict(build_report(instant).rows)["garbage collector"] == (
        "0.0 ms, 0.0% of the time"
    )


def test_memit_report() -> None:
    """The output is memory_profiler's line."""
    assert build_memit_report(RESULT).text() == (
        "peak memory: 400.00 MiB, increment: 300.00 MiB"
    )


def test_refusal() -> None:
    """The message contains the peak and the limit."""
    assert build_refusal(RESULT, 100 * MIB) == (
        "the peak was 300.0 MiB above the start, over the 100.0 MiB that --max allows"
    )
