"""The widget of %memkit live in real kernels, and its plain form without."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

import jupyter_memkit as memkit
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.show.live import LivePlain, build_report
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.widget.live import open_live
from tests.golden import golden
from tests.kernel_sockets import with_sockets
from tests.lab_server import isolated_environment
from tests.real_kernel import RealKernel, real_kernel
from tests.waiting import LIMIT_S

pytestmark = pytest.mark.traced_children

HTML = "<img src=x onerror=alert(1)>"


class LiveKernel:
    """A kernel with the widget, and a page that shows it."""

    def __init__(self, kernel: RealKernel) -> None:
        self.kernel = kernel
        msg_id = kernel.client.execute("%memkit live")
        messages = kernel.iopub_until_idle(msg_id)
        # Its layout is a widget of its own.
        *_, opened = (m for m in messages if m["msg_type"] == "comm_open")
        (self.shown,) = (
            m["content"]["data"] for m in messages if m["msg_type"] == "execute_result"
        )
        self.state: dict[str, Any] = opened["content"]["data"]["state"]
        self.comm_id: str = opened["content"]["comm_id"]

    def ask(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        """Send what the widget's view would, and return the iopub messages."""
        client = self.kernel.client
        data = {"method": "custom", "content": content}
        message = client.session.msg(
            "comm_msg", {"comm_id": self.comm_id, "data": data}
        )
        client.shell_channel.send(message)
        return self.kernel.iopub_until_idle(message["header"]["msg_id"])

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run a cell, and return the iopub messages."""
        return self.kernel.iopub_until_idle(self.kernel.client.execute(code))


def without_module(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a widget without its code."""
    return {key: each for key, each in state.items() if key not in ("_esm", "_css")}


def contents(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a widget received among iopub messages."""
    return [
        message["content"]["data"]["content"]
        for message in messages
        if message["msg_type"] == "comm_msg"
    ]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKernel]:
    """A kernel whose widget has one view."""
    with real_kernel(tmp_path_factory.mktemp("live")) as kernel:
        kernel.run("%load_ext jupyter_memkit")
        widget = LiveKernel(kernel)
        widget.ask(golden("subscribe"))
        yield widget


def test_it_is_shown_in_every_front_end(live: LiveKernel) -> None:
    """As a widget, as HTML and as text; its state has no readings."""
    view = live.shown["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == live.comm_id
    for mime_type in ("text/plain", "text/html"):
        assert "in use" in live.shown[mime_type]
        assert "The chart is live where widgets run" in live.shown[mime_type]
    assert "export{" in live.state["_esm"]
    assert "rss" not in json.dumps(without_module(live.state))


def test_views_get_the_history(live: LiveKernel) -> None:
    """A view that subscribes gets the readings and the cells so far."""
    snapshot = contents(live.ask(golden("subscribe")))[-1]
    assert snapshot["type"] == "snapshot"
    assert snapshot["samples"]["t_s"]
    assert "%memkit live" in [cell["first_line"] for cell in snapshot["cells"]]


def test_readings_arrive_while_a_cell_runs(live: LiveKernel) -> None:
    """They belong to no cell, so no output can claim them."""
    messages = live.run(
        "import time\n"
        "grown = []\n"
        "tracker = __import__('jupyter_memkit').tracker()\n"
        "while len(grown) < 8:\n"
        "    grown.append(bytearray(8_000_000))\n"
        "    seen = tracker.latest.t_s\n"
        "    while tracker.latest.t_s == seen: time.sleep(0.01)\n"
    )
    readings = [message for message in messages if message["msg_type"] == "comm_msg"]
    running = [c for c in contents(readings) if c.get("running")]
    assert len(running) >= 4
    assert {json.dumps(message["parent_header"]) for message in readings} == {"{}"}
    assert all("buffers" not in message["content"] for message in readings)


def test_variables_are_listed_as_text(live: LiveKernel) -> None:
    """The largest first; names and types that are HTML stay text."""
    live.run(
        f"large = bytearray(60_000_000)\n"
        f"globals()[{HTML!r}] = type({HTML!r}, (list,), {{}})(range(100_000))"
    )
    (listed,) = [
        c
        for c in contents(live.ask(golden("ask_variables")))
        if c["type"] == "variables"
    ]
    names = [each["name"] for each in listed["variables"]]
    assert names[names.index("large")] == "large"
    assert HTML in names
    sizes = [each["bytes"] for each in listed["variables"]]
    assert sizes == sorted(sizes, reverse=True)
    assert listed["variables"][0].keys() == golden("variables")["variables"][0].keys()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (["subscribe"], "refused"),
        ({"type": "evaluate", "protocol": 1, "client_id": "a"}, "refused"),
        ({"type": "hints", "protocol": 1}, "refused"),
        ({"type": "subscribe", "protocol": 7, "client_id": "a"}, "incompatible"),
    ],
)
def test_malformed_request(live: LiveKernel, request_: Any, expected: str) -> None:
    """A malformed request is refused, and nothing is evaluated."""
    assert expected in [each["type"] for each in contents(live.ask(request_))]


def test_showing_it_again_opens_no_other(live: LiveKernel) -> None:
    """There is one widget, with any number of views."""
    messages = live.run("memkit_live = get_ipython().run_line_magic('memkit', 'live')")
    assert [m for m in messages if m["msg_type"] == "comm_open"] == []


def test_nothing_is_left(tmp_path: Path) -> None:
    """Without views nothing is sent; after unloading the listener is gone."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("%load_ext jupyter_memkit\nimport jupyter_memkit")
        kernel.run("from ipywidgets.widgets.widget import _instances")
        kernel.run("tracker = jupyter_memkit.tracker()")
        live = LiveKernel(kernel)
        live.ask(golden("subscribe"))
        live.ask(golden("subscribe") | {"type": "unsubscribe"})
        grown = live.run(
            "large = bytearray(50_000_000)\nseen = tracker.latest.t_s\n"
            "while tracker.latest.t_s == seen: pass"
        )
        assert contents(grown) == []
        count = "print(len(_instances), len(tracker._observers))"
        assert kernel.run(count).split()[0] == "2"
        left = live.run("%unload_ext jupyter_memkit")
        assert [m for m in left if m["msg_type"] == "comm_close"] != []
        assert kernel.run(count).split() == ["0", "0"]


def test_a_kernel_that_ends_says_goodbye(tmp_path: Path) -> None:
    """Whoever ends or restarts it, its views learn that no more readings follow."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("%load_ext jupyter_memkit")
        live = LiveKernel(kernel)
        live.ask(golden("subscribe"))
        client = kernel.client
        client.control_channel.send(
            client.session.msg("shutdown_request", {"restart": True})
        )
        while True:
            message = client.get_iopub_msg(timeout=LIMIT_S)
            if contents([message]) == [golden("goodbye")]:
                break


def test_saved_notebook_has_no_readings(tmp_path: Path) -> None:
    """Under nbclient the figures are saved as HTML, and the state without history."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("%load_ext jupyter_memkit"),
            nbformat.v4.new_code_cell("%memkit live"),
            nbformat.v4.new_code_cell(
                "import time\n"
                "for _ in range(10): x = bytearray(9_000_000); time.sleep(0.1)"
            ),
        ]
    )
    client = NotebookClient(notebook, timeout=LIMIT_S, config=with_sockets())
    client.execute(env=isolated_environment(tmp_path))
    (output,) = notebook.cells[1].outputs
    assert "in use" in output["data"]["text/html"]
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    assert len(json.dumps(states)) < 200_000
    saved = [without_module(each["state"]) for each in states["state"].values()]
    assert "rss" not in json.dumps(saved)
    assert notebook.cells[2].outputs == []


