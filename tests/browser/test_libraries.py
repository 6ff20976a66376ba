"""The loaded libraries in a real JupyterLab, as a user unloads one."""

from __future__ import annotations

import psutil
from playwright.sync_api import expect

from tests.browser.accessibility import find_violations
from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer
from tests.waiting import wait_until

MIB = 1024 * 1024

LIBRARY = """
TABLE = [str(number) * 20 for number in range(300_000)]
class Thing: pass
"""

USE = """
import os, numpy, pure_library
thing = pure_library.Thing()
print(os.getpid())
"""


def test_libraries(lab: LabPage, server: LabServer) -> None:
    """A library is unloaded after a question, and stays while its objects are alive."""
    (server.root / "pure_library.py").write_text(LIBRARY)
    server.write_notebook("libraries.ipynb", USE.strip(), "del thing")
    lab.open("libraries.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    lab.show_sections("Libraries")
    rows = lab.part("libraries")
    numpy = rows.locator("[data-library=numpy]")
    expect(numpy.get_by_role("button", name="Unload numpy")).to_have_count(0)
    numpy.get_by_role("button", name="Why numpy cannot be unloaded").click()
    expect(numpy).to_contain_text("its C core is loaded once per process")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        lab.set_theme(theme)
        assert find_violations(lab, "#jupyter-memkit") == []

    row = rows.locator("[data-library=pure_library]")
    expect(row).to_contain_text("1 module · used by pure_library, thing")
    dialog = lab.page.locator(".jp-Dialog")

    def unload(answer: str) -> None:
        row.get_by_role("button", name="Unload pure_library").click()
        expect(dialog).to_contain_text("It is used by pure_library")
        dialog.get_by_role("button", name=answer).click()
        dialog.wait_for(state="detached")

    outcome = lab.part("outcome")
    unload("Unload")
    expect(outcome).to_contain_text("delete them first: thing")
    state = lab.page.locator("#jupyter-memkit-libraries .jp-Memkit-lookupState")
    # Otherwise the list, asked for after each try, could be newer than the cell.
    expect(state).to_have_text("")
    lab.run_cell(1)
    lab.wait_for_kernel_status("idle")
    expect(state).to_contain_text("refresh to list again")
    unload("Cancel")
    printed = lab.page.locator(".jp-OutputArea-output pre").first.inner_text()
    process = psutil.Process(int(printed))
    before_bytes = process.memory_info().rss
    unload("Unload")
    expect(outcome).to_contain_text("Unloaded pure_library")
    expect(row).to_have_count(0)
    wait_until(lambda: process.memory_info().rss < before_bytes - 10 * MIB)
