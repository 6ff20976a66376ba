"""A real JupyterLab server, isolated from the user's configuration."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.kernel_sockets import SHORT
from tests.slow_clock import slow_kernel_clocks
from tests.waiting import LIMIT_S

_TOKEN = "memkit-tests"
_MOST_STARTS = 5
_EXIT_S = 30.0
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class LabServer:
    """A running server, and requests to it.

    Parameters
    ----------
    port : int
        Its port, on the loopback address.
    root : Path
        The folder that it serves.
    runtime : Path
        The folder of the connection files and the sockets of its kernels.
    """

    token = _TOKEN

    def __init__(self, port: int, root: Path, runtime: Path) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.root = root
        self.runtime = runtime

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a REST request and return the decoded reply.

        Raises
        ------
        urllib.error.HTTPError
            If the status is not a success.
        """
        text = self.read(method, path, body)
        return json.loads(text) if text else None

    def read(self, method: str, path: str, body: Any = None) -> str:
        """Send a request and return the text of the reply.

        Raises
        ------
        urllib.error.HTTPError
            If the status is not a success.
        """
        request = urllib.request.Request(
            f"{self.base_url}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {_TOKEN}"},
        )
        with _NO_PROXY.open(request, timeout=LIMIT_S) as reply:
            text: str = reply.read().decode()
        return text

    def start_kernel(self, name: str = "python3") -> str:
        """Start a kernel and return its id."""
        kernel_id: str = self.ask("POST", "api/kernels", {"name": name})["id"]
        return kernel_id

    def write_notebook(self, name: str, *sources: str, kernel: str = "python3") -> None:
        """Write a notebook of code cells whose ids are ``c-0``, ``c-1``, …."""
        cells: list[dict[str, Any]] = [
            {
                "id": f"c-{index}",
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for index, source in enumerate(sources)
        ]
        notebook = {
            "cells": cells,
            "metadata": {"kernelspec": {"name": kernel, "display_name": kernel}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.root / name).write_text(json.dumps(notebook))


def isolated_environment(home: Path) -> dict[str, str]:
    """Return an environment in which Jupyter finds only this installation."""
    # The user's settings of figures and warnings would change what kernels show.
    others = ("JUPYTER", "IPYTHON", "MPLBACKEND", "PYTHONWARNINGS")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(others) and not name.lower().endswith("_proxy")
    }
    environment |= {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    return environment


@contextlib.contextmanager
def lab_server(
    folder: Path,
    *options: str,
    app: str = "jupyterlab",
    python: Path = Path(sys.executable),
    environment: Mapping[str, str] | None = None,
    is_timed: bool = False,
) -> Iterator[LabServer]:
    """Run a server for the length of a with block.

    Parameters
    ----------
    folder : Path
        An empty folder for the server's home, log and notebooks.
    *options : str
        Further options of the command line.
    app : str
        ``jupyterlab`` or ``notebook``.
    python : Path
        The Python whose JupyterLab runs; by default that of the tests.
    environment : mapping, optional
        Variables in addition to the isolated ones.
    is_timed : bool
        Whether the searches of its kernels have a time limit, which a busy machine
        exceeds.
    """
    home, root = folder / "home", folder / "notebooks"
    root.mkdir(parents=True)
    # Otherwise a dialog asks whether to fetch news.
    notification = home / "settings" / "@jupyterlab" / "apputils-extension"
    notification.mkdir(parents=True)
    (notification / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    if not is_timed:
        slow_kernel_clocks(home / "ipython")
    command = [
        *(str(python), "-m", app),
        "--no-browser",
        "--allow-root",
        "--ServerApp.port_retries=0",
        "--ip=127.0.0.1",
        f"--IdentityProvider.token={_TOKEN}",
        f"--ServerApp.root_dir={root}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        # As in `tests.kernel_sockets`.
        "--KernelManager.transport=ipc",
        *options,
    ]
    with tempfile.TemporaryDirectory(prefix="memkit-", dir=SHORT) as runtime:
        variables = isolated_environment(home) | {"JUPYTER_RUNTIME_DIR": runtime}
        variables |= environment or {}
        server, process = _start(command, root, variables, folder / "server.log")
        try:
            yield server
        finally:
            with contextlib.suppress(urllib.error.URLError):
                server.ask("POST", "api/shutdown")
            # The kernels have ended now. A server that stops in the middle of another
            # request for a file waits without end for anyio's thread.
            try:
                process.wait(timeout=_EXIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(
    command: list[str], root: Path, environment: dict[str, str], log: Path
) -> tuple[LabServer, subprocess.Popen[bytes]]:
    """Start a server on a free port, on another one if that is taken meanwhile."""
    text = ""
    for _ in range(_MOST_STARTS):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with log.open("w") as output:
            process = subprocess.Popen(
                [*command, f"--port={port}"],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        server = LabServer(port, root, Path(environment["JUPYTER_RUNTIME_DIR"]))
        if _becomes_ready(server, process):
            return server, process
        text = log.read_text()
        if "is already in use" not in text:
            break
    message = f"the server did not start:\n{text}"
    raise RuntimeError(message)


def _becomes_ready(server: LabServer, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a server answers; end it and return false if it does not."""
    deadline_s = time.monotonic() + LIMIT_S
    while process.poll() is None and time.monotonic() < deadline_s:
        if _answers(server):
            # Unless that was the process that took the port.
            return process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.wait()
    return False


def _answers(server: LabServer) -> bool:
    try:
        server.ask("GET", "api")
    except OSError:
        return False
    return True
