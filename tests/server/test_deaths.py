"""The death of kernels over HTTP, on a real server with real kernels."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import urllib.error
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit import protocol
from tests.lab_server import LabServer, lab_server
from tests.real_kernel import RealKernel
from tests.server.clients import connect_to
from tests.waiting import wait_until

MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc and sends SIGKILL"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A server with the extension enabled by its installation."""
    folder = tmp_path_factory.mktemp("server")
    with lab_server(folder, environment={"MEM_LIMIT": "4GiB"}) as server:
        yield server


STUBBORN = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("on", flush=True)
while True: pass
"""


class Notebook:
    """A notebook with a session and a kernel.

    Parameters
    ----------
    server : LabServer
        The server.
    name : str
        The notebook.
    """

    def __init__(self, server: LabServer, name: str) -> None:
        self.server = server
        server.write_notebook(name, "x = 1")
        body = {
            "path": name,
            "name": name,
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        self.session = server.ask("POST", "api/sessions", body)
        self.kernel_id: str = self.session["kernel"]["id"]

    @property
    def states(self) -> list[Path]:
        """The files of its kernel's states."""
        folder = self.server.runtime / "jupyter_memkit"
        return sorted(folder.glob(f"kernel-{self.kernel_id}-*"))

    def ask(self, what: str, method: str = "GET") -> Any:
        """Send a request about the kernel."""
        path = f"jupyter_memkit/kernels/{self.kernel_id}/{what}"
        return self.server.ask(method, path)

    def refuse(self, what: str, method: str) -> int:
        """Return the status of a request that fails."""
        with pytest.raises(urllib.error.HTTPError) as error:
            self.ask(what, method)
        error.value.close()
        return error.value.code

    @contextlib.contextmanager
    def kernel(self) -> Iterator[RealKernel]:
        """Connect with the kernel."""
        client = connect_to(self.server, self.kernel_id)
        try:
            yield RealKernel(client)
        finally:
            client.stop_channels()

    def pid(self) -> int:
        """Return the kernel's process, once it answers."""
        wait_until(lambda: self.ask("memory")["is_alive"])
        with self.kernel() as kernel:
            return int(kernel.run("import os; print(os.getpid())"))

    def end(self) -> None:
        """End the session with its kernel."""
        self.server.ask("DELETE", f"api/sessions/{self.session['id']}")


def test_killed_kernel(server: LabServer) -> None:
    """A death is known at once, and until it is dismissed, to all later kernels."""
    notebook = Notebook(server, "killed.ipynb")
    assert notebook.ask("death")["death"] is None
    with notebook.kernel() as kernel:
        pid = int(kernel.run("import os; print(os.getpid())"))
        kernel.run("data = bytearray(300 << 20)")
        kernel.start("# it\nmore = 1\nprint('on', flush=True)\nwhile True: pass")
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not notebook.ask("memory")["is_alive"])
    assert (
        notebook.ask("memory").keys() == protocol.ServerReading.__annotations__.keys()
    )
    answer = notebook.ask("death")
    assert answer.keys() == protocol.LastDeath.__annotations__.keys()
    death = answer["death"]
    assert death.keys() == protocol.Death.__annotations__.keys()
    assert death["cause"] == "signal"
    assert (death["signal"], death["exit_status"]) == (signal.SIGKILL, None)
    assert death["rss_bytes"] > 300 * MIB
    assert (death["limit_bytes"], death["limit_name"]) == (4096 * MIB, "MEM_LIMIT")
    assert death["first_line"] == "more = 1"
    assert death["variables"][0]["name"] == "data"
    # The restarter has started another process.
    assert notebook.pid() != pid
    assert notebook.ask("death") == answer
    notebook.end()
    following = Notebook(server, "killed.ipynb")
    assert following.kernel_id != notebook.kernel_id
    assert following.ask("death") == answer
    assert following.refuse("death/kernel-other-1", "DELETE") == HTTPStatus.NOT_FOUND
    assert following.refuse("death/..%2Fsecret", "DELETE") == HTTPStatus.NOT_FOUND
    assert following.ask(f"death/{death['id']}", "DELETE") is None
    assert following.ask("death")["death"] is None
    with following.kernel() as kernel:
        kernel.run("import jupyter_memkit; death = jupyter_memkit.last_death()")
        assert kernel.run("print(death.cause)").startswith("ended by signal 9 at ")
    following.end()


def test_death_is_noticed_without_a_page(server: LabServer) -> None:
    """The server leaves how a process ended before it starts the next one."""
    notebook = Notebook(server, "unwatched.ipynb")
    with notebook.kernel() as kernel:
        kernel.client.execute("import os; os._exit(7)")
        wait_until(lambda: [path.suffix for path in notebook.states][:1] == [".end"])
    death = notebook.ask("death")["death"]
    assert (death["cause"], death["signal"], death["exit_status"]) == ("exit", None, 7)
    notebook.pid()
    # The server has no session of a kernel that it no longer has.
    server.ask("DELETE", f"api/kernels/{notebook.kernel_id}")
    assert notebook.ask("death")["death"] == death


def test_death_goes_with_a_renamed_notebook(server: LabServer) -> None:
    """It is known to later kernels under the new name, and not under the old one."""
    notebook = Notebook(server, "old.ipynb")
    notebook.pid()
    path = f"api/sessions/{notebook.session['id']}"
    server.ask("PATCH", path, {"path": "new.ipynb", "name": "new.ipynb"})
    with notebook.kernel() as kernel:
        kernel.client.execute("import os; os._exit(7)")
        wait_until(lambda: notebook.ask("death")["death"] is not None)
    answer = notebook.ask("death")
    notebook.pid()
    notebook.end()
    for name, expected in (("new.ipynb", answer["death"]), ("old.ipynb", None)):
        following = Notebook(server, name)
        assert following.ask("death")["death"] == expected
        following.end()


def test_requested_ends_are_not_deaths(server: LabServer) -> None:
    """A restart is not a death, even if the server has to kill the process."""
    notebook = Notebook(server, "restart.ipynb")
    pid = notebook.pid()
    server.ask("POST", f"api/kernels/{notebook.kernel_id}/restart")
    assert notebook.pid() != pid
    assert notebook.ask("death")["death"] is None
    with notebook.kernel() as kernel:
        # It ignores the interrupt that comes first, so the server ends it by a signal.
        kernel.start(STUBBORN)
    path = f"api/kernels/{notebook.kernel_id}/restart"
    restart = threading.Thread(target=server.ask, args=("POST", path))
    restart.start()
    deaths = [notebook.ask("death")["death"]]
    while restart.is_alive():
        deaths.append(notebook.ask("death")["death"])
    restart.join()
    notebook.pid()
    deaths.append(notebook.ask("death")["death"])
    assert set(map(str, deaths)) == {"None"}
    assert [path.suffix for path in notebook.states] == [".json"]
    notebook.end()
    wait_until(lambda: notebook.states == [])
