"""Notebooks as the public writes them: each cell shows the same with the extension.

They use the ways and the libraries of public notebooks (pandas, scikit-learn,
matplotlib, widgets, magics, processes), and some of their cells fail.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.read import read_myst_markdown_notebook

from tests.field.comparing import Outcomes
from tests.field.environment import run_python

_FOLDER = Path(__file__).with_name("notebooks")
_LIMIT_S = 900

# What differs from one process to the next: addresses and identifiers, the names of
# temporary files, moments and durations.
_VARYING = re.compile(
    r"0x[0-9a-f]+|[0-9a-f]{10,}|/tmp/[\w/-]+"
    r"|\d+-\d+-\d+T[\d:.]+|[\d.]+ (\\u03bc|m|n)?s\b"
)


class Notebooks:
    """The notebooks, whose cells are the tests."""

    name = "notebooks"

    def __init__(self) -> None:
        self._expected: dict[str, str] = {}

    def run(self, *, loaded: bool, only: Collection[str] = ()) -> Outcomes:
        """Run the notebooks in a fresh home, and return the outcomes by cell.

        A cell has passed if it shows what it has shown in an earlier run without the
        extension, be it an error.

        Parameters
        ----------
        loaded : bool
            Whether the extension is loaded.
        only : collection of str
            The cells whose notebooks are run; all without.
        """
        names = sorted({cell.partition("::")[0] for cell in only})
        if not self._expected:
            self._expected = _execute((), loaded=False)
        shown = _execute(names, loaded=loaded)
        return {
            cell: "passed" if self._expected.get(cell) == text else "failed"
            for cell, text in shown.items()
        }


def _execute(names: Collection[str], *, loaded: bool) -> dict[str, str]:
    """Return what each cell of notebooks shows."""
    paths = [_FOLDER / name for name in names] or sorted(_FOLDER.glob("*.md"))
    with tempfile.TemporaryDirectory(prefix="memkit-field-") as scratch:
        home = Path(scratch)
        for path in paths:
            notebook = read_myst_markdown_notebook(path.read_text())
            nbformat.write(notebook, home / f"{path.stem}.ipynb")
        executed = [str(home / f"{path.stem}.ipynb") for path in paths]
        printed = run_python(
            *("-m", "jupyter", "execute", "--inplace", "--allow-errors", *executed),
            folder=home,
            home=home,
            loaded=loaded,
            limit_s=_LIMIT_S,
        )
        shown = {}
        for path, copy in zip(paths, executed, strict=True):
            cells = nbformat.read(copy, as_version=4).cells
            code_cells = [cell for cell in cells if cell.cell_type == "code"]
            if not any(cell.execution_count for cell in code_cells):
                message = f"{path.name} did not run:\n{printed}"
                raise RuntimeError(message)
            for number, cell in enumerate(code_cells, 1):
                shown[f"{path.name}::{number}"] = _describe(cell)
    return shown


def _describe(cell: Any) -> str:
    shown = json.dumps([cell.execution_count, cell.outputs], sort_keys=True)
    return _VARYING.sub("...", shown)
