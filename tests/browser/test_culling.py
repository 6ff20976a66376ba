"""An idle kernel is culled, with or without the sidebar."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.lab_page import LabPage
from tests.browser.patient_manager import READY, PatientManager
from tests.lab_server import LabServer, lab_server
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A JupyterLab that culls kernels after fifteen idle seconds."""
    with lab_server(
        tmp_path_factory.mktemp("culling"),
        "--expose-app-in-browser",
        f"--ServerApp.kernel_manager_class={PatientManager.__module__}.PatientManager",
        "--MappingKernelManager.cull_idle_timeout=15",
        "--MappingKernelManager.cull_interval=1",
        "--MappingKernelManager.cull_connected=True",
    ) as server:
        yield server


@pytest.fixture
def lab(new_page: Callable[[], LabPage]) -> LabPage:
    """A page of that server."""
    return new_page()


def test_idle_kernel_is_culled_with_the_sidebar_open(
    lab: LabPage, server: LabServer
) -> None:
    """An open sidebar does not keep an idle kernel alive."""
    server.write_notebook("idle.ipynb", "x = 1")
    lab.open("idle.ipynb")
    lab.wait_for_status("live")
    lab.run_cell(0)
    lab.wait_for_end_of("c-0")
    (server.root / READY).touch()
    wait_until(lambda: server.ask("GET", "api/kernels") == [])
