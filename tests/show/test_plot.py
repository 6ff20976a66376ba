"""Plots of a fake tracker's history."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.show import plot_axes
from jupyter_memkit.show.plot import plot
from jupyter_memkit.track.tracker import MemoryTracker
from tests.fake_children import FakeChildren
from tests.fake_gauge import FakeGaugeMeter
from tests.fake_probe import FakeProbe
from tests.fake_torch import FakeTorchGpus
from tests.set_clock import SetClock

MIB = 1024**2
GIB = 1024**3
START_S = 1_700_000_000.0


class MadeTracker:
    """A tracker whose memory, time and limit are set by the test."""

    def __init__(self, limit_bytes: int | None = None) -> None:
        self.probe, self.clock = FakeProbe(), SetClock(START_S)
        self.probe.use(100 * MIB)
        self.children = FakeChildren()
        self.tracker = MemoryTracker(
            PeakMeter(self.probe), self.clock, ChildrenMeter(self.children, self.clock)
        )
        self.tracker._moment._gauge_meter = FakeGaugeMeter(limit_bytes, "cgroup")
        self.tracker.sample()

    def run(
        self,
        code: str,
        rise_bytes: int,
        *,
        count: int | None,
        error: str | None = None,
    ) -> None:
        """Run a cell for two seconds, and wait for ten."""
        cell = self.tracker.begin_cell(code, execution_count=count, cell_id=None)
        self.clock.now_s += 2
        self.probe.use(100 * MIB + rise_bytes, 100 * MIB)
        self.tracker.end_cell(cell, error=error)
        self.clock.now_s += 10
        self.tracker.sample()


@pytest.fixture
def made() -> MadeTracker:
    """Three cells have run: one with a high peak, one that failed, one sampled."""
    made = MadeTracker()
    made.run("high()", 400 * MIB, count=1)
    made.run("fail()", 200 * MIB, count=2, error="ValueError")
    made.probe.has_high_water = False
    made.run("sampled()", 0, count=3)
    return made


def texts(axes: Axes) -> list[str]:
    """Return the texts in a plot, except its scales."""
    return [text.get_text() for text in axes.texts]


def shades(axes: Axes) -> list[int]:
    """Return the number of cells that each collection of spans shades."""
    return [
        len(collection.get_paths())
        for collection in axes.collections
        if isinstance(collection, PolyCollection) and collection.get_zorder() == 0.5
    ]


def legend(axes: Axes) -> list[str]:
    """Return the names in the legend."""
    found = axes.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def test_timeline(made: MadeTracker) -> None:
    """Cells are shaded, numbered and marked at their peaks; a failed one is crossed."""
    (axes,) = plot(made.tracker).axes
    assert shades(axes) == [3]
    assert sorted(texts(axes)) == ["[1]", "[2]×", "[3]"]  # noqa: RUF001 - a cross
    marks = [
        [segment[0][1] for segment in collection.get_segments()]
        for collection in axes.collections
        if isinstance(collection, LineCollection)
    ]
    assert marks == [[500 * MIB, 300 * MIB], [100 * MIB]]
    assert legend(axes) == ["in use", "peak of a cell", "peak of a cell, sampled"]


def test_line_is_the_history(made: MadeTracker) -> None:
    """The line has every reading, in bytes over dates."""
    (line,) = plot(made.tracker).axes[0].lines
    history = made.tracker.history()
    dates: Any = line.get_xdata()
    rss_bytes: Any = line.get_ydata()
    assert list(rss_bytes) == [sample.rss_bytes for sample in history]
    seconds = [round((date - dates[0]) * 86_400, 3) for date in dates]
    assert seconds == [sample.t_s - START_S for sample in history]


def test_scale_begins_at_nothing(made: MadeTracker) -> None:
    """Memory has round ticks in IEC units from 0, and the highest peak fits."""
    (axes,) = plot(made.tracker).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["0 B", "100 MiB", "200 MiB", "300 MiB", "400 MiB", "500 MiB"]
    assert axes.get_ylim() == (0, 1.08 * 500 * MIB)


def test_children_stand_on_the_line(made: MadeTracker) -> None:
    """Child processes are an area above the kernel's line, and the scale has room."""
    made.children.use(7, 700 * MIB)
    made.clock.now_s += 10
    made.tracker.sample()
    (axes,) = plot(made.tracker).axes
    area = next(c for c in axes.collections if c.get_label() == "child processes")
    assert area.get_datalim(axes.transData).y1 == 800 * MIB
    assert axes.get_ylim() == (0, 1.08 * 800 * MIB)
    assert "child processes" in legend(axes)


