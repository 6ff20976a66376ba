"""The sidebar in Notebook 7."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LISTED_CELL, LabPage
from tests.lab_server import LabServer


def test_every_section(notebook_7: LabPage, server: LabServer) -> None:
    """The sidebar is live, each section shows the notebook, and the kernels' panel."""
    server.write_notebook("seven.ipynb", LISTED_CELL)
    notebook_7.open_in_notebook_7("seven.ipynb")
    notebook_7.wait_for_status("live")
    notebook_7.run_cell(0)
    notebook_7.wait_for_end_of("c-0")
    notebook_7.check_lists()
    notebook_7.part("menu").click()
    notebook_7.page.get_by_role("menuitem", name="Show Memory of All Kernels").click()
    expect(notebook_7.part("kernels")).to_contain_text("seven.ipynb")
