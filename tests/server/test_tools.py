"""The tools for agents, in a real server with real kernels."""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab_server import LabServer, lab_server
from tests.real_kernel import RealKernel
from tests.server.clients import connect_to
from tests.server.tool_host import find_tools
from tests.waiting import wait_until

BUSY = "a cell is running"


class Agent:
    """An agent, and the notebook ``work.ipynb`` that it helps with."""

    def __init__(self, server: LabServer) -> None:
        self.server = server
        self.session = server.ask(
            "POST",
            "api/sessions",
            {
                "path": "folder/work.ipynb",
                "name": "",
                "type": "notebook",
                "kernel": {"name": "python3"},
            },
        )
        client = connect_to(server, self.session["kernel"]["id"])
        self.kernel = RealKernel(client)

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool, again while the kernel has no time on a busy machine."""
        answers: list[Any] = []

        def is_answered() -> bool:
            answers.append(self.server.ask("POST", f"tools/{tool}", arguments))
            return not answers[-1].get("message", "").startswith(BUSY)

        wait_until(is_answered)
        return answers[-1]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """An agent beside a running notebook."""
    root = str(Path(__file__).parents[2])
    paths = [root, os.environ.get("PYTHONPATH", "")]
    with lab_server(
        tmp_path_factory.mktemp("server"),
        "--ServerApp.jpserver_extensions={'tests.server.tool_host': True}",
        environment={"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    ) as server:
        agent = Agent(server)
        yield agent
        agent.kernel.client.stop_channels()


def test_contract_of_the_entry_point() -> None:
    """Each tool is a documented coroutine function of plain arguments."""
    tools = find_tools()
    assert list(tools) == ["memory_state", "memory_holders", "free_variable"]
    for tool in tools.values():
        assert inspect.iscoroutinefunction(tool)
        assert "notebook" in tool.__doc__
        kinds = {
            each.annotation for each in inspect.signature(tool).parameters.values()
        }
        assert kinds <= {"str", "float"}


def test_see_explain_and_free(agent: Agent) -> None:
    """An agent finds what is large, what holds it, and frees it."""
    agent.kernel.run("large = bytearray(100_000_000)\nkept = [large]")
    state = agent.call("memory_state")
    assert len(json.dumps(state)) <= 2048
    assert state["type"] == "state"
    assert state["last_cells"][0]["first_line"] == "large = bytearray(100_000_000)"
    found = agent.call("memory_holders", name="large", notebook="folder/work.ipynb")
    assert found["bytes"] >= 100_000_000
    assert "kept[0]" in [chain["text"] for chain in found["chains"]]
    agent.kernel.run("kept.clear()")
    freed = agent.call("free_variable", name="large", token=found["token"])
    assert freed["type"] == "acted"
    assert freed["freed_bytes"] == pytest.approx(100_000_000, rel=0.1)
    assert agent.kernel.run("print('large' in globals())") == "False\n"


def test_refusals(agent: Agent) -> None:
    """A wrong argument gets a sentence with a remedy, and changes nothing."""
    agent.kernel.run("orders = [1.5]\ncalls = []")
    token = agent.call("memory_holders", name="orders")["token"]
    code = "calls.append(1)"

    def message(tool: str, **arguments: Any) -> str:
        answer = agent.call(tool, **arguments)
        assert answer["type"] == "failed"
        return str(answer["message"])

    assert "did you mean orders?" in message("memory_holders", name="order")
    assert "not an expression" in message("memory_holders", name=code)
    assert "not an expression" in message("memory_holders", name="orders[0]")
    assert "not an expression" in message("free_variable", name=code, token=token)
    assert "no longer refers" in message("free_variable", name="orders", token=code)
    assert "1 to 600" in message(
        "free_variable", name="orders", token=token, wait_s=float("nan")
    )
    assert "folder/work.ipynb" in message("memory_state", notebook="other.ipynb")
    agent.kernel.run("orders = [2.5]")
    assert "no longer refers" in message("free_variable", name="orders", token=token)
    assert agent.kernel.run("print(orders, calls)") == "[2.5] []\n"


def start_cell(agent: Agent, end: Path, last: str) -> str:
    """Start a cell that runs until a file exists and then a last line."""
    return agent.kernel.start(
        "print('started', flush=True)\nimport os, time\n"
        f"while not os.path.exists({str(end)!r}): time.sleep(0.01)\n"
        f"{last}"
    )


def test_while_a_cell_runs(agent: Agent, tmp_path: Path) -> None:
    """The state is answered, variables are not looked at, and deleting waits."""
    agent.kernel.run("mine = [1.5]")
    token = agent.call("memory_holders", name="mine")["token"]
    end = tmp_path / "end"
    running = start_cell(agent, end, "assert mine == [1.5]")
    state = agent.call("memory_state", notebook=agent.session["kernel"]["id"])
    assert state["running"]["first_line"] == "print('started', flush=True)"
    busy = agent.server.ask("POST", "tools/memory_holders", {"name": "mine"})
    assert busy["message"].startswith(BUSY)
    waiting = agent.call("free_variable", name="mine", token=token, wait_s=1)
    assert waiting["type"] == "waiting"
    answers: list[Any] = []
    another = threading.Thread(
        target=lambda: answers.append(
            agent.call("free_variable", name="mine", token=token, wait_s=600)
        )
    )
    another.start()
    end.touch()
    agent.kernel.iopub_until_idle(running)
    another.join()
    # The first was not lost, so the second finds nothing.
    assert "no longer exists" in answers[0]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a named pipe")
def test_kernel_that_cannot_answer(agent: Agent, tmp_path: Path) -> None:
    """While a C call holds Python's lock, the state is what the server reads itself."""
    agent.kernel.run("block = bytearray(b'x' * 100_000_000)")
    held = tmp_path / "held"
    os.mkfifo(held)
    # A function of PyDLL keeps the lock; this one waits until the pipe is opened.
    # The kernel's thread sends what was printed after the first flush has returned,
    # and before the second does.
    running = agent.kernel.start(
        "print('started', flush=True)\nimport ctypes, os, sys\nsys.stdout.flush()\n"
        f"ctypes.PyDLL(None).open({os.fsencode(held)!r}, os.O_RDONLY)"
    )
    states: list[Any] = []

    def is_held() -> bool:
        states.append(agent.call("memory_state"))
        return bool(states[-1]["type"] == "server_reading")

    wait_until(is_held)
    held.open("wb").close()
    agent.kernel.iopub_until_idle(running)
    assert states[-1]["rss_bytes"] > 100_000_000
    assert agent.call("memory_state")["type"] == "state"


def test_a_cell_that_fails(agent: Agent, tmp_path: Path) -> None:
    """A variable that waits to be deleted stays if the running cell fails."""
    agent.kernel.run("mine = [1.5]")
    token = agent.call("memory_holders", name="mine")["token"]
    end = tmp_path / "end"
    running = start_cell(agent, end, "raise ValueError")
    waiting = agent.call("free_variable", name="mine", token=token, wait_s=1)
    assert "unless it fails" in waiting["message"]
    end.touch()
    agent.kernel.iopub_until_idle(running)
    assert agent.call("memory_holders", name="mine")["token"] == token
