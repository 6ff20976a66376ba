"""The memory of all kernels of the server, in its panel and in the Running panel."""

from __future__ import annotations

import re

import psutil
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import find_violations
from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer
from tests.waiting import wait_until

MIB = 1024 * 1024

# A name that a page could take for HTML.
LARGE = "<i>large.ipynb"


def row_of(lab: LabPage, kernel_id: str) -> Locator:
    """Return the row of a kernel in the panel of kernels."""
    return lab.part("kernels").locator(f"[data-kernel-id='{kernel_id}']")


def pid_of(server: LabServer, kernel_id: str) -> int:
    """Return the process of a kernel."""
    kernels = server.ask("GET", "jupyter_memkit/kernels")["kernels"]
    # 0 between two processes.
    return int({each["kernel_id"]: each["pid"] for each in kernels}[kernel_id] or 0)


def check_memory(lab: LabPage, server: LabServer, kernel_id: str) -> int:
    """Compare the figure of a kernel with the system's, and return its process."""
    pid = pid_of(server, kernel_id)

    def is_right() -> bool:
        shown = int(row_of(lab, kernel_id).get_attribute("data-bytes") or 0)
        return shown == pytest.approx(psutil.Process(pid).memory_info().rss, rel=0.1)

    wait_until(is_right)
    return pid


def shut_down(lab: LabPage, kernel_id: str, answer: str) -> None:
    """Click the button of a kernel, and answer the question."""
    row_of(lab, kernel_id).get_by_role("button", name=re.compile("^Shut")).click()
    dialog = lab.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Its variables will be lost.")
    dialog.get_by_role("button", name=answer).click()
    dialog.wait_for(state="detached")


def test_kernels(lab: LabPage, server: LabServer) -> None:
    """All kernels are listed with what the system reports, and can be shut down.

    The server is not asked for the list before it is shown.
    """
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url.split("?")[0]))
    address = f"{server.base_url}/jupyter_memkit/kernels"
    server.write_notebook(LARGE, "x = bytearray(b'x' * (300 << 20))")
    lab.open(LARGE)
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    assert address not in asked
    lab.part("menu").click()
    lab.page.get_by_role("menuitem", name="Show Memory of All Kernels").click()
    (large_id,) = {
        session["kernel"]["id"]
        for session in server.ask("GET", "api/sessions")
        if session["path"] == LARGE
    }
    small_id = server.start_kernel()
    expect(row_of(lab, small_id)).to_contain_text("no notebook")
    expect(row_of(lab, large_id)).to_contain_text(LARGE)
    assert address in asked
    large_pid = check_memory(lab, server, large_id)
    small_pid = check_memory(lab, server, small_id)
    # Under the pointer, rows keep their order.
    lab.page.mouse.move(0, 0)
    rows = lab.part("kernels").locator("li")
    read = "rows => rows.map(row => Number(row.dataset.bytes))"

    def is_sorted() -> bool:
        shown: list[int] = rows.evaluate_all(read)
        return shown == sorted(shown, reverse=True)

    wait_until(is_sorted)
    assert find_violations(lab, "#jupyter-memkit-kernels") == []

    # The Running panel has the same figures.
    lab.page.evaluate("window.jupyterapp.shell.activateById('jp-running-sessions')")
    section = lab.page.locator("#jp-running-sessions")
    expect(section).to_contain_text(re.compile(rf"\d\.\d MiB — {LARGE}"))

    # The notebook knows that its kernel was restarted from the list.
    row_of(lab, large_id).get_by_role("button", name=re.compile("^Restart")).click()
    lab.page.locator(".jp-Dialog").get_by_role("button", name="Restart").click()
    wait_until(lambda: pid_of(server, large_id) not in (0, large_pid))
    lab.command("jupyter-memkit:open-panel")
    lab.page.locator("#jupyter-memkit .jp-Memkit-ended").wait_for()
    lab.wait_for_status("live")
    lab.command("jupyter-memkit:show-kernels")
    large_pid = check_memory(lab, server, large_id)

    # The panel is there again after a reload.
    in_front = "'current': 'jupyter-memkit-kernels"
    wait_until(lambda: in_front in str(server.ask("GET", "lab/api/workspaces")))
    lab.page.reload()
    lab.wait_for_lab()
    expect(row_of(lab, large_id)).to_be_visible()

    shut_down(lab, small_id, "Cancel")
    assert psutil.pid_exists(small_pid)
    shut_down(lab, small_id, "Shut Down")
    expect(row_of(lab, small_id)).to_have_count(0)
    wait_until(lambda: not psutil.pid_exists(small_pid))
    shut_down(lab, large_id, "Shut Down")
    expect(row_of(lab, large_id)).to_have_count(0)
    wait_until(lambda: not psutil.pid_exists(large_pid))
