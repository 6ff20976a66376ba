"""Notebooks of a few cells, run in real kernels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from tests.lab_server import isolated_environment

WriteNotebook = Callable[..., Path]


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels find only this installation, and leave nothing in the user's folders."""
    home = tmp_path / "home"
    home.mkdir()
    for name, value in isolated_environment(home).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def write_notebook(tmp_path: Path) -> WriteNotebook:
    """Write a notebook with cells of code."""

    def write(*sources: str, name: str = "notebook.ipynb", **metadata: object) -> Path:
        notebook = nbformat.v4.new_notebook(metadata=metadata)
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        path = tmp_path / name
        nbformat.write(notebook, path)
        return path

    return write
