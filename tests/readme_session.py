"""Runs cells in an IPython of its own, for the test of the README's examples.

Reads a list of cells as JSON, and writes what each has displayed, as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys

from IPython.core.interactiveshell import InteractiveShell


def run(shell: InteractiveShell, cell: str) -> str:
    """Return what a cell displays, without its number."""
    displayed = io.StringIO()
    with contextlib.redirect_stdout(displayed):
        shell.run_cell(cell, store_history=True).raise_error()
    return re.sub(r"^Out\[\d+\]:\s*", "", displayed.getvalue()).rstrip()


if __name__ == "__main__":
    shell = InteractiveShell.instance(colors="NoColor")
    shell.run_line_magic("load_ext", "jupyter_memkit")
    json.dump([run(shell, cell) for cell in json.load(sys.stdin)], sys.stdout)
