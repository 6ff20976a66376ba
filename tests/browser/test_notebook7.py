"""The sidebar in Notebook 7."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer, lab_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A real Notebook 7."""
    folder = tmp_path_factory.mktemp("notebook7")
    with lab_server(folder, "--expose-app-in-browser", app="notebook") as server:
        yield server


@pytest.fixture
def new_page(browser: Browser, server: LabServer) -> Iterator[Callable[[], LabPage]]:
    """Opens pages; Notebook 7 logs an error of its own, even without the sidebar."""
    context = browser.new_context()
    yield lambda: LabPage(context.new_page(), server)
    context.close()


def test_cell_is_accounted(lab: LabPage, server: LabServer) -> None:
    """The sidebar is live, lists the notebook's cells, and opens the kernels' panel."""
    server.write_notebook("seven.ipynb", "x = 1")
    lab.open_in_notebook_7("seven.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lab.part("menu").click()
    lab.page.get_by_role("menuitem", name="Show Memory of All Kernels").click()
    expect(lab.part("kernels")).to_contain_text("seven.ipynb")
