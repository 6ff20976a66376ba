"""The sidebar's notices and actions when there is nothing to show."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer


def test_kernel_without_the_package(
    lab: LabPage, server: LabServer, bare_kernel: str
) -> None:
    """The notice for a kernel whose environment lacks the package."""
    server.write_notebook("bare.ipynb", "x = 1", kernel=bare_kernel)
    lab.open("bare.ipynb")
    lab.wait_for_status("not-installed")
    expect(lab.part("status")).to_contain_text("not installed")
    lab.wait_for_kernel_status("idle")


def test_button_loads_the_extension(
    lab: LabPage, server: LabServer, quiet_kernel: str
) -> None:
    """A kernel that has not loaded the package loads it on a click."""
    server.write_notebook("quiet.ipynb", "x = 1", kernel=quiet_kernel)
    lab.open("quiet.ipynb")
    lab.wait_for_status("not-loaded")
    lab.part("action").click()
    lab.wait_for_status("live")
    lab.run_cell(0)
    row = lab.wait_for_end_of("c-0")
    assert row.get_attribute("data-execution-count") == "1"


def test_unloading_is_seen_at_once(lab: LabPage, server: LabServer) -> None:
    """When the extension is unloaded, the sidebar offers to load it."""
    server.write_notebook("unload.ipynb", "%unload_ext jupyter_memkit")
    lab.open("unload.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_status("not-loaded")


def test_no_kernel(lab: LabPage, server: LabServer) -> None:
    """The notice for a notebook without a kernel offers to select one."""
    server.write_notebook("none.ipynb", "x = 1")
    lab.open("none.ipynb")
    lab.wait_for_status("live")
    lab.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    lab.wait_for_status("no-kernel")
    expect(lab.part("action")).to_be_visible()


def test_nothing_open(lab: LabPage, server: LabServer) -> None:
    """The notice without a notebook or console says what to open."""
    (server.root / "notes.txt").write_text("no kernel here")
    lab.open("notes.txt")
    lab.wait_for_status("no-session")


def test_another_protocol(lab: LabPage, server: LabServer) -> None:
    """The notice for another version names the side to upgrade."""
    server.write_notebook(
        "protocol.ipynb",
        "%unload_ext jupyter_memkit\n"
        "from jupyter_memkit import protocol\n"
        "protocol.PROTOCOL_VERSION += 1\n"
        "%load_ext jupyter_memkit",
    )
    lab.open("protocol.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_status("incompatible")
