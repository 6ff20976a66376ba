"""``%memguard`` in subshells: cells in several threads, of which one gets signals."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_memkit.magics.memguard.guarded_cells import MIME_TYPE
from tests.real_kernel import RealKernel, real_kernel
from tests.waiting import LIMIT_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")

# Fills the memory where only the watcher sees it, for several of its readings.
FILL = (
    "import mmap, time\nx = mmap.mmap(-1, 2 << 30)\nfor i in range(0, 2 << 30, 4096):\n"
    "    i % (1 << 20) or time.sleep(0.003); x[i] = 1"
)
BLOCK = "from jupyter_memkit import guard\nwith guard('1GB'): pass"
WAIT = "import time\nx_over = False\nprint('begun')\nwhile not x_over: time.sleep(0.01)"


class Subshell:
    """A subshell of a kernel."""

    def __init__(self, kernel: RealKernel) -> None:
        self._client = kernel.client
        message = self._client.session.msg("create_subshell_request", {})
        self._client.control_channel.send(message)
        reply: dict[str, Any] = {"parent_header": {}}
        while reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            reply = self._client.get_control_msg(timeout=LIMIT_S)
        self._id = reply["content"]["subshell_id"]

    def start(self, code: str) -> str:
        """Start a cell, and return its request's id."""
        content = {"code": code, "silent": False, "store_history": True}
        message = self._client.session.msg("execute_request", content)
        message["header"]["subshell_id"] = self._id
        self._client.shell_channel.send(message)
        msg_id: str = message["header"]["msg_id"]
        return msg_id


class Outputs:
    """The errors and stops of cells that run at the same time, by request."""

    def __init__(self, kernel: RealKernel) -> None:
        self._client = kernel.client
        self.errors: dict[str, str] = {}
        self.stops: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, str] = {}
        self._ended: set[str] = set()

    def until_end(self, msg_id: str) -> None:
        """Receive messages until a cell has ended."""
        deadline_s = time.monotonic() + LIMIT_S
        while msg_id not in self._ended:
            assert time.monotonic() < deadline_s, "the cell does not end"
            try:
                message = self._client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            request = message["parent_header"].get("msg_id", "")
            content = message["content"]
            if content.get("execution_state") == "idle":
                self._ended.add(request)
            elif message["msg_type"] == "error":
                self.errors[request] = content["ename"]
                self.texts[request] = content["evalue"]
            elif message["msg_type"] == "stream":
                self.texts[request] = self.texts.get(request, "") + content["text"]
            elif MIME_TYPE in content.get("data", {}):
                self.stops[request] = content["data"][MIME_TYPE]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKernel]:
    """A kernel at a mark, without coverage: errors may be raised anywhere in it."""
    home = tmp_path_factory.mktemp("home")
    with real_kernel(home, is_traced=False, JUPYTER_MEMKIT_GUARD="300MB") as kernel:
        yield kernel


@pytest.fixture(scope="module")
def subshell(kernel: RealKernel) -> Subshell:
    """A subshell of the kernel."""
    return Subshell(kernel)


def read_guard(kernel: RealKernel) -> str:
    """Return the mark, and whether guarded code is left between cells."""
    guard = "__import__('jupyter_memkit').techniques.guard.armed.process_guard()"
    # The cell itself runs.
    return kernel.run(f"print({guard}.status.mark, len({guard}._regions._regions))")


def start_waiting(kernel: RealKernel, subshell: Subshell) -> tuple[Outputs, str]:
    """Start a cell of the subshell that waits; return all outputs and its id."""
    outputs = Outputs(kernel)
    waiting = subshell.start(WAIT)
    while not outputs.texts:
        outputs.until_end(kernel.client.execute("1"))
    return outputs, waiting


def test_cell_of_a_subshell_is_stopped(kernel: RealKernel, subshell: Subshell) -> None:
    """Of two running cells, the one whose thread fills the memory is stopped."""
    outputs = Outputs(kernel)
    waiting = kernel.start(WAIT)
    filling = subshell.start(FILL)
    outputs.until_end(filling)
    assert outputs.errors == {filling: "MemoryLimitExceeded"}
    loop = [line.strip() for line in FILL.splitlines()[2:]]
    assert outputs.stops[filling]["line"] in loop
    counting = subshell.start("print(get_ipython().execution_count)")
    outputs.until_end(counting)
    ahead = int(outputs.texts[counting]) - outputs.stops[filling]["execution_count"]
    assert 1 <= ahead <= 2, "the count of the other cell is lower"
    outputs.until_end(subshell.start("x_over = True; del x"))
    outputs.until_end(waiting)
    assert outputs.errors == {filling: "MemoryLimitExceeded"}
    assert read_guard(kernel) == "300 MB 1\n"


