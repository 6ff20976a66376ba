"""The sidebar after the death of a kernel, on a real JupyterLab."""

from __future__ import annotations

import re
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer

MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signal that kills"
)


def kill_in_second_cell(lab: LabPage, server: LabServer, name: str) -> None:
    """Run a cell that keeps 600 MiB, and one that kills the kernel."""
    server.write_notebook(
        name,
        "block = bytearray(b'x' * (600 << 20))",
        "import os\nos.kill(os.getpid(), 9)",
    )
    lab.open(name)
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lab.run_cell(1)
    lab.part("death").wait_for()


def test_death_is_reported(lab: LabPage, server: LabServer) -> None:
    """The card names the cause, the size, the cell and the largest variable."""
    kill_in_second_cell(lab, server, "death.ipynb")
    card = lab.part("death")
    expect(card).to_have_attribute("data-cause", "signal")
    expect(card).to_contain_text("The kernel was killed at")
    expect(card).to_contain_text("[2] os.kill(os.getpid(), 9)")
    expect(card).to_contain_text(re.compile(r"block \(600\.0 MiB\)"))
    assert int(card.get_attribute("data-rss-bytes") or 0) > 600 * MIB
    expect(lab.page.locator("#jupyter-memkit")).not_to_contain_text("of 0 B")
    lab.wait_for_restarted_kernel()


def test_death_survives_restart_and_reload_until_dismissed(
    lab: LabPage, server: LabServer
) -> None:
    """The card stays until the user dismisses it, and does not come back then."""
    kill_in_second_cell(lab, server, "kept.ipynb")
    lab.wait_for_restarted_kernel()
    lab.wait_for_status("live")
    expect(lab.part("death")).to_be_visible()
    lab.reload()
    lab.wait_for_status("live")
    expect(lab.part("death")).to_be_visible()
    lab.part("dismiss").click()
    expect(lab.part("death")).to_have_count(0)
    lab.reload()
    lab.wait_for_status("live")
    expect(lab.part("death")).to_have_count(0)


def test_cells_of_the_dead_kernel_stay_apart(lab: LabPage, server: LabServer) -> None:
    """The rows of the old process stay below those of the new one."""
    kill_in_second_cell(lab, server, "apart.ipynb")
    lab.wait_for_restarted_kernel()
    lab.wait_for_status("live")
    lab.run_cell(0)
    rows = lab.part("cells").locator("tbody tr[data-cell-id='c-0']")
    expect(rows).to_have_count(2)
    expect(rows.first).to_have_attribute("data-execution-count", "1")
    expect(lab.part("cells")).to_contain_text("Before the kernel ended at")


def test_kernel_that_is_restarted_has_not_died(lab: LabPage, server: LabServer) -> None:
    """A restart by the user is not a death."""
    server.write_notebook("restart.ipynb", "x = 1")
    lab.open("restart.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lab.restart_kernel()
    lab.wait_for_status("live")
    expect(lab.part("death")).to_have_count(0)
