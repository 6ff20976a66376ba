"""The variables and the hints in a real JupyterLab, as a user acts on them."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import find_violations
from tests.browser.lab_page import HELD_CELL, LabPage
from tests.lab_server import LabServer
from tests.waiting import wait_until

MIB = 1024 * 1024

MAKE = """
table = np.ones(12_000_000)
prices = [float(n) for n in range(1_500_000)]
globals()["<img src=x onerror=alert(1)>"] = [1.5]
"""

WAIT = """
import pathlib, time
while not pathlib.Path("end").exists(): time.sleep(0.01)
"""

CELLS = (
    "import os, numpy as np\nprint(os.getpid())",
    MAKE.strip(),
    WAIT.strip(),
    "del table",
    HELD_CELL,
)


class Variables:
    """The section with the variables of a notebook."""

    def __init__(self, lab: LabPage) -> None:
        self.lab = lab
        lab.show_sections("Variables")
        self.row("table").wait_for()
        printed = lab.page.locator(".jp-OutputArea-output pre").first.inner_text()
        self._process = psutil.Process(int(printed))

    @property
    def rss_bytes(self) -> int:
        """The kernel's memory, as the system has it."""
        return int(self._process.memory_info().rss)

    @property
    def outcome(self) -> Locator:
        """What came of the last action."""
        return self.lab.part("outcome")

    def row(self, name: str) -> Locator:
        """Return the row of a variable."""
        return self.lab.part("variables").locator(f"[data-variable='{name}']")

    def choose(self, name: str, item: str) -> None:
        """Choose an item of a variable's menu."""
        self.row(name).get_by_role("button", name=f"Actions on {name}").click()
        self.lab.page.get_by_role("menuitem", name=item).click()

    def act(self, name: str, item: str, outcome: str) -> int:
        """Do something to a variable, and return the change of the memory."""
        before_bytes = self.rss_bytes
        self.choose(name, item)
        expect(self.outcome).to_contain_text(outcome)
        return self.rss_bytes - before_bytes


@pytest.fixture
def variables(lab: LabPage, server: LabServer) -> Variables:
    """The open section of a notebook with some variables."""
    (server.root / "end").unlink(missing_ok=True)
    server.write_notebook("variables.ipynb", *CELLS)
    lab.open("variables.ipynb")
    lab.wait_for_status("live")
    for index in range(2):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    return Variables(lab)


def test_every_action(variables: Variables) -> None:
    """Each action changes the memory that the system shows, or restores it."""
    lab = variables.lab
    change_bytes = variables.act("table", "Shrink", "Shrank table from 91.6 MiB")
    assert change_bytes < -30 * MIB
    variables.outcome.get_by_role("button", name="Undo").click()
    expect(variables.outcome).to_contain_text("Restored table")
    change_bytes = variables.act("table", "Move to Disk", "Moved table to disk")
    assert change_bytes < -80 * MIB
    variables.outcome.get_by_role("button", name="Undo").click()
    expect(variables.outcome).to_contain_text("Moved table back into memory")
    change_bytes = variables.act("prices", "Convert", "Converted prices")
    assert change_bytes < -20 * MIB
    variables.choose("table", "Show What Holds It")
    expect(variables.outcome).to_contain_text("The value of table is held by")
    before_bytes = variables.rss_bytes
    variables.choose("table", "Delete for Good")
    lab.page.get_by_role("button", name="Cancel").click()
    expect(variables.row("table")).to_be_visible()
    variables.choose("table", "Delete for Good")
    lab.page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()
    expect(variables.outcome).to_contain_text("Deleted table")
    assert variables.rss_bytes - before_bytes < -80 * MIB
    expect(variables.row("table")).to_have_count(0)


def test_an_action_waits_for_the_cell(variables: Variables, server: LabServer) -> None:
    """What is asked for while a cell runs is done after it."""
    lab = variables.lab
    lab.run_cell(2)
    state = lab.page.locator(".jp-Memkit-lookupState").first
    expect(state).to_have_text("Updated after this cell")
    before_bytes = variables.rss_bytes
    variables.choose("table", "Shrink to Smaller Types (after this cell)")
    assert abs(variables.rss_bytes - before_bytes) < 10 * MIB
    expect(variables.outcome).to_have_count(0)
    (server.root / "end").touch()
    expect(variables.outcome).to_contain_text("Shrank table")
    wait_until(lambda: variables.rss_bytes < before_bytes - 30 * MIB)


def test_a_name_that_is_gone(variables: Variables, server: LabServer) -> None:
    """An action that comes after a cell that deletes the variable says so."""
    lab = variables.lab
    lab.run_cell(2)
    lab.run_cell(3)
    variables.choose("table", "Shrink to Smaller Types (after this cell)")
    (server.root / "end").touch()
    expect(variables.outcome).to_contain_text("table no longer exists")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_rows_stay_where_they_are(variables: Variables, held: Path) -> None:
    """No row moves under the pointer while a cell starts, runs and ends."""
    lab = variables.lab
    lab.page.evaluate(
        """() => {
            window.places = new Set();
            const row = document.querySelector('[data-variable=table]');
            const note = () => {
                if (row.isConnected) {
                    window.places.add(Math.round(row.getBoundingClientRect().top));
                    requestAnimationFrame(note);
                }
            };
            note();
        }"""
    )
    state = lab.page.locator(".jp-Memkit-lookupState").first
    expect(state).to_have_text("")
    lab.run_cell(4)
    expect(state).to_have_text("Updated after this cell")
    expect(lab.page.get_by_text("Read by the server")).to_be_visible()
    held.open("wb").close()
    expect(state).to_have_text("")
    assert len(lab.page.evaluate("[...window.places]")) == 1


def test_names_are_text(variables: Variables) -> None:
    """The section is accessible, and a name that is HTML is a text without actions."""
    lab = variables.lab
    row = lab.part("variables").locator("tr", has_text="<img src=x")
    expect(row).to_be_visible()
    expect(row.get_by_role("button")).to_have_count(0)
    expect(lab.part("variables").locator("img")).to_have_count(0)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        lab.set_theme(theme)
        assert find_violations(lab, "#jupyter-memkit") == []
    filter_ = lab.page.get_by_role("searchbox", name="Filter the variables")
    filter_.fill("PRIC")
    expect(row).to_have_count(0)
    expect(variables.row("prices")).to_be_visible()
    filter_.clear()
    expect(row).to_be_visible()


def test_narrow(variables: Variables) -> None:
    """In a narrow sidebar the size stands above what else is known of a variable."""
    row = variables.row("table")
    size = row.locator(".jp-Memkit-number").last.bounding_box()
    known = row.locator(".jp-Memkit-detail").bounding_box()
    assert size is not None
    assert known is not None
    assert known["y"] > size["y"]
    assert known["x"] + known["width"] > size["x"]


def test_hints_become_cells(variables: Variables) -> None:
    """A cure is inserted below the active cell, or also run there."""
    lab = variables.lab
    lab.show_sections("Variables", "Hints")
    hint = lab.part("hints").locator("[data-hint=prices]")
    expect(hint).to_contain_text("%to_numpy prices")
    hint.locator("[data-use=insert]").click()
    inserted = lab.page.locator(".jp-CodeCell.jp-mod-active")
    expect(inserted).to_contain_text("%to_numpy prices")
    expect(
        lab.part("variables").locator("tr", has_text="list 1,500,000")
    ).to_be_visible()
    hint.locator("[data-use=run]").click()
    expect(inserted.locator(".jp-OutputArea")).to_contain_text("ndarray")
    expect(hint).to_have_count(0)
