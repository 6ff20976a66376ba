"""A paused collector in the sidebar of a real JupyterLab."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer

CELLS = ("%gc_pause on", *["x = 1"] * 20, "%gc_pause off")


def test_a_pause_is_visible(lab: LabPage, server: LabServer) -> None:
    """The sidebar shows a chip during a pause, and marks a long one."""
    server.write_notebook("pause.ipynb", *CELLS)
    lab.open("pause.ipynb")
    lab.wait_for_status("live")
    # The narrowest width, in which the chip must fit.
    lab.set_sidebar_width(250)
    chip = lab.part("collector")
    expect(chip).to_have_count(0)
    lab.run_cell(0)
    expect(chip).to_contain_text("GC paused")
    expect(chip).to_have_attribute("title", re.compile("paused by %gc_pause on since"))
    for index in range(1, 21):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    expect(chip).to_contain_text("GC paused, 20 cells")
    chips = lab.page.locator(".jp-Memkit-chips")
    assert chips.evaluate("each => each.scrollWidth <= each.clientWidth")
    # The notebook has a reminder as well, but only below the twentieth cell.
    reminder = lab.page.get_by_text("has been paused for 20 cells")
    expect(reminder).to_have_count(1)
    lab.run_cell(21)
    expect(chip).to_have_count(0)


def test_a_pause_by_hand_ends_by_its_button(lab: LabPage, server: LabServer) -> None:
    """The button ends a pause that the kit has not begun, too."""
    server.write_notebook("disabled.ipynb", "import gc; gc.disable()", "gc.isenabled()")
    lab.open("disabled.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    chip = lab.part("collector")
    chip.get_by_role("button").click()
    expect(chip).to_have_count(0)
    lab.run_cell(1)
    expect(lab.page.locator(".jp-OutputArea-output")).to_have_text("True")
