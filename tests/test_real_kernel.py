"""The extension in real kernels: what a page receives, and what is left behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit import protocol
from tests.measured_child import START_CHILD
from tests.real_kernel import RealKernel, broadcasts, connect, real_kernel
from tests.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.traced_children

MIB = 1024 * 1024

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="exact on Linux")


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[RealKernel]:
    """A kernel that loads the extension as it starts."""
    with real_kernel(tmp_path) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKernel]:
    """A kernel for the tests that look at their own cells only."""
    with real_kernel(tmp_path_factory.mktemp("home")) as kernel:
        yield kernel


def test_loaded_by_installation(kernel: RealKernel) -> None:
    """A kernel of this environment loads the extension, without adding names."""
    assert (
        kernel.run("print('jupyter_memkit' in get_ipython().extension_manager.loaded)")
        == "True\n"
    )
    names = kernel.run("print([n for n in dir() if 'memkit' in n or 'autoload' in n])")
    assert names == "[]\n"


def test_kept_out_by_variable(tmp_path: Path) -> None:
    """With JUPYTER_MEMKIT_AUTOLOAD=0 the package is not imported."""
    with real_kernel(tmp_path, JUPYTER_MEMKIT_AUTOLOAD="0") as kernel:
        loaded = kernel.run(
            "import sys; print([m for m in sys.modules if 'memkit' in m])"
        )
    assert loaded == "[]\n"


@linux_only
def test_peak_of_a_numpy_cell(shared: RealKernel) -> None:
    """50 million doubles that are freed immediately cause a peak of 381.5 MiB."""
    shared.run("import numpy as np")
    shared.run("import numpy as np; a = np.ones(50_000_000); del a")
    cell = shared.subscribe()["cells"][-1]
    above_bytes = cell["peak_bytes"] - cell["before_bytes"]
    # The system's mark lags by pages that its cores have not yet added up.
    assert 380 * MIB <= above_bytes <= 384 * MIB
    assert cell["exact"]


def until_exists(path: Path) -> str:
    """Return code that prints and waits for a file."""
    return (
        "import pathlib, time\nprint('on', flush=True)\n"
        f"while not pathlib.Path({str(path)!r}).exists(): time.sleep(0.01)"
    )


def test_request_is_answered_while_a_cell_runs(
    shared: RealKernel, tmp_path: Path
) -> None:
    """The snapshot contains the running cell, and the kernel is still "busy"."""
    seen = tmp_path / "seen"
    msg_id = shared.start(until_exists(seen))
    snapshot = shared.subscribe()
    messages: list[dict[str, Any]] = []
    while [each["type"] for each in broadcasts(messages)].count("samples") < 2:
        messages.append(shared.client.get_iopub_msg(timeout=LIMIT_S))
    seen.touch()
    messages += shared.iopub_until_idle(msg_id)
    assert snapshot["running"]["first_line"].startswith("print('on'")
    states = [
        (message["parent_header"]["msg_type"], message["content"]["execution_state"])
        for message in messages
        if message["msg_type"] == "status"
    ]
    # What an earlier request publishes can arrive before this one's.
    answered = states.index((protocol.REQUEST_TYPE, "busy")) + 1
    assert states[answered:] == [
        (protocol.REQUEST_TYPE, "idle"),
        ("execute_request", "busy"),
        ("execute_request", "idle"),
    ]


def test_figure_of_a_plotting_cell_stays(shared: RealKernel, tmp_path: Path) -> None:
    """A request during a plotting cell does not flush its figure."""
    shared.run("%matplotlib inline")
    seen = tmp_path / "seen"
    msg_id = shared.start(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n" + until_exists(seen)
    )
    shared.subscribe()
    seen.touch()
    messages = shared.iopub_until_idle(msg_id)
    figures = [m for m in messages if m["msg_type"] == "display_data"]
    assert [m["parent_header"]["msg_id"] for m in figures] == [msg_id]


@linux_only
def test_account_of_a_cell_on_the_wire(shared: RealKernel) -> None:
    """The collector's time, the page faults and the child processes are sent."""
    shared.run(
        "import gc\ngc.collect()\nblock = bytearray(50 << 20)\n"
        + START_CHILD
        + "child.communicate()"
    )
    cell = shared.subscribe()["cells"][-1]
    assert cell["gc_old"] >= 1
    assert 0 < cell["gc_s"] < cell["duration_s"]
    assert cell["minor_faults"] > 100
    assert 100 * MIB < cell["children_peak_bytes"] < 150 * MIB
    # It has ended, so its memory after the last reading is unknown.
    assert cell["children_exact"] is False


@linux_only
def test_child_is_reported_while_it_lives(shared: RealKernel) -> None:
    """A child process is counted, with its memory, while it is alive."""
    shared.run(START_CHILD)
    # A sample may have been taken while the child was still growing.
    wait_until(lambda: shared.subscribe()["samples"]["children_bytes"][-1] > 100 * MIB)
    snapshot = shared.subscribe()
    assert snapshot["present"]["children"] == 1
    assert snapshot["cells"][-1]["children_exact"] is True
    shared.run("child.communicate()")
    wait_until(lambda: shared.subscribe()["samples"]["children_bytes"][-1] == 0)
    snapshot = shared.subscribe()
    assert snapshot["present"]["children"] == 0
    assert snapshot["samples"]["children_bytes"][-1] == 0


@linux_only
def test_child_fills_the_limit(tmp_path: Path) -> None:
    """The memory of a child counts against the limit of the kernel and its children."""
    with real_kernel(tmp_path, MEM_LIMIT="120MiB") as kernel:
        kernel.run(START_CHILD)

        def read() -> Any:
            return kernel.subscribe()["present"]["gauge"]

        # A sample may have been taken while the child was still growing.
        wait_until(lambda: read()["used_bytes"] > 160 * MIB)
        gauge = read()
    assert (gauge["limit_bytes"], gauge["name"]) == (120 * MIB, "MEM_LIMIT")
    assert gauge["covers"] == "family"


