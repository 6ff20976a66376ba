"""The table of the variables in a real JupyterLab."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer

CELLS = (
    "small = 1.5\nlarge = [1.5] * 1000\n_zero, middle = 0, 'x' * 500",
    "%memls",
)


def test_the_table_sorts(lab: LabPage, server: LabServer) -> None:
    """Clicking a heading sorts by it, again reverses; the remainder stays last."""
    server.write_notebook("a.ipynb", *CELLS)
    lab.open("a.ipynb")
    lab.wait_for_status("live")
    lab.run_all()
    table = lab.page.locator(".jp-OutputArea-output table").first
    names = table.locator("td:first-child")
    rest = "not in variables"
    expect(names).to_have_text(["large", "middle", "small", rest])
    heading = table.get_by_role("button", name="name")
    heading.click()
    expect(names).to_have_text(["small", "middle", "large", rest])
    heading.press("Enter")
    expect(names).to_have_text(["large", "middle", "small", rest])
    table.get_by_role("button", name="size").click()
    expect(names).to_have_text(["large", "middle", "small", rest])
    expect(table.locator("th[aria-sort=descending]")).to_have_text("size")
