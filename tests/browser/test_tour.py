"""The tour in the launcher."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer


def test_tour(lab: LabPage, server: LabServer) -> None:
    """The launcher's card opens a copy of the notebooks, whose solutions are hidden."""
    server.write_notebook("first.ipynb", "x = 1")
    lab.open("first.ipynb")
    lab.wait_for_status("live")
    lab.command("launcher:create")
    card = lab.page.locator(".jp-LauncherCard:visible", has_text="Memory Tour")
    card.focus()
    card.press("Enter")
    tab = lab.page.locator(".lm-TabBar-tab.lm-mod-current", has_text="00_tour.ipynb")
    tab.wait_for()
    expect(lab.page.locator("h1", has_text="Where does the memory go?")).to_be_visible()

    lab.command("docmanager:open", path="memkit-tour/02_arrays.ipynb")
    lab.page.locator("h1", has_text="Where numbers live").wait_for()
    lab.show_cell("solution")
    solution = lab.page.locator(
        "code", has_text='leaves_at = flights.hour.astype("int16")'
    )
    expect(solution).to_be_hidden()
    lab.page.locator("summary", has_text="A solution").click()
    expect(solution).to_be_visible()
