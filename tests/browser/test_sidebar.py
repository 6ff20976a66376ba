"""The sidebar on a real JupyterLab, from a cell to the figure."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lab_page import HELD_CELL, LabPage
from tests.lab_server import LabServer
from tests.waiting import wait_until

MIB = 1024 * 1024
REPOSITORY = Path(__file__).parents[2]

# Runs until the test removes the file.
UNTIL_REMOVED = """\
import pathlib
while pathlib.Path({name!r}).exists():
    {body}
"""


def until_removed(
    server: LabServer, name: str, body: str = "__import__('time').sleep(0.01)"
) -> str:
    """Return a cell that runs until the file with this name is removed."""
    (server.root / name).touch()
    return UNTIL_REMOVED.format(name=name, body=body)


def peak_above_start(lab: LabPage, cell_id: str) -> int:
    """Return the peak above the start that the sidebar lists for a cell."""
    row = lab.wait_for_end_of(cell_id)
    return int(row.get_attribute("data-peak-bytes") or -1)


@pytest.mark.skipif(sys.platform != "linux", reason="exact on Linux")
def test_peak_of_a_cell(lab: LabPage, server: LabServer) -> None:
    """50 million doubles that are freed immediately are listed with 381.5 MiB."""
    code = "import numpy as np; a = np.ones(50_000_000); del a"
    server.write_notebook("peak.ipynb", "import numpy", code)
    lab.open("peak.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lab.run_cell(1)
    # The system's mark lags by pages that its cores have not yet added up.
    assert 380 * MIB <= peak_above_start(lab, "c-1") <= 384 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="exact on Linux")
def test_child_process(lab: LabPage, server: LabServer) -> None:
    """A child process is counted while it is alive, and then shown with its cell."""
    child = "block = bytearray(200 << 20); print(flush=True); input()"
    server.write_notebook(
        "child.ipynb",
        "import subprocess, sys\n"
        f"command = [sys.executable, '-c', {child!r}]\n"
        "pipe = subprocess.PIPE\n"
        "child = subprocess.Popen(command, stdin=pipe, stdout=pipe)\n"
        "child.stdout.readline()\n" + until_removed(server, "child"),
        "child.communicate();",
    )
    lab.open("child.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("children")).to_have_text(re.compile(r"2\d\d\.\d MiB"))
    (server.root / "child").unlink()
    expect(lab.wait_for_end_of("c-0")).to_contain_text("child processes +2")
    lab.run_cell(1)
    lab.wait_for_end_of("c-1")
    expect(lab.part("children")).to_have_count(0)


FAKE_GPU = f"""\
import os, sys
sys.path.insert(0, {str(REPOSITORY)!r})
from jupyter_memkit.measure.gpu import gpu_meter
from tests.fake_nvml import FakeGpu, FakeNvml
size = 1 << 30
gpu = FakeGpu(total_bytes=24 * size, used_bytes=size, compute=[(os.getpid(), size)])
sys.modules["pynvml"] = FakeNvml(gpu)
gpu_meter().close()
"""


def test_gpu(lab: LabPage, server: LabServer) -> None:
    """A device of the driver is shown, with the kernel's part of it."""
    server.write_notebook("gpu.ipynb", FAKE_GPU + until_removed(server, "gpu"))
    lab.open("gpu.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("gpu")).to_have_text("1.0 GiB of 24.0 GiB")
    expect(lab.part("gpu-kernel")).to_have_text("1.0 GiB")
    (server.root / "gpu").unlink()


def test_number_moves_while_a_cell_runs(lab: LabPage, server: LabServer) -> None:
    """While a pure-Python cell runs, new readings are shown."""
    code = until_removed(server, "moving", "pass")
    server.write_notebook("moving.ipynb", code)
    lab.open("moving.ipynb")
    lab.wait_for_status("live")
    before_s = lab.updated_s()
    lab.run_cell(0)
    lab.wait_for_reading_after(before_s, count=8)
    expect(lab.part("running")).to_be_visible()
    (server.root / "moving").unlink()
    lab.wait_for_end_of("c-0")
    expect(lab.part("running")).to_have_count(0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_number_moves_while_the_kernel_cannot_answer(
    lab: LabPage, server: LabServer, held: Path
) -> None:
    """While a C call holds the GIL, the server's readings are shown."""
    server.write_notebook("held.ipynb", HELD_CELL)
    lab.open("held.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("rss")).to_have_attribute("data-source", "server")
    lab.wait_for_reading_after(lab.updated_s(), count=3)
    expect(lab.part("rss")).to_have_attribute("data-source", "server")
    held.open("wb").close()
    lab.wait_for_end_of("c-0")
    expect(lab.part("rss")).to_have_attribute("data-source", "kernel")


def test_reload_in_the_middle_of_a_cell(lab: LabPage, server: LabServer) -> None:
    """A page that is reloaded during a cell is live before the cell ends."""
    server.write_notebook("reload.ipynb", until_removed(server, "reload"))
    lab.open("reload.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("running")).to_be_visible()
    before_s = lab.updated_s()
    lab.reload()
    lab.wait_for_reading_after(before_s, count=4)
    expect(lab.part("running")).to_be_visible()
    (server.root / "reload").unlink()
    lab.wait_for_end_of("c-0")


def test_history_survives_a_reload(lab: LabPage, server: LabServer) -> None:
    """A reloaded page shows the cells that ran before."""
    server.write_notebook("history.ipynb", "x = 1")
    lab.open("history.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lab.reload()
    lab.wait_for_end_of("c-0")


def test_restart(lab: LabPage, server: LabServer) -> None:
    """After a restart the sidebar is live again, with the new kernel's cells."""
    server.write_notebook("restart.ipynb", "x = 1", "y = 2")
    lab.open("restart.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lab.page.evaluate(
        "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    lab.wait_for_status("live")
    lab.run_cell(1)
    lab.wait_for_end_of("c-1")


def test_restart_by_another_program(lab: LabPage, server: LabServer) -> None:
    """A kernel that another page or program restarts is shown as the new one."""
    server.write_notebook("replaced.ipynb", "x = 1", "y = 2")
    lab.open("replaced.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    server.ask("POST", f"api/kernels/{lab.kernel_id()}/restart")
    lab.run_cell(1)
    lab.wait_for_end_of("c-1")
    expect(lab.part("cells")).to_contain_text("Before the kernel ended at")


def test_killed_kernel(lab: LabPage, server: LabServer) -> None:
    """After a killed kernel is restarted, the sidebar is live again."""
    server.write_notebook("killed.ipynb", "import os; os.kill(os.getpid(), 9)", "x = 1")
    lab.open("killed.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_restarted_kernel()
    lab.wait_for_status("live")
    lab.run_cell(1)
    lab.wait_for_end_of("c-1")


def test_nothing_moves_when_a_cell_starts(lab: LabPage, server: LabServer) -> None:
    """The header is as high while a cell runs as before, so what is below stays."""
    server.write_notebook("still.ipynb", until_removed(server, "still"))
    lab.open("still.ipynb")
    lab.wait_for_status("live")
    expect(lab.part("idle")).to_be_visible()
    header = lab.page.locator("#jupyter-memkit .jp-Memkit-header").first
    before = header.bounding_box()
    lab.run_cell(0)
    expect(lab.part("interrupt")).to_be_visible()
    assert before == header.bounding_box()
    (server.root / "still").unlink()
    lab.wait_for_end_of("c-0")


def test_interrupted_cell(lab: LabPage, server: LabServer) -> None:
    """An interrupted cell is listed with the error that ended it."""
    server.write_notebook("stop.ipynb", "open('begun', 'x')\nwhile True: pass")
    lab.open("stop.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("running")).to_be_visible()
    # ipykernel is busy, and ignores interrupts, for a moment before the cell begins.
    wait_until((server.root / "begun").exists)
    lab.command("notebook:interrupt-kernel")
    expect(lab.wait_for_end_of("c-0")).to_contain_text("KeyboardInterrupt")


def test_two_tabs_are_both_live(
    new_page: Callable[[], LabPage], server: LabServer
) -> None:
    """Two pages follow the same kernel, and one stays live when the other is closed."""
    server.write_notebook("tabs.ipynb", until_removed(server, "tabs"))
    first, second = new_page(), new_page()
    first.open("tabs.ipynb", workspace="first")
    first.wait_for_status("live")
    second.open("tabs.ipynb", workspace="second")
    second.wait_for_status("live")
    first.run_cell(0)
    for page in (first, second):
        expect(page.part("running")).to_be_visible()
        page.wait_for_reading_after(page.updated_s(), count=3)
    first.page.close()
    second.wait_for_reading_after(second.updated_s(), count=3)
    (server.root / "tabs").unlink()
    second.wait_for_end_of("c-0")


def test_busy_kernel_is_called_busy(lab: LabPage, server: LabServer) -> None:
    """Requests of the sidebar during a cell do not end its busy state."""
    server.write_notebook("busy.ipynb", until_removed(server, "busy"))
    lab.open("busy.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("running")).to_be_visible()
    # Hiding and showing the sidebar unsubscribes and subscribes.
    lab.command("application:toggle-right-area")
    expect(lab.part("rss")).not_to_be_visible()
    lab.command("application:toggle-right-area")
    lab.wait_for_reading_after(lab.updated_s(), count=3)
    # The kernel reports "idle" after a request, and at once "busy" for the cell.
    lab.wait_for_kernel_status("busy")
    (server.root / "busy").unlink()
    lab.wait_for_end_of("c-0")
    lab.wait_for_kernel_status("idle")


def test_plotting_cell_keeps_its_figure(lab: LabPage, server: LabServer) -> None:
    """A plotting cell shows its figure, even after a request of the sidebar."""
    plot = "import matplotlib.pyplot as plt; plt.plot([1, 2])\n"
    server.write_notebook("plot.ipynb", plot + until_removed(server, "plot"))
    lab.open("plot.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    expect(lab.part("running")).to_be_visible()
    lab.command("application:toggle-right-area")
    expect(lab.part("rss")).not_to_be_visible()
    lab.command("application:toggle-right-area")
    lab.wait_for_reading_after(lab.updated_s(), count=2)
    (server.root / "plot").unlink()
    lab.wait_for_end_of("c-0")
    lab.page.locator(".jp-OutputArea-output img").wait_for()


def test_console_is_followed(lab: LabPage, server: LabServer) -> None:
    """A console that is activated is followed like a notebook."""
    server.write_notebook("other.ipynb", "x = 1")
    lab.open("other.ipynb")
    lab.wait_for_status("live")
    lab.command("console:create", kernelPreference={"name": "python3"})
    lab.page.wait_for_function(
        "window.jupyterapp.shell.currentWidget?.console?.sessionContext.session"
        "?.kernel?.status === 'idle'"
    )
    lab.wait_for_status("live")
    lab.page.evaluate(
        """() => {
            const { console } = window.jupyterapp.shell.currentWidget;
            void console.inject('block = bytearray(1 << 28); del block');
        }"""
    )
    row = lab.part("cells").locator("[data-execution-count='1'][data-state='done']")
    row.wait_for()
    assert int(row.get_attribute("data-peak-bytes") or 0) > 250 * MIB


def test_sections_keep_their_sizes(lab: LabPage, server: LabServer) -> None:
    """Neither a section that is opened again nor a low window changes the others."""
    server.write_notebook("sections.ipynb", "x = 1")
    lab.open("sections.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    timeline = lab.page.locator("#jupyter-memkit-timeline")
    cells = lab.page.locator("#jupyter-memkit-cells")
    title = lab.section_title("Cells")

    def share() -> float:
        """Return the timeline's share of both, which does not depend on the top."""
        heights = [
            part.evaluate("part => part.getBoundingClientRect().height")
            for part in (timeline, cells)
        ]
        return float(heights[0] / sum(heights))

    before = share()
    for _ in range(10):
        title.click()
        expect(cells).to_be_hidden()
        title.click()
        expect(cells).to_be_visible()
    assert share() == pytest.approx(before, abs=0.02)
    size = lab.page.viewport_size
    assert size is not None
    lab.page.set_viewport_size({"width": size["width"], "height": 450})
    wait_until(lambda: share() != pytest.approx(before, abs=0.02))
    lab.page.set_viewport_size(size)
    wait_until(lambda: share() == pytest.approx(before, abs=0.02))


def test_sections_give_way_to_the_top(lab: LabPage, server: LabServer) -> None:
    """When the part above the sections grows, a collapsed section stays in view."""
    server.write_notebook("grows.ipynb", "x = 1")
    lab.open("grows.ipynb")
    lab.wait_for_status("live")
    title = lab.section_title("Cells")
    title.click()
    expect(lab.page.locator("#jupyter-memkit-cells")).to_be_hidden()
    top = lab.part("status")
    top.evaluate("part => { part.style.paddingBottom = '80px'; }")
    # Playwright clicks only what is not covered.
    title.click()
    expect(lab.page.locator("#jupyter-memkit-cells")).to_be_visible()


def test_low_window(lab: LabPage, server: LabServer) -> None:
    """With all sections open the chart is whole, and a low window scrolls to each."""
    server.write_notebook("low.ipynb", "x = 1")
    lab.open("low.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lists = ("Variables", "Hints", "Libraries")
    lab.show_sections("Timeline", "Cells", *lists)
    size = lab.page.viewport_size
    assert size is not None
    try:
        for height in (size["height"], 450):
            lab.page.set_viewport_size({"width": size["width"], "height": height})
            hidden = "part => part.scrollHeight - part.clientHeight"
            timeline = lab.page.locator("#jupyter-memkit-timeline")
            assert timeline.evaluate(hidden) == 0
        for name in reversed(lists):
            # Playwright clicks only what it can scroll to.
            lab.section_title(name).click()
            expect(lab.section_title(name)).to_have_attribute("aria-expanded", "false")
    finally:
        lab.page.set_viewport_size(size)
