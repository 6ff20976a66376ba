"""The report of %%mem --lines."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.show.lines import build_report
from jupyter_memkit.track.line_memory import LineMemory, LinesResult, order_lines

MIB = 1024 * 1024


def line(number: int, **figures: Any) -> LineMemory:
    """A line of a cell."""
    source = f"    step_{number}(<b>)"
    return LineMemory(
        filename="<cell>", line=number, function="<module>", source=source, **figures
    )


def by_memray(count: int = 2, **changes: Any) -> LinesResult:
    """Lines each of which held more than the one before."""
    lines = [
        line(n, peak_bytes=n * MIB, kept_bytes=MIB // 2, blocks=n)
        for n in range(1, count + 1)
    ]
    values: dict[str, Any] = {
        "engine": "memray",
        "lines": order_lines(lines),
        "other": line(0, peak_bytes=0, kept_bytes=10, blocks=1),
        "peak_bytes": sum(range(1, count + 1)) * MIB,
        "kept_bytes": MIB,
    }
    return LinesResult(**(values | changes))


def test_memray() -> None:
    """The largest line is first, each with its code."""
    text = build_report(by_memray()).text()
    assert text.splitlines()[:5] == [
        "peak 3.0 MiB allocated, kept 1.0 MiB, line by line by memray",
        "  at the peak       kept  line",
        "      2.0 MiB  512.0 KiB  2     step_2(<b>)",
        "      1.0 MiB  512.0 KiB  1     step_1(<b>)",
        "          0 B       10 B        outside the cells",
    ]


def test_many_lines() -> None:
    """Twenty lines are shown, and the others are added up."""
    text = build_report(by_memray(25)).text()
    assert "5 smaller lines" in text
    assert "15.0 MiB" in text


def test_code_is_text() -> None:
    """Code is shown as text, never as HTML."""
    html = build_report(by_memray()).html()
    assert "step_2(&lt;b&gt;)" in html
    assert "<b>" not in html


def test_tracemalloc() -> None:
    """The line of the peak is named, with its function."""
    peak = LineMemory(
        filename="<cell>",
        line=7,
        function="work",
        source="x" * 100,
        rise_bytes=9 * MIB,
        net_bytes=-MIB,
    )
    result = by_memray(
        engine="tracemalloc",
        lines=(peak, line(8, rise_bytes=MIB, net_bytes=MIB)),
        other=line(0, rise_bytes=0, net_bytes=0),
        peak_line=peak,
        fallback="memray is not installed",
        complete=False,
        error="OSError",
    )
    report = build_report(result)
    assert report.title == (
        "until OSError: peak 3.0 MiB allocated while line 7 of work ran, kept 1.0 MiB, "
        "line by line by tracemalloc"
    )
    assert "-1.0 MiB" in report.text()
    assert report.notes[0].startswith("Incomplete: code in the cell")
    assert report.notes[-1] == "memray was not used: memray is not installed."


def test_memory_that_was_never_touched() -> None:
    """Memory that was requested but not used is pointed out."""
    used = build_report(by_memray(resident_peak_bytes=3 * MIB)).notes
    unused = build_report(by_memray(resident_peak_bytes=MIB)).notes
    assert len(unused) == len(used) + 1
    assert "grew by at most 1.0 MiB" in unused[-1]
