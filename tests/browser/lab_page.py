"""A JupyterLab page with the sidebar, driven as a user would."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import LIMIT_MS
from tests.lab_server import LabServer

LISTED_CELL = "import numpy as np\nnumbers = [float(n) for n in range(10**6)]"
"""Makes a row in each of the lists of the sidebar."""
# A function of PyDLL keeps the GIL; this one waits until the test opens the pipe.
HELD_CELL = "import ctypes, os; ctypes.PyDLL(None).open(b'held', os.O_RDONLY)"
"""Keeps the GIL until a test opens the pipe of the fixture `held`."""

_TITLES = "#jupyter-memkit .lm-AccordionPanel-title"


class LabPage:
    """Drives one page of a running server.

    Parameters
    ----------
    page : Page
        A fresh page of the browser.
    server : LabServer
        The server, which must expose the app to the page.
    """

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self._server = server
        self._is_started = False
        self._first_width: float | None = None
        page.set_default_timeout(LIMIT_MS)
        # The browser asks whether to reload a page with unsaved changes.
        page.on("dialog", lambda dialog: dialog.accept())

    def open(self, path: str, workspace: str = "test") -> None:
        """Open a notebook and the sidebar, and wait for both."""
        if not self._is_started:
            self._go(f"lab/workspaces/{workspace}/tree/{quote(path)}", "&reset")
            self._is_started = True
            return
        self.page.evaluate(
            """async path => {
                const { commands, serviceManager } = window.jupyterapp;
                // A test may have added a kernel.
                await serviceManager.kernelspecs.refreshSpecs();
                const widget = await commands.execute('docmanager:open', { path });
                await widget.revealed;
            }""",
            path,
        )
        self.command("jupyter-memkit:open-panel")

    def open_in_notebook_7(self, path: str) -> None:
        """Open a notebook in Notebook 7, and the sidebar."""
        self._go(f"notebooks/{path}")

    def _go(self, address: str, options: str = "") -> None:
        self.page.goto(
            f"{self._server.base_url}/{address}?token={self._server.token}{options}"
        )
        self.wait_for_lab()
        self.command("jupyter-memkit:open-panel")

    def reload(self) -> None:
        """Load the page again, and open the sidebar."""
        # JupyterLab may still be restoring notebooks when the test is over.
        self._is_started = False
        self.page.reload()
        self.wait_for_lab()
        self.command("jupyter-memkit:open-panel")

    def clear(self) -> None:
        """Close all documents and kernels, and show the sidebar as at first."""
        self.stop_kernels()
        if not self._is_started:
            return
        self.page.evaluate(
            """() => {
                // Closing would ask whether to save.
                for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
                    widget.dispose();
                }
            }"""
        )
        self.command("jupyter-memkit:open-panel")
        self.wait_for_status("no-session")
        self.show_sections("Timeline", "Cells")
        self.set_theme("JupyterLab Light")
        if self._first_width is not None:
            self.set_sidebar_width(self._first_width)
            self._first_width = None

    def section_title(self, name: str) -> Locator:
        """Return the title of a section of the sidebar."""
        return self.page.locator(_TITLES, has_text=name)

    def stop_kernels(self) -> None:
        """End all sessions and kernels of the server."""
        for kind in ("sessions", "kernels"):
            for each in self._server.ask("GET", f"api/{kind}"):
                self._server.ask("DELETE", f"api/{kind}/{each['id']}")

    def show_sections(self, *names: str) -> None:
        """Open these sections of the sidebar, and close all others."""
        for title in self.page.locator(_TITLES).all():
            is_open = title.get_attribute("aria-expanded") == "true"
            # The inner text would be in capitals, by the style sheet.
            if is_open != (title.text_content() in names):
                title.click()

    def check_lists(self) -> None:
        """Open each list after `LISTED_CELL`, and check that it shows its part."""
        self.show_sections("Variables")
        numbers = self.part("variables").locator("[data-variable=numbers]")
        expect(numbers).to_contain_text("list")
        self.show_sections("Hints")
        hint = self.part("hints").locator("[data-hint=numbers]")
        expect(hint).to_contain_text("%to_numpy numbers")
        self.show_sections("Libraries")
        expect(self.part("libraries").locator("[data-library=numpy]")).to_be_visible()

    def set_theme(self, theme: str) -> None:
        """Change JupyterLab's theme, and wait for it."""
        body = self.page.locator("body")
        if body.get_attribute("data-jp-theme-name") != theme:
            self.command("apputils:change-theme", theme=theme)
            expect(body).to_have_attribute("data-jp-theme-name", theme)
            # JupyterLab fails to remove this if the theme changes again before.
            self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def wait_for_lab(self) -> None:
        """Wait until JupyterLab has started."""
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.evaluate("window.jupyterapp.restored.then(() => undefined)")

    def command(self, name: str, **arguments: Any) -> None:
        """Run a JupyterLab command to its end."""
        self.page.evaluate(
            """async ([name, args]) => {
                await window.jupyterapp.commands.execute(name, args);
            }""",
            [name, arguments],
        )

    def part(self, name: str) -> Locator:
        """Return the part of the sidebar with this test id."""
        return self.page.get_by_test_id(f"memkit-{name}")

    def wait_for_status(self, status: str) -> None:
        """Wait until the sidebar shows this status."""
        expect(self.part("status")).to_have_attribute(
            "data-status", status, timeout=LIMIT_MS
        )

    def run_cell(self, index: int) -> None:
        """Select a cell of the notebook and start it."""
        self.page.evaluate(
            """index => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = index;
                void window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            index,
        )

    def run_all(self) -> None:
        """Run the notebook from the first cell to the last."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(
            """() => {
                const { model } = window.jupyterapp.shell.currentWidget.content;
                const code = [...model.cells].filter(cell => cell.type === 'code');
                return code.every(cell => cell.executionCount !== null);
            }""",
            timeout=5 * LIMIT_MS,
        )

    def show_cell(self, cell_id: str) -> None:
        """Scroll so that a cell is at the top of the window."""
        self.page.evaluate(
            """async id => {
                const { content } = window.jupyterapp.shell.currentWidget;
                const cell = content.widgets.find(each => each.model.id === id);
                content.activeCellIndex = content.widgets.indexOf(cell);
                await content.scrollToCell(cell, 'start');
            }""",
            cell_id,
        )

    def set_sidebar_width(self, width: float) -> None:
        """Drag the edge of the right sidebar."""
        handle = self.page.locator(
            "#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)"
        ).last
        box = handle.bounding_box()
        assert box is not None
        start = (box["x"] + box["width"] / 2, box["y"] + 200)
        edge = self.page.locator("#jupyter-memkit").bounding_box()
        assert edge is not None
        self._first_width = self._first_width or edge["width"]
        target = edge["x"] + edge["width"] - width
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(target, start[1], steps=5)
        self.page.mouse.up()

    def wait_for_end_of(self, cell_id: str) -> Locator:
        """Wait until the sidebar lists a cell as ended, and return its row."""
        row = self.part("cells").locator(
            f"[data-cell-id='{cell_id}']:not([data-state='running'])"
        )
        row.first.wait_for()
        return row.first

    def rss_bytes(self) -> int:
        """Return the figure that the sidebar shows, in bytes."""
        return int(self.part("rss").get_attribute("data-bytes") or 0)

    def updated_s(self) -> float:
        """Return the time of the reading that the sidebar shows."""
        return float(self.part("rss").get_attribute("data-updated-s") or 0)

    def wait_for_reading_after(self, updated_s: float, count: int = 1) -> None:
        """Wait until the sidebar has shown a number of newer readings."""
        for _ in range(count):
            self.page.wait_for_function(
                """after => {
                    const rss = document.querySelector('[data-testid=memkit-rss]');
                    return Number(rss?.dataset.updatedS) > after;
                }""",
                arg=updated_s,
            )
            updated_s = self.updated_s()

    def kernel_id(self) -> str:
        """Return the id of the notebook's kernel."""
        kernel_id: str = self.page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"
        )
        return kernel_id

    def wait_for_kernel_status(self, status: str) -> None:
        """Wait until JupyterLab's own status of the notebook's kernel is this one."""
        self.page.wait_for_function(
            "status => window.jupyterapp.shell.currentWidget.sessionContext.session"
            ".kernel.status === status",
            arg=status,
        )

    def restart_kernel(self) -> None:
        """Restart the kernel, as the user's command does after its question."""
        self.page.evaluate(
            "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
            ".restart()"
        )

    def wait_for_restarted_kernel(self) -> None:
        """Confirm the dialog after a kernel's death, and wait for the next kernel."""
        dialog = self.page.locator(".jp-Dialog")
        dialog.get_by_role("button", name="Ok").click()
        dialog.wait_for(state="detached")
        # The dialog comes before the restart, and the server cannot end a kernel then.
        self.wait_for_kernel_status("idle")
