"""Measures whether an open list of variables delays cells.

``python -m tests.benchmarks.variables_panel`` runs 100 cells in a real JupyterLab,
with the section closed and open in turns, and prints the ratio of the shortest
durations of a cell by the kernel's own records: other programs cannot shorten them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.lab_server import lab_server

CELLS = 100
ROUNDS = 6
SETUP = (
    "import numpy as np\n"
    "globals().update({f'v{n}': [float(n)] * 50 for n in range(300)})\n"
    "rows = [{'row': n} for n in range(200_000)]"
)
WORK = "total = sum(n * n for n in range(300_000))"
READ = (
    "from jupyter_memkit.track.tracker import tracker as _tracker\n"
    "cells = _tracker().latest_cells({count})\n"
    "print(min(cell.duration_s for cell in cells))"
)


def main() -> None:
    """Run the rounds, and print the times and their ratio."""
    with (
        tempfile.TemporaryDirectory() as home,
        lab_server(
            Path(home) / "lab", "--expose-app-in-browser", is_timed=True
        ) as server,
        chromium() as browser,
    ):
        cells = [SETUP, *[WORK] * CELLS, READ.format(count=CELLS)]
        server.write_notebook("cells.ipynb", *cells)
        lab = LabPage(browser.new_context().new_page(), server)
        lab.open("cells.ipynb")
        lab.wait_for_status("live")
        titles = lab.page.locator("#jupyter-memkit .lm-AccordionPanel-title")
        times_s: dict[bool, list[float]] = {False: [], True: []}
        for number in range(2 * ROUNDS):
            is_open = number % 2 == 1
            lab.command("notebook:clear-all-cell-outputs")
            lab.run_all()
            last = lab.page.locator(".jp-CodeCell").last
            times_s[is_open].append(float(last.locator("pre").last.inner_text()))
            print("open" if is_open else "closed", times_s[is_open][-1], flush=True)
            titles.filter(has_text="Variables").click()
        print(f"ratio: {min(times_s[True]) / min(times_s[False]):.4f}")


if __name__ == "__main__":
    main()
