"""Whatever is typed after a magic's name, it works or is refused in one sentence.

``MEMKIT_RANDOM_LINES`` sets the number of lines, ``MEMKIT_RANDOM_LINES_FROM`` the first
seed.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import random
import resource
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from tests.magics.random_lines import NAMES, SETUP, Call, draw_call, write_files

N_LINES = int(os.environ.get("MEMKIT_RANDOM_LINES", "150"))
FIRST_SEED = int(os.environ.get("MEMKIT_RANDOM_LINES_FROM", "0"))

# These run code of the user's, whose errors are the user's.
_RUN_CODE = ("chunked", "gc_pause", "isolated", "mem", "memguard", "memit")
_MOST_LETTERS = 600


@pytest.mark.own_process
def test_random_lines(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is one sentence and changes nothing; no magic fails otherwise."""
    mpl.use("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    write_files(tmp_path)
    magics = list(_list_magics(shell))
    assert len(magics) > 20
    faults = []
    for seed in range(FIRST_SEED, FIRST_SEED + N_LINES):
        call = draw_call(random.Random(seed), magics)
        if call is not None:
            fault = _find_fault(shell, call)
            faults += [] if fault is None else [f"{seed} {call}\n{fault}"]
    assert not faults, "\n\n".join(faults)


def _list_magics(
    shell: InteractiveShell,
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    assert shell.magics_manager is not None
    for kind, table in shell.magics_manager.magics.items():
        for name, magic in table.items():
            owner = getattr(magic, "__self__", None)
            if type(owner).__module__.startswith("jupyter_memkit."):
                yield kind, name, getattr(owner, name).parser


def _find_fault(shell: InteractiveShell, call: Call) -> str | None:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        shell.run_cell(SETUP).raise_error()
        before = _read_state(shell)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            error = _run(shell, call)
        fault = _judge(call, error)
        after = _read_state(shell)
        for name in ("gc_pause", "memguard"):
            # Refused if there is nothing to switch off.
            with suppress(UsageError):
                shell.run_line_magic(name, "off")
    is_refused = isinstance(error, UsageError)
    if fault is None and is_refused and call.cell is None:
        changed = [key for key in before if after.get(key) is not before[key]]
        if changed or len(after) != len(before):
            return f"refused with {error}, but changed {changed or set(after)}"
    return fault


def _run(shell: InteractiveShell, call: Call) -> BaseException | None:
    try:
        if call.cell is None:
            result = shell.run_line_magic(call.name, call.line)
        else:
            result = shell.run_cell_magic(call.name, call.line, call.cell)
        if result is not None:
            assert shell.display_formatter is not None
            shell.display_formatter.format(result)
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises
        return error
    return None


def _judge(call: Call, error: BaseException | None) -> str | None:
    """Describe an outcome that is neither a result, a sentence nor the user's error."""
    if error is None:
        return None
    if isinstance(error, UsageError):
        sentence = str(error)
        is_short = 0 < len(sentence) <= _MOST_LETTERS and "\n" not in sentence
        return None if is_short else f"not one sentence: {sentence}"
    is_users = isinstance(error, (SyntaxError, SystemExit)) or _is_from_cell(error)
    if call.name in _RUN_CODE and is_users:
        return None
    return "".join(traceback.format_exception(error))


def _is_from_cell(error: BaseException) -> bool:
    """Return whether code of a cell ran after the last of our functions."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "jupyter_memkit" in frame.filename:
            return False
        if frame.filename.startswith("<") or "ipython-input" in frame.filename:
            return True
    return False


def _read_state(shell: InteractiveShell) -> dict[str, Any]:
    """Return what a refused line must leave as it was, as objects to compare."""
    own = [each for each in threading.enumerate() if each.name.startswith("memkit")]
    state = {
        "collector": (gc.isenabled(), *gc.get_threshold()),
        "files": tuple(sorted(path.name for path in Path.cwd().iterdir())),
        "folder": str(Path.cwd()),
        "threads": len(own),
        "limits": resource.getrlimit(resource.RLIMIT_DATA),
        "recursion": sys.getrecursionlimit(),
    }
    variables = {name: shell.user_ns.get(name) for name in NAMES}
    return {key: sys.intern(repr(each)) for key, each in state.items()} | variables
