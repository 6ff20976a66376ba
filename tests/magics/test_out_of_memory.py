"""Cells that run out of memory: the card, and the memory that comes back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.magics.memguard import stopped_cell
from jupyter_memkit.magics.out_of_memory import MIME_TYPE
from jupyter_memkit.track import events
from jupyter_memkit.track.tracker import tracker
from tests.lab_server import isolated_environment
from tests.untraced import without_coverage

Captured = pytest.CaptureFixture[str]

ROUNDS = 20

# A shell whose memory may grow by so much; each round runs a cell that fails and holds
# most of that, and a cell that needs more than half of it.
PROGRAM = f"""
import resource, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell

with_kit, setup, failing, following = sys.argv[1:]
shell = InteractiveShell.instance(colors="nocolor")
if with_kit == "with":
    shell.run_cell("%load_ext jupyter_memkit", silent=True)
shell.run_cell(setup, store_history=True).raise_error()
status = Path("/proc/self/status").read_text()
data_bytes = int(status.split("VmData:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (data_bytes + (400 << 20), -1))
recovered = 0
for _ in range({ROUNDS}):
    assert not shell.run_cell(failing, store_history=True).success
    recovered += shell.run_cell(following, store_history=True).success
print("recovered", recovered)
"""

LOAD = """\
def load():
    parts = []
    while True:
        parts.append(np.ones(1 << 20))
load()
"""
MODEL = """\
import torch
layer = torch.nn.Linear(1000, 4000)
model = torch.nn.Sequential(layer, torch.nn.ReLU(), torch.nn.Dropout())
data = torch.ones(8000, 1000)
model(data[:10]).sum().backward()
"""
STEP = """\
def step(batch):
    first = model(batch)
    return first, model(batch)
step(data)
"""
FAIL = "bytearray(1 << 62)"

# What is set up, a cell that fails, and one that needs the memory back.
CELLS = {
    "numpy": (
        "import numpy as np",
        LOAD,
        "x = np.ones(30 << 20); del x",
    ),
    "torch": (
        MODEL,
        STEP,
        "x = torch.ones(60 << 20); del x",
    ),
}

# The limit counts addresses: without a fixed threshold, the C library begins to take
# large blocks from its heap, which only shrinks if nothing small lies above them.
MAPPED = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}

# The card searches all objects of the process.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")


def run_rounds(kit: str, library: str, home: Path) -> tuple[int, str]:
    """Return how many rounds recovered, and what was printed."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, kit, *CELLS[library]],
        env=without_coverage(isolated_environment(home)) | MAPPED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    *_, last = run.stdout.splitlines()
    return int(last.removeprefix("recovered ")), run.stdout


@linux
@pytest.mark.parametrize(
    "library", ["numpy", pytest.param("torch", marks=pytest.mark.ml)]
)
def test_next_cell_has_the_memory(library: str, tmp_path: Path) -> None:
    """Each failed cell gives its memory back; without the kit, none does."""
    pytest.importorskip(library)
    recovered, printed = run_rounds("with", library, tmp_path)
    assert recovered == ROUNDS, printed
    assert printed.count(f"Out of memory: {library} asked for ") == ROUNDS
    assert run_rounds("without", library, tmp_path)[0] == 0


def run(shell: InteractiveShell, code: str) -> Any:
    """Run a cell as a front end does, and return its result."""
    return shell.run_cell(code, store_history=True)


def test_card(shell: InteractiveShell, capsys: Captured) -> None:
    """After the traceback, the card has what was asked for, the line and the names."""
    run(shell, "import numpy as np\ndef load():\n    held = 5\n    np.ones(1 << 58)")
    run(shell, "large = np.ones(1 << 24)\nload()")
    traceback, _, card = capsys.readouterr().out.partition("Out of memory: ")
    assert "Unable to allocate 2.00 EiB" in traceback
    title, *rows = card.splitlines()
    assert title == "numpy asked for 2048.0 PiB"
    assert any(row.split() == ["line", "np.ones(1", "<<", "58)"] for row in rows)


def test_line_of_a_reraised_error(shell: InteractiveShell, capsys: Captured) -> None:
    """The line is the one that asked, and not one that raised another error for it."""
    run(
        shell,
        "import numpy as np\ntry:\n    np.ones(1 << 58)\n"
        "except MemoryError as error:\n    raise RuntimeError('load') from error",
    )
    card = capsys.readouterr().out.partition("Out of memory: ")[2]
    assert ["line", "np.ones(1", "<<", "58)"] in map(str.split, card.splitlines())


def test_a_function_that_holds_the_memory(
    shell: InteractiveShell, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function whose default fills memory is named, and no traceback in its place."""
    # The memory of the machine decides which variables are large.
    monkeypatch.setattr(stopped_cell, "_LEAST_SHARE", 0)
    run(
        shell,
        "import numpy as np\ndef fill(kept=[]):\n"
        "    kept.append(np.ones(1 << 22))\n    bytearray(1 << 62)\nfill()",
    )
    card = capsys.readouterr().out.partition("Out of memory")[2]
    assert "fill 32.0 MiB" in card
    assert "sys.last_value" not in card


@pytest.mark.ml
@pytest.mark.own_process
def test_no_cure_without_a_saving(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two variables keep together is one cure, and none saves nothing."""
    pytest.importorskip("torch")
    run(
        shell,
        "import torch\nw = torch.ones(500, 500, requires_grad=True)\n"
        "outs = [(w * w).exp() for _ in range(3)]\nothers = outs\nfirst = outs[:]",
    )
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(
        shell.display_pub, "publish", lambda data, **_: published.append(data)
    )
    run(shell, "bytearray(1 << 62)")
    cures = published[0][MIME_TYPE]["cures"]
    assert "graph" in {cure["kind"] for cure in cures}
    assert all(cure["saves_bytes"] != 0 for cure in cures)


def test_traceback_is_unchanged(shell: InteractiveShell, capsys: Captured) -> None:
    """The error and its traceback are those of a kernel without the card."""
    code = "def load(n):\n    return bytearray(n)\nload(1 << 62)"
    shown = []
    for switch in ("on", "off"):
        run(shell, f"%memkit oom {switch}")
        # The same code in the same cell number.
        shell.execution_count = 5
        assert isinstance(run(shell, code).error_in_exec, MemoryError)
        shown.append(capsys.readouterr().out)
    assert shown[0].startswith(shown[1].rstrip("\n"))
    assert "Out of memory" in shown[0]
    assert "Out of memory" not in shown[1]


def test_off_keeps_the_variables(shell: InteractiveShell) -> None:
    """With the card off, a debugger finds the variables of the failed call."""
    code = "def load(n):\n    kept = n\n    return bytearray(n)\nload(1 << 62)"
    for switch, expected in (("off", {"n", "kept"}), ("on", set())):
        run(shell, f"%memkit oom {switch}")
        error = run(shell, code).error_in_exec
        trace = error.__traceback__
        while trace.tb_next is not None:
            trace = trace.tb_next
        assert set(trace.tb_frame.f_locals) == expected


def test_configuration(bare_shell: InteractiveShell, capsys: Captured) -> None:
    """The configuration switches it off for every kernel."""
    bare_shell.config.MemkitMagics.out_of_memory = False
    run(bare_shell, "%load_ext jupyter_memkit")
    run(bare_shell, "bytearray(1 << 62)")
    assert "Out of memory" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "cards"),
    [
        (f"try:\n    {FAIL}\nexcept MemoryError:\n    pass", 0),
        ("1 / 0", 0),
        (f"try:\n    {FAIL}\nexcept MemoryError:\n    raise ValueError", 1),
        (f"try:\n    {FAIL}\nexcept MemoryError:\n    raise KeyError from None", 0),
        ("get_ipython().run_cell('bytearray(1 << 62)')", 1),
        (f"%%mem\n{FAIL}", 1),
        ("%mem bytearray(1 << 62)", 1),
        ("await_ = 1\nimport asyncio\nawait asyncio.sleep(0)\nbytearray(1 << 62)", 1),
    ],
)
def test_which_cells_get_a_card(
    shell: InteractiveShell, capsys: Captured, code: str, cards: int
) -> None:
    """A cell gets one card if memory ran out where its traceback shows it."""
    run(shell, code)
    assert capsys.readouterr().out.count("Out of memory") == cards


def test_hooks_that_refer_to_the_shell(shell: InteractiveShell) -> None:
    """What the notebook holds stays, also where a failed frame refers to the shell."""
    run(
        shell,
        "shell = get_ipython()\nkept = [1, 2]\ndef hook(me=shell):\n"
        "    inside = me\n    return bytearray(1 << 62)\nhook()",
    )
    assert shell.user_ns["kept"] == [1, 2]
    assert run(shell, "kept.append(3)").success


def test_card_for_front_ends(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card is published as text, as HTML, and as data."""
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(
        shell.display_pub, "publish", lambda data, **_: published.append(data)
    )
    run(shell, "bytearray(1 << 62)")
    (data,) = published
    assert set(data) == {"text/plain", "text/html", MIME_TYPE}
    assert data[MIME_TYPE]["execution_count"] == 1
    assert data[MIME_TYPE]["device"] is None


@pytest.mark.parametrize("line", ["%memkit oom", "%memkit oom maybe"])
def test_bad_input(shell: InteractiveShell, line: str) -> None:
    """A switch without a position changes nothing, and the remedy is named."""
    error = run(shell, line).error_in_exec
    assert isinstance(error, UsageError)
    assert "%memkit oom on or off" in str(error)


def test_nothing_is_left(bare_shell: InteractiveShell) -> None:
    """Unloading the extension removes the hook."""
    before = list(bare_shell.events.callbacks["post_run_cell"])
    run(bare_shell, "%load_ext jupyter_memkit")
    run(bare_shell, "%unload_ext jupyter_memkit")
    assert bare_shell.events.callbacks["post_run_cell"] == before
    assert events._endings == []


@pytest.mark.own_process
def test_record_of_a_failed_cell(shell: InteractiveShell) -> None:
    """The record of a failed cell counts as kept only what is left of it."""
    held_bytes = 200 << 20
    run(
        shell,
        f"def load():\n    held = b'x' * {held_bytes}\n    return bytearray(1 << 62)\n"
        "load()",
    )
    cell = tracker().cells[-1]
    assert cell.error == "MemoryError"
    assert cell.peak_bytes - cell.before_bytes > 0.9 * held_bytes
    assert cell.after_bytes - cell.before_bytes < 0.5 * held_bytes