def test_ticks_do_not_lie() -> None:
    """A step is skipped if its labels would be rounded: 1.25 GiB is not 1.3."""
    assert plot_axes.byte_ticks(1.3 * GIB) == (
        [0, 512 * MIB, GIB],
        ["0 B", "512 MiB", "1 GiB"],
    )


@pytest.mark.parametrize(("limit_bytes", "drawn"), [(600 * MIB, True), (GIB, False)])
def test_limit_in_reach(limit_bytes: int, drawn: bool) -> None:
    """The limit is drawn and labelled if the peaks come near it, otherwise left out."""
    made = MadeTracker(limit_bytes)
    made.run("high()", 400 * MIB, count=1)
    (axes,) = plot(made.tracker).axes
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert len(dashed) == drawn
    assert ("limit 600.0 MiB (cgroup)" in texts(axes)) == drawn


def test_running_cell(made: MadeTracker) -> None:
    """The running cell is shaded separately, up to the last reading."""
    cell = made.tracker.begin_cell("wait()", execution_count=4, cell_id=None)
    made.clock.now_s += 5
    made.tracker.sample()
    (axes,) = plot(made.tracker).axes
    assert shades(axes) == [3, 1]
    assert "[4]" in texts(axes)
    made.tracker.end_cell(cell, error=None)


def test_numbers_do_not_collide() -> None:
    """Of cells too close for their numbers, the one with the higher peak keeps it."""
    made = MadeTracker()
    made.run("first()", 100 * MIB, count=1000)
    made.clock.now_s += 10_000
    made.run("second()", 50 * MIB, count=1001)
    made.run("third()", 200 * MIB, count=1002)
    assert texts(plot(made.tracker).axes[0]) == ["[1002]", "[1000]"]


def test_since(made: MadeTracker) -> None:
    """Earlier readings are left out, and the last of them holds at the left edge."""
    since_s = START_S + 20
    (axes,) = plot(made.tracker, since_s=since_s).axes
    assert sorted(texts(axes)) == ["[3]"]
    left, right = axes.get_xlim()
    assert round((right - left) * 86_400, 3) == 16.0
    dates: Any = axes.lines[0].get_xdata()
    assert dates[0] < left < dates[1]


def test_since_the_future(made: MadeTracker) -> None:
    """If there is no later reading, the last second is shown."""
    (axes,) = plot(made.tracker, since_s=START_S + 1000).axes
    left, right = axes.get_xlim()
    assert round((right - left) * 86_400, 3) == 1.0


def test_long_times() -> None:
    """Hours are shown to the minute, more than a day with the date."""
    made = MadeTracker()
    labels = []
    for wait_s in (0, 3600, 100_000):
        made.clock.now_s += wait_s
        made.tracker.sample()
        (axes,) = plot(made.tracker).axes
        form: Any = axes.xaxis.get_major_formatter()
        labels.append(form.fmt)
    assert labels == ["%H:%M:%S", "%H:%M", "%d %b %H:%M"]


def test_ranking(made: MadeTracker) -> None:
    """Bars are ranked by the rise; failed and sampled cells are labelled."""
    made.run("print('$a$', '\t$b$', 'and so on and on')", 0, count=None)
    (axes,) = plot(made.tracker, cells=True).axes
    labels = axes.get_yticklabels()
    assert [label.get_text() for label in labels] == [
        "[1] high()",
        "[2] fail()",
        "[3] sampled()",
        "[ ] print('$a$', ' $b$', 'and so on and…",
    ]
    assert not any(label.get_parse_math() for label in labels)
    assert texts(axes) == [
        "400.0 MiB",
        "200.0 MiB, failed: ValueError",
        "0 B, sampled",
        "0 B, sampled",
    ]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [bar.get_hatch() for bar in bars] == [None, "////", None, None]
    assert [bar.get_width() for bar in bars] == [400 * MIB, 200 * MIB, 0, 0]


