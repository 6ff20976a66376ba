"""The known ways in which notebooks lose memory are found, with their cures."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.track.leaks import Leak, find_leaks

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """No figure and no traceback of another test."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is not None:
        plt.close("all")
    for name in ("last_exc", "last_value", "last_traceback", "last_type"):
        if hasattr(sys, name):
            delattr(sys, name)
    yield
    gc.garbage.clear()


def run(shell: InteractiveShell, *cells: str) -> None:
    """Run cells as a user does, with their numbers."""
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def find(shell: InteractiveShell, **options: Any) -> dict[str, Leak]:
    """Return the leaks by kind."""
    leaks = find_leaks(shell, **{"budget_s": 30.0, **options})
    assert leaks.complete
    return {leak.kind: leak for leak in leaks.leaks}


def cure(shell: InteractiveShell, leak: Leak) -> None:
    """Do what the leak says helps."""
    shell.run_cell(leak.cure, store_history=True).raise_error()


def test_nothing(shell: InteractiveShell) -> None:
    """Where nothing leaks nothing is told."""
    run(shell, "data = [1.5] * 1_000_000", "len(data)")
    assert find(shell) == {}


def test_output(shell: InteractiveShell) -> None:
    """What was shown and has no name is kept by the outputs."""
    run(shell, "bytearray(5 << 20)[:0] or bytearray(5 << 20)")
    leak = find(shell)["output"]
    assert leak.name.startswith("Out[")
    assert leak.bytes == pytest.approx(5 * MIB, rel=0.01)
    cure(shell, leak)
    assert "output" not in find(shell)


def test_shown_variable_is_no_leak(shell: InteractiveShell) -> None:
    """What has a name as well would not come back."""
    run(shell, "kept = bytearray(5 << 20)", "kept")
    assert "output" not in find(shell)


def test_traceback(shell: InteractiveShell) -> None:
    """A failed cell keeps the variables of its functions."""
    run(shell, "def f():\n    x = bytearray(5 << 20)\n    1 / 0", "f()")
    leak = find(shell)["traceback"]
    assert leak.bytes is not None
    assert leak.bytes > 5 * MIB
    cure(shell, leak)
    assert "traceback" not in find(shell)


def test_figure(shell: InteractiveShell) -> None:
    """Figures that are open keep what was drawn."""
    run(
        shell,
        "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt",
        "import numpy as np\n_ = plt.figure(); _ = plt.plot(np.arange(200_000.0))",
    )
    leak = find(shell)["figure"]
    assert leak.name == "figure 1"
    assert leak.bytes is not None
    assert leak.bytes > MIB
    cure(shell, leak)
    assert "figure" not in find(shell)


def test_view(shell: InteractiveShell) -> None:
    """A small view of an array that has no name keeps all of it."""
    run(shell, "import numpy as np\nbig = np.ones((100, 10_000))\nrow = big[3]")
    assert "view" not in find(shell)
    run(shell, "del big")
    leak = find(shell)["view"]
    assert (leak.name, leak.bytes) == ("row", 99 * 80_000)
    cure(shell, leak)
    assert "view" not in find(shell)


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\na = np.arange(1_000_000.0)\nb = a.copy()",
        "import pandas as pd\na = pd.DataFrame({'x': range(10**6)})\nb = a.copy()",
        "import pandas as pd\na = pd.Series(range(1_000_000))\nb = a.copy(deep=True)",
    ],
)
def test_duplicate(shell: InteractiveShell, code: str) -> None:
    """Equal data in different memory are told, and one of them can go."""
    run(shell, code)
    leak = find(shell)["duplicate"]
    assert (leak.name, leak.cure) == ("b", "b = a")
    cure(shell, leak)
    assert "duplicate" not in find(shell)


def test_no_duplicate(shell: InteractiveShell) -> None:
    """A view, another name, and other data are no duplicates."""
    run(
        shell,
        "import numpy as np\na = np.arange(1_000_000.0)\nb = a\nc = a[:]",
        "d = a.copy(); d[-1] = 0\ne = a.astype('i8')",
    )
    assert "duplicate" not in find(shell)


def test_unused(shell: InteractiveShell) -> None:
    """A variable that no cell has named for long is told."""
    run(shell, "data = bytearray(5 << 20)", *["1"] * 4)
    assert "unused" not in find(shell, unused_cells=10)
    leak = find(shell, unused_cells=3)["unused"]
    assert (leak.name, leak.cure) == ("data", "%memfree data")
    run(shell, "len(data)")
    assert "unused" not in find(shell, unused_cells=3)


def test_told_once(shell: InteractiveShell) -> None:
    """What two rules see is one leak, the larger one."""
    code = "import numpy as np\nrow = np.ones((100, 10_000))[3]"
    run(shell, code, *["1"] * 4)
    leaks = find_leaks(shell, unused_cells=3).leaks
    assert [leak.name for leak in leaks] == ["row"]


def test_losses_with_graphs(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses that keep their graphs are found by what torch says of them."""

    class Tensor:
        """Stands for torch's."""

        def __init__(self, grad_fn: object) -> None:
            self.grad_fn = grad_fn

        def item(self) -> float:
            """Return the number."""
            return 1.5

    torch = ModuleType("torch")
    torch.Tensor = Tensor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    shell.user_ns |= {"losses": [Tensor(object())], "numbers": [Tensor(None)]}
    leak = find(shell)["graph"]
    assert leak.name == "losses"
    cure(shell, leak)
    assert shell.user_ns["losses"] == [1.5]


def test_garbage(shell: InteractiveShell) -> None:
    """What the collector could not free is told."""
    gc.garbage.append(bytearray(100))
    leak = find(shell)["garbage"]
    assert leak.bytes is not None
    cure(shell, leak)
    assert "garbage" not in find(shell)


def test_paused_collector(shell: InteractiveShell) -> None:
    """A paused collector is told."""
    shell.run_line_magic("gc_pause", "on")
    try:
        assert find(shell)["gc_paused"].cure == "%gc_pause off"
    finally:
        shell.run_line_magic("gc_pause", "off")
    assert "gc_paused" not in find(shell)


def test_budget(shell: InteractiveShell) -> None:
    """When time is up, that is said."""
    assert not find_leaks(shell, budget_s=0.0).complete