def test_without_anywidget(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain form says how to get the chart."""
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "jupyter_memkit.widget.chart", raising=False)
    plain = open_live(shell)
    assert isinstance(plain, LivePlain)
    assert build_report(plain).notes[-1] == (
        "A chart that is live needs anywidget, which is not installed: run %pip "
        'install "jupyter_memkit[widget]", reload the page, and run this cell again.'
    )


def test_in_a_terminal(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures are displayed as text, with the largest variables."""
    shell.run_cell("large = bytearray(3_000_000)\nsmall = 1", store_history=True)
    shell.run_cell("%memkit live", store_history=True)
    out = capsys.readouterr().out
    assert "in use" in out
    assert "largest variables  2 variables; 2.9 MiB together" in out
    assert out.index("  large  ") < out.index("  small  ")
    assert "The chart is live where widgets run" in out


def test_html_stays_text(shell: InteractiveShell) -> None:
    """The HTML form escapes the names of variables."""
    shell.user_ns[HTML] = [1] * 100_000
    plain = open_live(shell)
    assert isinstance(plain, LivePlain)
    text = build_report(plain).html()
    assert HTML not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_in_a_script() -> None:
    """Without a shell there are no variables, and the record can be printed."""
    with MemoryTracker():
        plain = open_live(None)
    assert isinstance(plain, LivePlain)
    assert plain.variables is None
    assert "in use" in build_report(plain).text()


def test_without_a_tracker() -> None:
    """The error says what starts one."""
    with pytest.raises(MemkitError, match="no tracker is running"):
        memkit.live()


def test_misspelt(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt action is refused with those that exist."""
    shell.run_cell("%memkit lvie", store_history=True)
    error = capsys.readouterr().err
    assert "%memkit does not accept 'lvie'; write %memkit" in error
    assert "%memkit live" in error
