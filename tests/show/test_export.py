"""Exporting the history and cells of a tracker."""

from __future__ import annotations

import csv
import html
import io
import json
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit import __version__
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.show.export import (
    COLUMNS,
    Exported,
    build_report,
    export,
    to_csv,
    to_frame,
    to_json,
)
from jupyter_memkit.show.export_html import to_html
from jupyter_memkit.track.tracker import MemoryTracker
from tests.fake_gauge import FakeGaugeMeter
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock


@pytest.fixture
def tracker() -> MemoryTracker:
    """Two cells have run for a second: one with a number, one that failed."""
    probe, clock = FakeProbe(), SetClock(1000.0)
    tracker = MemoryTracker(PeakMeter(probe), clock)
    tracker._moment._gauge_meter = FakeGaugeMeter(4096, "cgroup memory.max")
    for count, code, error in ((7, 'f("a, b")', None), (None, "fail()", "OSError")):
        cell = tracker.begin_cell(code, execution_count=count, cell_id=None)
        clock.now_s += 1.0
        probe.use(700, 200)
        tracker.end_cell(cell, error=error)
    return tracker


@pytest.mark.own_process
def test_json(tracker: MemoryTracker) -> None:
    """JSON contains the limit, the readings as columns, and complete cells."""
    exported = json.loads(to_json(tracker))
    assert exported["version"] == __version__
    assert exported["limit"] == {"bytes": 4096, "name": "cgroup memory.max"}
    assert exported["samples"] == {
        "t_s": [1000.0, 1001.0, 1002.0],
        "rss_bytes": [100, 200, 200],
        "peak_bytes": [100, 700, 700],
        "children_bytes": [0, 0, 0],
    }
    for cell in exported["cells"]:
        assert cell.pop("gpus") == []
        assert tuple(cell) == COLUMNS
    assert exported["cells"][0]["first_line"] == 'f("a, b")'
    assert exported["cells"][1]["execution_count"] is None


def test_no_limit(tracker: MemoryTracker) -> None:
    """A limit that could not be read is null."""
    tracker._moment._gauge_meter = FakeGaugeMeter(None, "")
    assert json.loads(to_json(tracker))["limit"] is None


def test_csv(tracker: MemoryTracker) -> None:
    """CSV has a row for each cell, quoted if necessary, empty where unknown."""
    rows = list(csv.DictReader(io.StringIO(to_csv(tracker))))
    assert [tuple(row) for row in rows] == [COLUMNS, COLUMNS]
    chosen = (
        "execution_count",
        "first_line",
        "started_s",
        "duration_s",
        "before_bytes",
        "after_bytes",
        "peak_bytes",
        "exact",
        "error",
    )
    assert [tuple(row[name] for name in chosen) for row in rows] == [
        ("7", 'f("a, b")', "1000.0", "1.0", "100", "200", "700", "True", ""),
        ("", "fail()", "1001.0", "1.0", "200", "200", "700", "True", "OSError"),
    ]


def test_frame(tracker: MemoryTracker) -> None:
    """The frame has the columns of the CSV, numbers as numbers."""
    frame = to_frame(tracker)
    assert tuple(frame.columns) == COLUMNS
    assert frame["peak_bytes"].tolist() == [700, 700]
    assert frame["execution_count"][0] == 7
    assert frame["execution_count"].isna().tolist() == [False, True]


