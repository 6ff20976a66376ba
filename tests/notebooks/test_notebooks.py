"""The notebooks as they are stored: without outputs, one course."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.executing import NOTEBOOKS
from tests.notebooks.exercises import WRONG_TRIES


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    """The notebooks in the repository have no outputs."""
    notebook = nbformat.read(path, as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code_cells] == [
        ([], None)
    ] * len(code_cells)
    # The only allowed metadata marks a cell that fails on purpose.
    tags = {"tags": ["raises-exception"]}
    assert all(cell.metadata in ({}, tags) for cell in notebook.cells)


def test_notebooks_are_a_course() -> None:
    """Each begins with the question that the tour lists, and leads to the next one."""
    tour, *others = sorted(NOTEBOOKS.glob("*.ipynb"))
    text = sources_of(tour)["end"]
    assert re.findall(r"\* `(\w+)`: ", text) == [path.stem for path in others]
    for path, following in zip(others, [*others[1:], None], strict=True):
        sources = sources_of(path)
        question = sources["title"].split("\n\n")[1].strip("*")
        assert f"* `{path.stem}`: {question}" in text
        assert path.stem in WRONG_TRIES
        card = sources.get("rules") or sources["summary"]
        assert card.startswith("## What to remember\n")
        assert 3 <= len(re.findall(r"^[*-] ", card, re.MULTILINE)) <= 5
        assert following is None or f"continues with `{following.stem}`" in card


def sources_of(path: Path) -> dict[str, str]:
    """Return the source of each cell of a notebook."""
    notebook = nbformat.read(path, as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}
