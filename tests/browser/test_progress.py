"""The progress of work over chunks in the sidebar of a real JupyterLab."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer

# Processes chunks until the test removes the file, but never the last rows.
RUN = """\
import pathlib, time
from jupyter_memkit.track.activity import activities

with activities().open("orders.csv", "rows") as report:
    chunks = 0
    while pathlib.Path({name!r}).exists():
        time.sleep(0.1)
        chunks += 1
        report(
            min(chunks, 99) * 200_000,
            {total},
            chunks=chunks,
            chunk_peak_bytes=85 << 20,
            budget_bytes=150 << 20,
        )
{after}
"""


def run_over_chunks(
    server: LabServer, name: str, *, total: int | None = 20_000_000, after: str = ""
) -> str:
    """Return a cell that works until the file with this name is removed."""
    (server.root / name).touch()
    return RUN.format(name=name, total=total, after=after)


def wait_for_chunks(lab: LabPage, count: int) -> None:
    """Wait until the sidebar has shown a number of progress updates."""
    progress = lab.part("progress")
    seen = int(progress.get_attribute("data-chunks") or 0) if progress.count() else -1
    for _ in range(count):
        lab.page.wait_for_function(
            """seen => {
                const part = document.querySelector('[data-testid=memkit-progress]');
                return Number(part?.dataset.chunks) > seen;
            }""",
            arg=seen,
        )
        seen = int(progress.get_attribute("data-chunks") or 0)


def test_progress_of_a_run(lab: LabPage, server: LabServer) -> None:
    """The sidebar shows progress while a cell runs over chunks, but not afterwards."""
    server.write_notebook("run.ipynb", run_over_chunks(server, "run"))
    lab.open("run.ipynb")
    lab.wait_for_status("live")
    expect(lab.part("progress")).to_have_count(0)
    lab.run_cell(0)
    wait_for_chunks(lab, 4)
    progress = lab.part("progress")
    expect(progress).to_contain_text("orders.csv")
    expect(progress).to_contain_text(re.compile(r"[\d,]+00,000 of 20,000,000 rows"))
    expect(progress).to_contain_text(re.compile(r"[\d,.]+ rows/s"))
    expect(lab.part("left")).to_have_text(re.compile(r" s left$"))
    expect(lab.part("chunk-peak")).to_have_text("rise 85.0 MiB of 150.0 MiB")
    bar = lab.page.get_by_role("progressbar", name="orders.csv")
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^\d+$"))
    (server.root / "run").unlink()
    lab.wait_for_end_of("c-0")
    expect(progress).to_have_count(0)


def test_progress_goes_before_the_cell(lab: LabPage, server: LabServer) -> None:
    """The progress disappears when the work has ended, even if the cell still runs."""
    (server.root / "rest").touch()
    after = "while pathlib.Path('rest').exists(): time.sleep(0.01)"
    server.write_notebook("rest.ipynb", run_over_chunks(server, "work", after=after))
    lab.open("rest.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    wait_for_chunks(lab, 2)
    (server.root / "work").unlink()
    expect(lab.part("progress")).to_have_count(0)
    expect(lab.part("running")).to_be_visible()
    (server.root / "rest").unlink()
    lab.wait_for_end_of("c-0")


def test_progress_without_a_total(lab: LabPage, server: LabServer) -> None:
    """If the total is unknown, the bar has no value."""
    code = run_over_chunks(server, "endless", total=None)
    server.write_notebook("endless.ipynb", code)
    lab.open("endless.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    wait_for_chunks(lab, 3)
    bar = lab.page.get_by_role("progressbar", name="orders.csv")
    expect(bar).not_to_have_attribute("aria-valuenow", re.compile(""))
    expect(lab.part("left")).to_have_count(0)
    (server.root / "endless").unlink()
    lab.wait_for_end_of("c-0")


def test_progress_of_an_interrupted_run(lab: LabPage, server: LabServer) -> None:
    """An interrupted run leaves no progress."""
    server.write_notebook("stopped.ipynb", run_over_chunks(server, "stopped"))
    lab.open("stopped.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    wait_for_chunks(lab, 2)
    lab.command("notebook:interrupt-kernel")
    expect(lab.wait_for_end_of("c-0")).to_contain_text("KeyboardInterrupt")
    expect(lab.part("progress")).to_have_count(0)


def test_progress_after_a_reload(lab: LabPage, server: LabServer) -> None:
    """A page that is reloaded during a run shows its progress."""
    server.write_notebook("again.ipynb", run_over_chunks(server, "again"))
    lab.open("again.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    wait_for_chunks(lab, 1)
    lab.reload()
    wait_for_chunks(lab, 2)
    (server.root / "again").unlink()
    lab.wait_for_end_of("c-0")


def test_progress_fits_the_sidebar(lab: LabPage, server: LabServer) -> None:
    """Nothing is cut off, however narrow the sidebar."""
    server.write_notebook("fits.ipynb", run_over_chunks(server, "fits"))
    lab.open("fits.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    wait_for_chunks(lab, 3)
    for width in (420, 250):
        lab.set_sidebar_width(width)
        wait_for_chunks(lab, 1)
        overflows = lab.part("progress").evaluate(
            """part => [part, ...part.querySelectorAll('.jp-Memkit-beside')].some(
                each => each.scrollWidth > each.clientWidth
            )"""
        )
        assert not overflows, width
    (server.root / "fits").unlink()
    lab.wait_for_end_of("c-0")
