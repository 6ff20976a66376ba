"""Calls every magic once, and prints what failed: ``python every_magic.py FOLDER``.

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
_SIGNS = ("Traceback", "Exception ignored", "Warning")


def main(folder: Path, *, without_folder: bool) -> None:
    """Call every magic in a fresh shell, perhaps in a folder that is gone."""
    config = Config()
    config.HistoryManager.enabled = False
    config.ProfileDir.location = str(folder / "profile")
    shell = InteractiveShell.instance(config=config)
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
    main(Path(sys.argv[1]), without_folder="without-folder" in sys.argv)
