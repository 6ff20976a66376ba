"""Calls every magic once, and prints what failed: ``python every_magic.py FOLDER``.

With the number of a call as second argument it makes that call until it is killed.

The environment of the process is what is tested, so this imports nothing of the tests.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

SETUP = """
import numpy as np
import pandas as pd
frame = pd.DataFrame({"a": range(1000), "b": [0.5] * 1000})
numbers = [1.5] * 10_000
array = np.arange(3_000_000)
"""
CALLS = (
    *(
        "%memkit",
        "%memkit advice",
        "%memkit processes",
        "%memkit export {folder}/a.html",
    ),
    *(
        "%memls",
        "%memls --all",
        "%memleaks",
        "%memplot",
        "%memsnap one",
        "%memsnap two",
    ),
    *(
        "%mem sum(numbers)",
        "%memit -r 1 sum(numbers)",
        "%%mem --lines\nrows = [1] * 1000",
    ),
    *("%shrink frame", "%shrink --undo frame", "%to_numpy numbers", "%memfree numbers"),
    *("%spill array", "%spill", "%spill --back array", "%unload --list"),
    *("%gc_pause", "%gc_pause off", "%gc_pause report", "%%gc_pause\nrows = []"),
    *("%memguard 85%", "%memguard status", "%memguard off"),
    "%%chunked {folder}/table.csv --as t --reduce sum\nt.a.sum()",
    "%%chunked {folder}/table.csv --as t --reduce sum --workers 2\nt.a.sum()",
    "%%isolated --out total\ntotal = frame.a.sum()",
    *("%%isolated --name kept\nz = 1", "%isolated", "%isolated --close kept"),
)
# By the number of a call that needs another one before it.
PREPARATIONS = {
    CALLS.index("%memsnap two"): "%memsnap one",
    CALLS.index("%shrink --undo frame"): "%shrink frame",
    CALLS.index("%spill --back array"): "%spill array",
    CALLS.index("%isolated --close kept"): "%%isolated --name kept\nz = 1",
}
_SIGNS = ("Traceback", "Exception ignored", "Warning")


def make_shell(folder: Path) -> InteractiveShell:
    """Return a fresh shell."""
    config = Config()
    config.HistoryManager.enabled = False
    config.ProfileDir.location = str(folder / "profile")
    return InteractiveShell.instance(config=config)


def repeat(folder: Path, number: int) -> None:
    """Make a call again and again; print a line before each one but the first."""
    shell = make_shell(folder)
    shell.run_line_magic("load_ext", "jupyter_memkit")
    before, call = PREPARATIONS.get(number, ""), CALLS[number].format(folder=folder)
    while True:
        with contextlib.redirect_stdout(io.StringIO()):
            for code in (SETUP, before, call):
                shell.run_cell(code).raise_error()
        print("again", flush=True)


def main(folder: Path, *, without_folder: bool) -> None:
    """Call every magic in a fresh shell, perhaps in a folder that is gone."""
    shell = make_shell(folder)
    if without_folder:
        gone = folder / "gone"
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()
    shell.run_line_magic("load_ext", "jupyter_memkit")
    for call in (SETUP, *CALLS):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            done = shell.run_cell(call.format(folder=folder) if call != SETUP else call)
        error = done.error_in_exec or done.error_before_exec
        if error is not None:
            print(f"{call!r}: {type(error).__name__}: {error}")
        elif any(sign in out.getvalue() for sign in _SIGNS):
            print(f"{call!r} printed: {out.getvalue()}")
    shell.run_line_magic("unload_ext", "jupyter_memkit")
    os.chdir(folder)
    print("finished", flush=True)


if __name__ == "__main__":
    place, *others = sys.argv[1:]
    if others and others[0].isdigit():
        repeat(Path(place), int(others[0]))
    main(Path(place), without_folder="without-folder" in others)
