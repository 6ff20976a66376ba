"""The guard in a real JupyterLab: a stopped cell, and a kernel that died without it."""

from __future__ import annotations

import sys

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")


def test_stopped_cell(lab: LabPage, server: LabServer) -> None:
    """The guard stops a cell, the card shows why, and the notebook keeps working."""
    runaway = "rows = []\nwhile True: rows.append([0] * 10_000)"
    cells = (
        "%memguard 500MB",
        "kept = 41",
        runaway,
        "%memfree rows",
        "print(kept + 1)",
    )
    server.write_notebook("guard.ipynb", *cells)
    lab.open("guard.ipynb")
    lab.wait_for_status("live")
    for index in range(3):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    outputs = lab.page.locator(".jp-CodeCell").nth(2).locator(".jp-OutputArea-output")
    expect(outputs.first).to_contain_text("MemoryLimitExceeded")
    expect(outputs.last).to_contain_text("with the mark at 476.8 MiB")
    expect(outputs.last).to_contain_text("rows.append([0] * 10_000)")
    expect(outputs.last.locator("table")).to_contain_text(["", "%memfree rows"])
    # Until then, the kernel drops cells that are run after one that failed.
    lab.wait_for_kernel_status("idle")
    lab.run_cell(3)
    lab.run_cell(4)
    lab.wait_for_end_of("c-4")
    expect(lab.page.locator(".jp-CodeCell").nth(4)).to_contain_text("42")


def test_death_without_the_guard(lab: LabPage, server: LabServer) -> None:
    """The next kernel of the notebook reports the cell in which the last one died."""
    dying = "data = bytearray(200 << 20)\nimport os; os.kill(os.getpid(), 9)"
    server.write_notebook("died.ipynb", dying, "%memkit")
    lab.open("died.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_restarted_kernel()
    lab.wait_for_status("live")
    lab.run_cell(1)
    output = lab.page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("ended by signal 9")
    expect(output).to_contain_text("[1] data = bytearray(200 << 20)")