def test_cell_beside_a_subshell_is_stopped(
    kernel: RealKernel, subshell: Subshell
) -> None:
    """A cell of a subshell continues when that of the main thread fills the memory."""
    outputs, waiting = start_waiting(kernel, subshell)
    filling = kernel.client.execute(FILL)
    outputs.until_end(filling)
    assert outputs.errors == {filling: "MemoryLimitExceeded"}
    outputs.until_end(kernel.client.execute("x_over = True; del x"))
    outputs.until_end(waiting)
    assert outputs.errors == {filling: "MemoryLimitExceeded"}
    assert read_guard(kernel) == "300 MB 1\n"


def test_cures_spare_what_the_stopped_cell_uses(
    kernel: RealKernel, subshell: Subshell
) -> None:
    """A variable of the stopped cell is not offered if another cell started later."""
    outputs = Outputs(kernel)
    prepare = "import numpy as np\nneeded, idle = np.ones(10**6), np.ones(10**6)"
    outputs.until_end(kernel.client.execute(f"{prepare}\ngoes_on = False"))
    wait = "import time\nwhile not goes_on: time.sleep(0.01)"
    filling = kernel.client.execute(f"print(needed.sum())\n{wait}\n{FILL}")
    while filling not in outputs.texts:
        outputs.until_end(subshell.start("1"))
    outputs.until_end(subshell.start("goes_on = True"))
    outputs.until_end(filling)
    cures = [cure["code"] for cure in outputs.stops[filling]["cures"]]
    assert "%spill idle" in cures
    assert "%spill needed" not in cures
    outputs.until_end(kernel.client.execute("del x, needed, idle"))


def test_allocation_that_fails_in_a_subshell(
    kernel: RealKernel, subshell: Subshell
) -> None:
    """A cell of a subshell gets the report of an allocation that failed in it."""
    outputs = Outputs(kernel)
    filling = subshell.start("x = bytes(10**10)")
    outputs.until_end(filling)
    assert outputs.errors == {filling: "MemoryLimitExceeded"}
    assert outputs.stops[filling]["belt"] == "allocation"


def test_debugger_after_a_subshell(kernel: RealKernel, subshell: Subshell) -> None:
    """Code that is traced, as by a debugger, runs after a cell of a subshell."""
    outputs = Outputs(kernel)
    outputs.until_end(subshell.start("1"))
    trace = "import sys\nsys.settrace(lambda *_: None)\n"
    traced = "(lambda: print('runs'))()\nsys.settrace(None)"
    assert kernel.run(trace + traced) == "runs\n"


@pytest.mark.parametrize(
    "code", ["%memguard 1GB", "%memguard off", "%%memguard 1GB\n1", BLOCK]
)
def test_marks_stay_in_the_main_thread(
    kernel: RealKernel, subshell: Subshell, code: str
) -> None:
    """In a subshell a mark is refused with a sentence, and the mark is as before."""
    outputs = Outputs(kernel)
    refused = subshell.start(code)
    outputs.until_end(refused)
    assert "in the main thread" in outputs.texts[refused]
    assert read_guard(kernel) == "300 MB 1\n"


def test_end_of_the_guard_while_a_subshell_runs(
    kernel: RealKernel, subshell: Subshell
) -> None:
    """A mark that is removed under a running cell of a subshell leaves nothing."""
    outputs, waiting = start_waiting(kernel, subshell)
    kernel.run("%memguard off")
    outputs.until_end(kernel.client.execute("x_over = True"))
    outputs.until_end(waiting)
    assert outputs.errors == {}
    assert read_guard(kernel) == "None 0\n"
    hooks = "get_ipython().events.callbacks['pre_run_cell']"
    before = kernel.run(f"print(len({hooks}))")
    kernel.run("%memguard 300MB")
    assert kernel.run(f"print(len({hooks}))") != before
