"""One browser and one server for all tests of a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, WebError

from tests.browser.chromium import chromium
from tests.browser.lab_page import LabPage
from tests.lab_server import LabServer, lab_server

# JupyterLab's own errors about requests that were pending when a test ended a kernel.
# The two types that are left out are those that our extension sends.
_OF_JUPYTERLAB = re.compile(
    r"Kernel is dead|Canceled future for (?!memkit_|execute_)\w+_request"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A real JupyterLab, which serves Notebook 7 as well."""
    with lab_server(
        tmp_path_factory.mktemp("lab"),
        "--expose-app-in-browser",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ) as server:
        yield server


@pytest.fixture
def held(server: LabServer) -> Iterator[Path]:
    """The named pipe for which `HELD_CELL` waits."""
    pipe = server.root / "held"
    os.mkfifo(pipe)
    yield pipe
    pipe.unlink()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The browser's cache, which spares the pages a part of JupyterLab's start."""
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        yield context


@pytest.fixture(scope="session")
def errors(context: BrowserContext) -> list[str]:
    """The errors of all pages; a test clears them first, and has none at its end."""
    noted: list[str] = []

    def note(error: WebError) -> None:
        text = error.error.stack or str(error.error)
        if not _OF_JUPYTERLAB.search(text) or "/extensions/" in text:
            noted.append(text)

    context.on("weberror", note)
    return noted


@pytest.fixture
def new_page(
    context: BrowserContext, server: LabServer, errors: list[str]
) -> Iterator[Callable[[], LabPage]]:
    """Opens pages, and closes them after the test."""
    errors.clear()
    pages: list[LabPage] = []

    def open_page() -> LabPage:
        pages.append(LabPage(context.new_page(), server))
        return pages[-1]

    yield open_page
    for each in pages:
        each.page.close()
    assert errors == []


@pytest.fixture(scope="session")
def kept_pages() -> list[LabPage]:
    """The page that a test leaves to the next one."""
    return []


@pytest.fixture
def lab(
    context: BrowserContext,
    server: LabServer,
    errors: list[str],
    kept_pages: list[LabPage],
    request: pytest.FixtureRequest,
) -> Iterator[LabPage]:
    """A page with nothing open.

    JupyterLab's start would take most of the time of a test, so the page is kept for
    the next one, unless the test fails.
    """
    errors.clear()
    failed = request.session.testsfailed
    lab = kept_pages.pop() if kept_pages else LabPage(context.new_page(), server)
    yield lab
    # JupyterLab has errors of its own when a kernel ends while it is connecting.
    during_test = list(errors)
    if request.session.testsfailed == failed and not during_test:
        lab.clear()
        kept_pages.append(lab)
    else:
        # The next test would get the kernel, in which a cell may be running.
        lab.stop_kernels()
        lab.page.close()
    assert during_test == []


@pytest.fixture
def notebook_7(browser: Browser, server: LabServer) -> Iterator[LabPage]:
    """A page for Notebook 7; no extension logs or raises an error."""
    noted: list[str] = []
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        context.on("weberror", lambda error: noted.append(error.error.stack or ""))
        context.on(
            "console",
            lambda message: noted.append(f"{message.type} {message.location['url']}"),
        )
        yield LabPage(context.new_page(), server)
    # Notebook 7 has an error and warnings of its own.
    assert [each for each in noted if "/extensions/" in each] == []


@pytest.fixture(scope="session")
def bare_kernel(server: LabServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A kernel whose environment has ipykernel, but not jupyter_memkit."""
    environment = tmp_path_factory.mktemp("environment") / "bare"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", environment], check=True
    )
    python = environment / "bin" / "python"
    (site_packages,) = environment.glob("lib/python*/site-packages")
    # A plain path: the .pth file of the editable install is not followed there.
    (site_packages / "base.pth").write_text(sysconfig.get_paths()["purelib"])
    folder = server.root.parent / "home" / "data" / "kernels" / "bare"
    # A path of the user's may lead to the checkout.
    write_kernelspec(folder, python, PYTHONPATH="")
    return "bare"


def write_kernelspec(folder: Path, python: Path, **environment: str) -> None:
    """Register a kernel spec with the server."""
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(
        json.dumps(
            {
                "argv": [
                    *(str(python), "-m", "ipykernel_launcher"),
                    *("-f", "{connection_file}"),
                ],
                "display_name": folder.name,
                "language": "python",
                "env": environment,
            }
        )
    )


@pytest.fixture(scope="session")
def quiet_kernel(server: LabServer) -> str:
    """A kernel that has jupyter_memkit, but does not load it."""
    folder = server.root.parent / "home" / "data" / "kernels" / "quiet"
    write_kernelspec(folder, Path(sys.executable), JUPYTER_MEMKIT_AUTOLOAD="0")
    return "quiet"
