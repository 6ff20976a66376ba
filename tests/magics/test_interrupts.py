"""Ctrl-C at any moment ends a magic, and leaves the user's values intact."""

from __future__ import annotations

import gc
import random
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.interrupting import COUNT, MARKS_OF_MAGICS, Interrupting

pytestmark = MARKS_OF_MAGICS

LISTS = "x = [[i, str(i)] for i in range(20_000)]"
ARRAY = "x = np.arange(300_000)"

# By name: the preparation before each call, and the call.
CALLS = {
    "memfree": (LISTS, "%memfree x"),
    "spill": (ARRAY, "%spill x"),
    "spill --back": (ARRAY + "\n%spill x", "%spill --back x"),
    "memls --exact": (LISTS, "%memls --exact"),
    "memleaks": (LISTS, "%memleaks"),
    "unload": ("import kitless", "%unload kitless"),
    "shrink": (ARRAY, "%shrink x"),
    "to_numpy": ("x = [float(i) for i in range(300_000)]", "%to_numpy x"),
    "memsnap": (LISTS, "%memsnap before"),
    "mem --lines": ("x = 1", "%%mem --lines\ny = [[i] for i in range(5_000)]"),
}


@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c_ends_the_magic(
    shell: InteractiveShell,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """No Ctrl-C is lost, its traceback is the user's, and values are unchanged."""
    (tmp_path / "kitless.py").write_text("rows = [[i] for i in range(20_000)]")
    monkeypatch.syspath_prepend(tmp_path)
    shell.user_ns["np"] = np
    prepare, call = CALLS[name]
    for _ in range(2):  # The first call imports.
        shell.run_cell(prepare)
        started_s = time.perf_counter()
        assert shell.run_cell(call).success
        took_s = time.perf_counter() - started_s
        sys.modules.pop("kitless", None)
    moments = random.Random(name)
    interrupting = Interrupting(shell)
    stderr = sys.stderr
    for _ in range(COUNT):
        shell.run_cell(prepare)
        before = shell.user_ns.get("x")
        interrupting.run(call, moments.uniform(0, took_s))
        assert (gc.isenabled(), sys.stderr) == (True, stderr)
        if name != "memfree" and before is not None:
            assert np.array_equal(shell.user_ns["x"], before)
        sys.modules.pop("kitless", None)
    if COUNT > 2:
        with capsys.disabled():
            print(f" {name}: {interrupting.arrived} arrived, {interrupting.lost} lost")
    assert (interrupting.lost, interrupting.ours) == (0, set())
    assert "Exception ignored" not in capsys.readouterr().err
