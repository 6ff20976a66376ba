"""The gauge, the highest memory and the warnings, on a real JupyterLab."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import write_kernelspec
from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer


@pytest.fixture(scope="module")
def limited_kernel(server: LabServer) -> str:
    """A kernel with a limit of 400 MiB."""
    folder = server.root.parent / "home" / "data" / "kernels" / "limited"
    write_kernelspec(folder, Path(sys.executable), MEM_LIMIT="400MiB")
    return "limited"


def test_child_processes_fill_the_gauge(
    lab: LabPage, server: LabServer, limited_kernel: str
) -> None:
    """A child of 800 MiB under a limit of 400 MiB: more than 100%."""
    child = "block = bytearray(b'x' * (800 << 20)); print(flush=True); input()"
    server.write_notebook(
        "filled.ipynb",
        "import subprocess, sys\n"
        f"command = [sys.executable, '-c', {child!r}]\n"
        "pipe = subprocess.PIPE\n"
        "child = subprocess.Popen(command, stdin=pipe, stdout=pipe)\n"
        "child.stdout.readline();",
        kernel=limited_kernel,
    )
    lab.open("filled.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    gauge = lab.part("limit").first
    expect(gauge).to_have_attribute(
        "aria-valuetext",
        re.compile(
            r"^2\d\d% of 400\.0 MiB \(MEM_LIMIT, for the kernel and its child "
            r"processes\)$"
        ),
    )


def test_highest_is_not_forgotten(lab: LabPage, server: LabServer) -> None:
    """After a small cell the highest memory is still that of the large one."""
    server.write_notebook("highest.ipynb", "b = bytearray(600 << 20); del b", "x = 1")
    lab.open("highest.ipynb")
    lab.wait_for_status("live")
    for index in range(2):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    expect(lab.part("peak")).to_have_text(
        re.compile(r"^highest 6\d\d\.\d MiB in \[1\]")
    )


def test_warning_names_variables_once_per_climb(
    lab: LabPage, server: LabServer, limited_kernel: str
) -> None:
    """At 85% of the limit a notification names the largest variables, once."""
    server.write_notebook(
        "warning.ipynb",
        "first = bytearray(200 << 20)",
        "second = bytearray(110 << 20)",
        "x = 1",
        kernel=limited_kernel,
    )
    lab.open("warning.ipynb")
    lab.wait_for_status("live")
    for index in range(3):
        lab.run_cell(index)
        lab.wait_for_end_of(f"c-{index}")
    expect(lab.part("alarm")).to_contain_text(re.compile(r"\d\d% of 400\.0 MiB is in"))
    # Where the first cell takes long, there was another warning of what was foreseen.
    toasts = lab.page.locator(".Toastify__toast", has_text="400.0 MiB is in use")
    toast = toasts.filter(has_text="first (200.0 MiB)")
    expect(toast).to_have_count(1)
    expect(toasts).to_have_count(1)
    toast.get_by_role("button", name="Interrupt").wait_for()


def test_status_bar_has_the_gauge(lab: LabPage, server: LabServer) -> None:
    """The status bar shows the memory while the panel is closed, and opens it."""
    server.write_notebook("status.ipynb", "block = bytearray(b'x' * (50 << 20))")
    lab.open("status.ipynb")
    lab.wait_for_status("live")
    lab.command("application:toggle-right-area")
    expect(lab.part("rss")).to_be_hidden()
    item = lab.part("status-item")
    before = item.inner_text()
    lab.run_cell(0)
    expect(item).not_to_have_text(before)
    item.click()
    expect(lab.part("rss")).to_be_visible()


def test_guard_is_armed_and_disarmed(lab: LabPage, server: LabServer) -> None:
    """The chip shows whether a guard is armed, and its button changes that."""
    server.write_notebook("armed.ipynb", "x = 1")
    lab.open("armed.ipynb")
    lab.wait_for_status("live")
    chip = lab.part("guard")
    expect(chip).to_have_attribute("data-armed", "false")
    chip.get_by_role("button", name="Arm").click()
    expect(chip).to_have_attribute("data-armed", "true")
    expect(chip).to_contain_text("auto")
    chip.get_by_role("button", name="Disarm").click()
    expect(chip).to_have_attribute("data-armed", "false")


def test_guard_is_armed_after_an_interrupted_cell(
    lab: LabPage, server: LabServer
) -> None:
    """What waits for a cell is done after the interrupt that its notice offers."""
    server.write_notebook("waiting.ipynb", "import time\nwhile True: time.sleep(0.01)")
    lab.open("waiting.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("running")).to_be_visible()
    lab.part("guard").get_by_role("button", name="Arm").click()
    lab.part("action").click()
    expect(lab.part("guard")).to_have_attribute("data-armed", "true")
    expect(lab.wait_for_end_of("c-0")).to_contain_text("KeyboardInterrupt")
