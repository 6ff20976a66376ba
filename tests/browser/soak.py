"""Uses the sidebar for an hour, and reports what is left in the page and the kernel.

Run ``make soak``, or ``python -m tests.browser.soak MINUTES``. It fails if the page's
heap grew by more than 5 MiB, the kernel by more than 2 MiB, or if listeners or threads
are left.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import CDPSession

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer, lab_server

MIB = 1024 * 1024
HEAP_BYTES = 5 * MIB
KERNEL_BYTES = 2 * MIB
# JupyterLab adds and removes some; a leak would add one a round.
LISTENERS = 50
# Before the first figures, so that all is loaded, and a hundred cells are listed.
WARM_UP_ROUNDS = 120

# JupyterLab keeps listeners of the toolbar of each cell that was active, 162 a button;
# so there is one cell, which runs what is in a file.
CELL = "exec(open('step.py').read())"
# Writes the figures of the kernel to a file.
FIGURES = """\
import gc, threading, jupyter_memkit
gc.collect(); jupyter_memkit.free()
open("figures", "w").write(
    f"{jupyter_memkit.tracker().now().rss_bytes} {threading.active_count()}"
)
"""
STEPS = (
    "block = bytearray(b'x' * (80 << 20)); del block",
    "import time\nfor _ in range(10): time.sleep(0.1)",
    "numbers = list(range(100_000)); del numbers",
)
RANGES = ("1 min", "5 min", "1 h", "All")


class Figures:
    """What the page and the kernel hold at a moment."""

    def __init__(self, lab: LabPage, server: LabServer, devtools: CDPSession) -> None:
        run(lab, server, FIGURES)
        rss, threads = (server.root / "figures").read_text().split()
        self.kernel_bytes, self.threads = int(rss), int(threads)
        devtools.send("HeapProfiler.collectGarbage")
        metrics = {
            metric["name"]: int(metric["value"])
            for metric in devtools.send("Performance.getMetrics")["metrics"]
        }
        self.heap_bytes = metrics["JSHeapUsedSize"]
        self.listeners = metrics["JSEventListeners"]

    def __str__(self) -> str:
        """Return the figures in one line."""
        return (
            f"heap {self.heap_bytes / MIB:.1f} MiB, {self.listeners} listeners; "
            f"kernel {self.kernel_bytes / MIB:.1f} MiB, {self.threads} threads"
        )


def run(lab: LabPage, server: LabServer, code: str) -> None:
    """Run code in the notebook's cell to its end."""
    done = server.root / "done"
    done.unlink(missing_ok=True)
    (server.root / "step.py").write_text(f"{code}\nopen('done', 'w').close()\n")
    lab.run_cell(0)
    while not done.exists():
        lab.page.wait_for_timeout(50)


def use(lab: LabPage, server: LabServer, step: int) -> None:
    """Run a cell, and use one part of the panel."""
    run(lab, server, STEPS[step % len(STEPS)])
    if step % 5 == 0:
        name = RANGES[step // 5 % len(RANGES)]
        lab.page.get_by_role("button", name=name, exact=True).click()
    if step % 7 == 0:
        for _ in range(2):
            lab.section_title("Cells").click()
    if step % 11 == 0:
        lab.command("application:toggle-right-area")
        lab.command("jupyter-memkit:open-panel")
    lab.page.wait_for_timeout(500)


def main(minutes: float) -> int:
    """Use the sidebar, report, and return the exit status."""
    with (
        tempfile.TemporaryDirectory() as folder,
        lab_server(Path(folder) / "lab", "--expose-app-in-browser") as server,
        chromium() as browser,
    ):
        lab = LabPage(browser.new_page(), server)
        server.write_notebook("soak.ipynb", CELL)
        lab.open("soak.ipynb")
        lab.wait_for_status("live")
        devtools = lab.page.context.new_cdp_session(lab.page)
        devtools.send("Performance.enable")
        for step in range(WARM_UP_ROUNDS):
            use(lab, server, step)
        before = Figures(lab, server, devtools)
        print("after the warm-up:", before, flush=True)
        end_s = time.monotonic() + 60 * minutes
        for step in itertools.count():
            use(lab, server, step)
            if time.monotonic() > end_s:
                break
        after = Figures(lab, server, devtools)
        print(f"after {minutes:g} min, {step + 1} rounds: {after}", flush=True)
        lab.page.close()
    is_good = (
        after.heap_bytes - before.heap_bytes <= HEAP_BYTES
        and after.kernel_bytes - before.kernel_bytes <= KERNEL_BYTES
        and after.listeners - before.listeners <= LISTENERS
        and after.threads <= before.threads
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
