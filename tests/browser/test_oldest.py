"""The sidebar in the oldest JupyterLab that it supports.

The server of that JupyterLab does not have jupyter_memkit, as where JupyterLab and the
kernel have different environments.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, expect

from tests.browser.conftest import write_kernelspec
from tests.browser.lab_page import LISTED_CELL, LabPage
from tests.lab_server import LabServer, lab_server

OLDEST = Path(sys.prefix) / "oldest" / "bin" / "python"
LABEXTENSION = (
    Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "jupyter-memkit"
)

pytestmark = pytest.mark.skipif(
    not OLDEST.exists(), reason="the oldest JupyterLab is installed by: make test"
)


@pytest.fixture
def oldest_server(tmp_path: Path) -> Iterator[LabServer]:
    """The oldest JupyterLab, with the sidebar and a kernel of this environment."""
    write_kernelspec(
        tmp_path / "lab" / "home" / "data" / "kernels" / "current", Path(sys.executable)
    )
    # Without the others of this environment, which need a later JupyterLab.
    (tmp_path / "labextensions").mkdir()
    (tmp_path / "labextensions" / "jupyter-memkit").symlink_to(LABEXTENSION)
    with lab_server(
        tmp_path / "lab",
        "--expose-app-in-browser",
        f"--LabApp.extra_labextensions_path={tmp_path / 'labextensions'}",
        python=OLDEST,
    ) as server:
        yield server


def test_cells_and_gauge(browser: Browser, oldest_server: LabServer) -> None:
    """A cell is listed, the gauge and each section are shown, and these collapse."""
    oldest_server.write_notebook(
        "oldest.ipynb",
        LISTED_CELL,
        kernel="current",
    )
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "jupyter-memkit" in message.location["url"]:
            errors.append(message.text)

    page.on("console", note)
    lab = LabPage(page, oldest_server)
    lab.open("oldest.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    expect(lab.part("limit").first).to_be_visible()
    expect(page.locator("#jupyter-memkit canvas").first).to_be_visible()
    lab.section_title("Cells").click()
    expect(lab.part("cells")).to_be_hidden()
    lab.check_lists()
    # The server's environment does not have jupyter_memkit.
    sentence = re.compile("install the same version of jupyter_memkit where it runs")
    lab.command("jupyter-memkit:show-kernels")
    expect(page.locator("#jupyter-memkit-kernels")).to_contain_text(sentence)
    page.evaluate("window.jupyterapp.shell.activateById('jp-running-sessions')")
    expect(page.locator("#jp-running-sessions")).to_contain_text(sentence)
    page.close()
    assert errors == []
