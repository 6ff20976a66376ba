"""What a person reads of a stretch of work."""

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
    """The title has the answer, the rows what it was made from."""
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
    """Figures of a stretch that failed are those up to the error."""
    failed = dataclasses.replace(RESULT, error="KeyboardInterrupt")
    assert build_report(failed).title.startswith("until KeyboardInterrupt: peak ")
    assert build_memit_report(failed).title.startswith(
        "until KeyboardInterrupt: peak memory: "
    )


def test_sampled() -> None:
    """A figure that is not exact says so wherever it is shown."""
    sampled = dataclasses.replace(RESULT, exact=False)
    assert build_report(sampled).title.startswith(
        "peak 300.0 MiB above the start (sampled), kept"
    )
    assert build_report(sampled).notes == (SAMPLED,)
    assert build_memit_report(sampled).title.endswith("300.00 MiB (sampled)")
    assert build_memit_report(sampled).notes == (SAMPLED,)
    assert "above the start (sampled), over" in build_refusal(sampled, MIB)


def test_several_runs() -> None:
    """The highest of several runs says that it is."""
    several = dataclasses.replace(RESULT, runs=3)
    assert build_report(several).notes == ("The highest of 3 runs.",)


def test_no_time_at_all() -> None:
    """A clock that stood still divides nothing."""
    instant = dataclasses.replace(RESULT, duration_s=0.0, gc_s=0.0)
    assert dict(build_report(instant).rows)["garbage collector"] == (
        "0.0 ms, 0.0% of the time"
    )


def test_memit_report() -> None:
    """The line is memory_profiler's."""
    assert build_memit_report(RESULT).text() == (
        "peak memory: 400.00 MiB, increment: 300.00 MiB"
    )


def test_refusal() -> None:
    """The sentence has what was used and what was allowed."""
    assert build_refusal(RESULT, 100 * MIB) == (
        "the peak was 300.0 MiB above the start, over the 100.0 MiB that --max allows"
    )