def test_ranking_by_gpu(made: MadeTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells that used a GPU are ranked by their highest rise on one."""
    with pytest.raises(MemkitError, match="no cell has used a GPU"):
        plot(made.tracker, gpu=True)
    gpus = FakeTorchGpus(monkeypatch, 2)
    for number, (size, device) in enumerate([(300, 1), (500, 0), (400, 0)], start=1):
        cell = made.tracker.begin_cell("train()", execution_count=number, cell_id=None)
        gpus.use(size * MIB, device)
        gpus.use(0, device)
        made.tracker.end_cell(cell, error=None)
    (axes,) = plot(made.tracker, gpu=True).axes
    assert axes.get_xlabel() == "peak above the start of the cell, on a GPU"
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["[2] train()", "[1] train()", "[3] train()"]
    assert texts(axes) == ["500.0 MiB", "300.0 MiB", "0 B, sampled"]


def test_ranking_is_bounded() -> None:
    """Only the 15 highest of many cells are shown."""
    made = MadeTracker()
    for count in range(1, 21):
        made.run("work()", count * MIB, count=count)
    (axes,) = plot(made.tracker, cells=True).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [f"[{count}] work()" for count in range(20, 5, -1)]


def test_nothing_to_plot(made: MadeTracker) -> None:
    """Without cells or readings, the error says what to do."""
    with pytest.raises(MemkitError, match="run one, or plot a longer time"):
        plot(made.tracker, cells=True, since_s=START_S + 1000)
    with pytest.raises(MemkitError, match=r"start it with tracker\.start\(\)"):
        plot(MemoryTracker(PeakMeter(FakeProbe())))
    with pytest.raises(MemkitError, match="no tracker is running"):
        plot()


@pytest.mark.parametrize("cells", [False, True])
def test_user_keeps_pyplot_and_settings(made: MadeTracker, cells: bool) -> None:
    """No pyplot figure or setting is created or changed."""
    mine = plt.figure()
    settings = mpl.rcParams.copy()
    figure: Any = plot(made.tracker, cells=cells)
    figure._repr_png_()
    assert plt.get_fignums() == [mine.number]
    assert plt.gcf() is mine
    assert mine.axes == []
    assert mpl.rcParams == settings
    plt.close(mine)


def test_axes_of_the_user(made: MadeTracker) -> None:
    """The user's axes are drawn on, and their figure returned, nested or not."""
    figure = Figure()
    nested = figure.add_subfigure(figure.add_gridspec(1, 2)[0])
    assert plot(made.tracker, ax=nested.add_subplot()) is figure
    assert plot(made.tracker, cells=True, ax=figure.add_subplot(1, 2, 2)) is figure
    assert [len(axes.texts) for axes in figure.axes] == [3, 3]


@pytest.mark.parametrize("cells", [False, True])
def test_picture(made: MadeTracker, cells: bool) -> None:
    """The image is transparent, at twice its size on screen, without warnings."""
    made.run("数据 = 1", 900 * MIB, count=4)
    figure: Any = plot(made.tracker, cells=cells)
    with mpl.rc_context({"savefig.bbox": "tight", "savefig.facecolor": "white"}):
        data, size = figure._repr_png_()
    picture = imread(io.BytesIO(data))
    assert size == {"width": 800, "height": 200 if cells else 300}
    assert picture.shape == (2 * size["height"], 2 * size["width"], 4)
    assert picture[0, 0, 3] == 0


def contrast(colour: str, background: str) -> float:
    """Return the ratio of luminances that WCAG 2 defines."""
    high, low = sorted((luminance(colour), luminance(background)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour written #rrggbb."""
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("background", ["#ffffff", "#111111"])
def test_colours_on_light_and_dark(background: str) -> None:
    """Lines have a contrast of 3 to 1 with either background, text 4 to 1."""
    for colour in (plot_axes.IN_USE, plot_axes.PEAK):
        assert contrast(colour, background) >= 3
    for colour in (plot_axes.TEXT, plot_axes.LIMIT):
        assert contrast(colour, background) >= 4
