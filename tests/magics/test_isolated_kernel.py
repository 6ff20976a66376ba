"""``%%isolated`` in a real kernel."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.real_kernel import RealKernel, real_kernel
from tests.waiting import LIMIT_S, has_ended, wait_until


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKernel]:
    """A real kernel."""
    with real_kernel(tmp_path_factory.mktemp("home")) as kernel:
        kernel.run("%reload_ext jupyter_memkit")
        yield kernel


def messages(kernel: RealKernel, cell: str) -> list[tuple[str, Any]]:
    """Run a cell in a kernel, and return the messages to a page."""
    shown: list[tuple[str, Any]] = []

    def keep(message: dict[str, Any]) -> None:
        content = message["content"]
        kind = message["msg_type"]
        if kind == "stream":
            shown.append((content["name"], content["text"]))
        elif kind in ("display_data", "update_display_data", "execute_result"):
            shown.append((kind, content["data"]))
        elif kind == "error":
            shown.append((kind, content["ename"]))
        elif kind == "clear_output":
            shown.append((kind, content["wait"]))

    kernel.client.execute_interactive(cell, timeout=LIMIT_S, output_hook=keep)
    return shown


def test_figure(kernel: RealKernel) -> None:
    """A figure is displayed without importing matplotlib in the kernel."""
    shown = messages(
        kernel, "%%isolated\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])"
    )
    kinds = [kind for kind, _ in shown]
    assert kinds == ["execute_result", "display_data", "display_data"]
    assert "Line2D" in shown[0][1]["text/plain"]
    assert "image/png" in shown[1][1]
    assert shown[2][1]["text/plain"].startswith("Isolated: ")
    assert kernel.run("import sys\nprint('matplotlib' in sys.modules)") == "False\n"


def test_displays(kernel: RealKernel) -> None:
    """Rich displays can be updated and cleared; progress bars are text."""
    shown = messages(
        kernel,
        "%%isolated\n"
        "from IPython.display import HTML, clear_output\n"
        "handle = display(HTML('<b>a</b>'), display_id=True)\n"
        "handle.update(HTML('<b>b</b>'))\n"
        "clear_output(wait=True)\n"
        "from tqdm.auto import tqdm\n"
        "for each in tqdm(range(3)): pass\n"
        "5",
    )
    assert shown[0] == ("display_data", shown[0][1] | {"text/html": "<b>a</b>"})
    assert shown[1][0] == "update_display_data"
    assert shown[1][1]["text/html"] == "<b>b</b>"
    assert shown[2] == ("clear_output", True)
    assert "100%" in "".join(text for kind, text in shown if kind == "stderr")
    assert ("execute_result", {"text/plain": "5"}) in shown


def test_event_loop(kernel: RealKernel) -> None:
    """A cell runs in an event loop, as in the kernel; unfinished tasks are reported."""
    body = "import asyncio\nprint(asyncio.get_running_loop().is_running())"
    assert kernel.run(body) == "True\n"
    assert kernel.run(f"%%isolated\n{body}").startswith("True\n")
    begin = "task = asyncio.create_task(asyncio.sleep(9))"
    shown = messages(kernel, f"%%isolated\nimport asyncio\n{begin}")
    assert "Ended with the process: task Task-" in shown[-1][1]["text/plain"]
    kinds = [kind for kind, _ in messages(kernel, "%%isolated\nprint(1)\n1 / 0")]
    assert kinds == ["stdout", "error"]


def test_display_settings(kernel: RealKernel) -> None:
    """Values are displayed as they would be in the kernel."""
    kernel.run(
        "%precision 2\n"
        "class Point: pass\n"
        "text = get_ipython().display_formatter.formatters['text/plain']\n"
        "text.for_type(Point, lambda value, printer, _: printer.text('<point>'))\n"
        "import matplotlib.pyplot as plt\n"
        "%config InlineBackend.figure_format = 'svg'"
    )
    shown = messages(
        kernel, "%%isolated\ndisplay(1 / 3)\ndisplay(Point())\nplt.plot([1, 2]);"
    )
    assert shown[0][1]["text/plain"] == "0.33"
    assert shown[1][1]["text/plain"] == "<point>"
    assert "image/svg+xml" in shown[2][1]
    kernel.run("%precision %r\n%config InlineBackend.figure_format = 'png'")
    plain = messages(kernel, "%%isolated\ndisplay(1 / 3)")
    assert plain[0][1]["text/plain"].startswith("0.33333")


def test_context(kernel: RealKernel) -> None:
    """Context variables, which keep numpy's options, last through the whole cell."""
    kernel.run(
        "import contextvars, numpy as np\n"
        "np.seterr(all='raise'); np.set_printoptions(precision=2)"
    )
    shown = messages(kernel, "%%isolated\nimport numpy\nnumpy.geterr()['over']")
    texts = [data["text/plain"] for kind, data in shown]
    assert texts[0] == "'raise'"
    assert "Changed only in its process" not in texts[1]
    cell = (
        "%%isolated\nimport asyncio, numpy\nnumpy.seterr(over='warn')\n"
        "await asyncio.sleep(0)\nnumpy.seterr(under='warn')\n"
        "numpy.geterr()['over'], numpy.geterr()['under']"
    )
    shown = messages(kernel, cell)
    texts = [data["text/plain"] for kind, data in shown]
    assert texts[0] == "('warn', 'warn')"
    assert "Changed only in its process: numpy's error handling." in texts[1]
    kernel.run("np.seterr(all='warn'); np.set_printoptions(precision=8)")


def test_restart(kernel: RealKernel) -> None:
    """Running processes end when the kernel is killed."""
    kernel.run("%%isolated --name model\nx = 1")
    kernel.run("listed = %isolated\nimport os")
    printed = kernel.run("print(listed.processes[0].pid, os.getpid())")
    pid, kernel_pid = map(int, printed.split())
    os.kill(kernel_pid, signal.SIGKILL)
    wait_until(lambda: has_ended(pid))
