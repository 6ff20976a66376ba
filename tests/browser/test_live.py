"""The widget of %memkit live in JupyterLab and in Notebook 7."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import find_violations
from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer

HTML = "<img src=x onerror=alert(1)>"
CELLS = (
    "%load_ext jupyter_memkit",
    "%memkit live",
    # Ends when the test creates the file, so that the widget is seen while it runs.
    """
import pathlib, time
block = bytearray(b'x' * (300 << 20))
while not pathlib.Path('go').exists(): time.sleep(0.05)
""",
    f"globals()[{HTML!r}] = bytearray(b'x' * (100 << 20))",
)
MIB = 1 << 20


def figure(place: Locator) -> int:
    """Return the memory that the widget or the sidebar shows, in bytes."""
    shown = place.get_by_test_id("memkit-rss").get_attribute("data-bytes")
    return int(shown or 0)


def wait_for_figure(lab: LabPage, at_least_bytes: int) -> None:
    """Wait until the widget shows at least this memory."""
    lab.page.wait_for_function(
        "bytes => Number(document.querySelector("
        "'[data-testid=memkit-live] [data-testid=memkit-rss]').dataset.bytes) >= bytes",
        arg=at_least_bytes,
    )


@pytest.mark.parametrize("app", ["lab", "notebook_7"])
def test_it_is_live(
    app: str, server: LabServer, request: pytest.FixtureRequest
) -> None:
    """It follows a running cell, lists variables as text, and outlives its kernel."""
    lab: LabPage = request.getfixturevalue(app)
    server.write_notebook("live.ipynb", *CELLS)
    (server.root / "go").unlink(missing_ok=True)
    if app == "lab":
        lab.open("live.ipynb")
    else:
        lab.open_in_notebook_7("live.ipynb")
    lab.wait_for_status("live")
    live = lab.page.get_by_test_id("memkit-live")
    for index in range(2):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    expect(live).to_have_attribute("data-state", "live")
    expect(live.locator(".uplot")).to_be_visible()
    before_bytes = figure(live)

    lab.run_cell(2)
    wait_for_figure(lab, before_bytes + 250 * MIB)
    (server.root / "go").touch()
    lab.wait_for_end_of("c-2")
    lab.run_cell(3)
    lab.wait_for_end_of("c-3")

    rows = live.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("block")
    expect(rows.nth(1).locator("code")).to_have_text(HTML)
    expect(live.locator("img")).to_have_count(0)
    wait_for_figure(lab, before_bytes + 350 * MIB)
    sidebar = lab.page.locator("#jupyter-memkit")
    assert abs(figure(live) - figure(sidebar)) < 32 * MIB
    assert find_violations(lab, "[data-testid=memkit-live]") == []

    lab.restart_kernel()
    expect(live).to_have_attribute("data-state", "ended")
    expect(live).to_contain_text("Run this cell again")
    expect(live.get_by_label("Variables")).to_contain_class("jp-mod-stale")