@linux_only
def test_line_at_the_peak(shared: RealKernel) -> None:
    """If a reading saw the peak of a cell, the line that was running is known."""
    shared.run("import time\nfrom jupyter_memkit import tracker")
    lines = (
        "block = bytearray(200 << 20)",
        "while tracker().running.peak_line.read(0) is None: time.sleep(0.01)",
    )
    shared.run("def work():\n    " + "\n    ".join(lines) + "\nwork()")
    cell = shared.subscribe()["cells"][-1]
    assert cell["first_line"] == "def work():"
    # The first, if a reading was taken during it.
    assert cell["peak_line"] in lines


@pytest.mark.parametrize(
    ("code", "offered"),
    [
        ("%memls --ex", "--exact"),
        ("%%chunked orders.csv --reduce su", "sum"),
        ("%memfree big_fr", "big_frame"),
        ("%gc_pause sta", "status"),
    ],
)
def test_completion(shared: RealKernel, code: str, offered: str) -> None:
    """Front ends receive completions for options, choices and variables of a magic."""
    shared.run("big_frame = 1")
    shared.client.complete(code, len(code))
    matches = shared.client.get_shell_msg(timeout=LIMIT_S)["content"]["matches"]
    assert offered in matches


def test_refusal_reaches_programs(shared: RealKernel) -> None:
    """The sentence of a refused magic is in the reply to the cell, as any error's."""
    reply = shared.client.execute_interactive(
        "%memfree nothing_there", output_hook=lambda _: None, timeout=LIMIT_S
    )["content"]
    assert (reply["status"], reply["ename"]) == ("error", "UsageError")
    assert "nothing_there" in reply["evalue"]


def test_two_clients_do_not_mix(shared: RealKernel) -> None:
    """Cells of a second client of the kernel have their own records."""
    second = connect(shared.client.connection_file)
    try:
        first_id = shared.client.execute("first = 1")
        second_id = second.execute("1 / 0", stop_on_error=False)
        for client, msg_id in ((shared.client, first_id), (second, second_id)):
            reply = client.get_shell_msg(timeout=LIMIT_S)
            while reply["parent_header"]["msg_id"] != msg_id:
                reply = client.get_shell_msg(timeout=LIMIT_S)
    finally:
        second.stop_channels()
    cells = {cell["first_line"]: cell for cell in shared.subscribe()["cells"]}
    assert cells["first = 1"]["error"] is None
    assert cells["1 / 0"]["error"] == "ZeroDivisionError"
    assert cells["first = 1"]["execution_count"] != cells["1 / 0"]["execution_count"]


def test_interrupted_cell_is_recorded(tmp_path: Path) -> None:
    """An interrupted cell has a record, and the next one its own."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("import _thread, threading")
        msg_id = kernel.client.execute(
            "threading.Timer(0.2, _thread.interrupt_main).start()\nwhile True: pass"
        )
        # Code that is requested before its end is not run, because it fails.
        kernel.iopub_until_idle(msg_id)
        kernel.run("pass")
        cells = kernel.subscribe()["cells"]
    errors = [cell["error"] for cell in cells]
    assert errors == [None, "KeyboardInterrupt", None]


def test_unloading_leaves_nothing(kernel: RealKernel) -> None:
    """After %unload_ext no thread, hook, handler, magic or formatter is left."""
    kernel.subscribe()
    kernel.run("%unload_ext jupyter_memkit")
    left = kernel.run(
        "import gc, threading\n"
        "ip = get_ipython()\n"
        "hooks = [h for hs in ip.events.callbacks.values() for h in hs]\n"
        "print([t.name for t in threading.enumerate() if 'memkit' in t.name],\n"
        "      [h for h in hooks if 'memkit' in repr(h)],\n"
        "      [k for k in ip.kernel.control_handlers if 'memkit' in k],\n"
        "      [m for ms in ip.magics_manager.magics.values() for m, f in ms.items()\n"
        "       if 'memkit' in repr(f)],\n"
        "      [t for f in ip.display_formatter.formatters.values()\n"
        "       for t in f.type_printers if 'memkit' in repr(t)],\n"
        "      gc.isenabled())"
    )
    assert left == "[] [] [] [] [] True\n"


def test_loading_is_idempotent_and_symmetric(kernel: RealKernel) -> None:
    """After loading twice, reloading, unloading and loading again, one sampler runs."""
    kernel.run("%load_ext jupyter_memkit")
    kernel.run("%reload_ext jupyter_memkit")
    kernel.run("%unload_ext jupyter_memkit")
    kernel.run("%load_ext jupyter_memkit")
    count = "print(sum('memkit' in t.name for t in threading.enumerate()))"
    assert kernel.run(f"import threading; {count}") == "1\n"
    assert kernel.subscribe()["type"] == "snapshot"


def test_loading_imports_nothing_heavy(tmp_path: Path) -> None:
    """Loading imports none of the user's libraries."""
    with real_kernel(tmp_path, JUPYTER_MEMKIT_AUTOLOAD="0") as kernel:
        loaded = kernel.run(
            "import sys; before = set(sys.modules)\n"
            "%load_ext jupyter_memkit\n"
            "heavy = {'pandas', 'matplotlib', 'ipywidgets', 'jupyterlab', 'numpy'}\n"
            "print(sorted((set(sys.modules) - before) & heavy))"
        )
    assert loaded == "[]\n"
