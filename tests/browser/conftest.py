"""One browser and one server for all tests of a process."""

from __future__ import annotations

import json
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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A real JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder, "--expose-app-in-browser") as server:
        yield server


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The browser's cache, which spares the pages a part of JupyterLab's start."""
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        yield context


@pytest.fixture
def new_page(
    context: BrowserContext, server: LabServer
) -> Iterator[Callable[[], LabPage]]:
    """Opens pages, and closes them after the test."""
    errors: list[str] = []

    def note(error: WebError) -> None:
        errors.append(error.error.stack or str(error.error))

    context.on("weberror", note)
    yield lambda: LabPage(context.new_page(), server)
    for page in context.pages:
        page.close()
    context.remove_listener("weberror", note)
    assert errors == []


@pytest.fixture
def lab(new_page: Callable[[], LabPage]) -> LabPage:
    """A page that has not been opened yet."""
    return new_page()


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
    write_kernelspec(folder, python)
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