def test_frame_without_pandas(
    tracker: MemoryTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If pandas is missing, the error says how to install it."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MemkitError, match=r'pip install "jupyter_memkit\[data\]"'):
        to_frame(tracker)


def test_nothing_seen() -> None:
    """A tracker without cells exports an empty table with columns."""
    empty = MemoryTracker(PeakMeter(FakeProbe()))
    assert to_csv(empty) == ",".join(COLUMNS) + "\n"
    assert tuple(to_frame(empty).columns) == COLUMNS
    assert json.loads(to_json(empty))["cells"] == []


@pytest.mark.parametrize(
    ("name", "text_of"), [("history.json", to_json), ("CELLS.CSV", to_csv)]
)
def test_file(
    tracker: MemoryTracker,
    tmp_path: Path,
    name: str,
    text_of: Callable[[MemoryTracker], str],
) -> None:
    """The suffix determines the format; an existing file is replaced cleanly."""
    path = tmp_path / name
    path.write_text("before")
    exported = export(tracker, str(path))
    assert path.read_bytes().decode() == text_of(tracker)
    assert exported == Exported(path=path, file_bytes=path.stat().st_size, cells=2)
    assert list(tmp_path.iterdir()) == [path]


def test_home(
    tracker: MemoryTracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tilde is the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert export(tracker, "~/cells.csv").path == tmp_path / "cells.csv"


def test_character_without_encoding(tracker: MemoryTracker, tmp_path: Path) -> None:
    """A lone surrogate in a cell is written as its number."""
    cell = tracker.begin_cell("'\ud83d'", execution_count=9, cell_id=None)
    tracker.end_cell(cell, error="UnicodeEncodeError")
    path = export(tracker, tmp_path / "cells.csv").path
    assert r"'\ud83d'" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("history.txt", r"must end in \.html, \.json or \.csv"),
        ("history", r"must end in \.html, \.json or \.csv"),
        ("missing/history.json", r"missing' does not exist; create it first"),
        ("folder.json", r"folder\.json' cannot be written \(.+\); choose another"),
        ("a" * 300 + ".csv", "is too long for the name of a file; use a shorter one"),
    ],
)
def test_place_that_cannot_be(
    tracker: MemoryTracker, tmp_path: Path, name: str, expected: str
) -> None:
    """The error says what to change, and no partial file is left."""
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(MemkitError, match=expected):
        export(tracker, tmp_path / name)
    assert list(tmp_path.iterdir()) == [tmp_path / "folder.json"]


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("a.html", "the chart, the status, the cells and the variables"),
        ("a.json", "the limit, the readings and the cells"),
        ("a.csv", "the cells"),
    ],
)
def test_report(name: str, holds: str) -> None:
    """The exported file is reported with its size."""
    exported = Exported(path=Path(name), file_bytes=2048, cells=2)
    assert build_report(exported).text() == (
        f"wrote {name}: 2.0 KiB\n  holds  {holds}\n  cells  2"
    )


HTML = "<img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        """Return the number of elements of a kind."""
        return sum(each == tag for each, _ in self.elements)


def test_page(shell: InteractiveShell, tmp_path: Path) -> None:
    """It has the chart, the cells and the variables, as text, and loads nothing."""
    shell.run_cell(f"large = {HTML!r}", store_history=True)
    shell.user_ns[HTML] = [1] * 100_000
    shell.run_line_magic("memkit", f"export {tmp_path / 'session.html'}")
    text = (tmp_path / "session.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.count("svg") == 1
    assert page.count("img") + page.count("script") + page.count("link") == 0
    loaded = [
        value
        for _, attributes in page.elements
        for name in ("src", "href", "xlink:href")
        if (value := attributes.get(name) or "#")[0] != "#"
    ]
    assert loaded == []
    assert html.escape(f"large = {HTML!r}") in text
    assert f">{html.escape(HTML)}</td>" in text
    assert "default-src &#x27;none&#x27;" in text


def test_page_marks_what_was_sampled() -> None:
    """A peak that is not a high-water mark says so; a failed cell has its error."""
    probe, clock = FakeProbe(has_high_water=False), SetClock(1000.0)
    tracker = MemoryTracker(PeakMeter(probe), clock)
    cell = tracker.begin_cell("1 / 0", execution_count=3, cell_id=None)
    clock.now_s += 1
    tracker.end_cell(cell, error="ZeroDivisionError")
    text = to_html(tracker)
    assert "100 B (sampled)" in text
    assert "ZeroDivisionError" in text


def test_page_without_readings() -> None:
    """A tracker that never started has a page that says why there is no chart."""
    text = to_html(MemoryTracker(PeakMeter(FakeProbe())))
    assert "<p>the tracker has no readings yet; start it" in text
    assert "<svg" not in text
