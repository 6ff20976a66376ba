"""``%%isolated`` names what the cell changed, and nothing that it did not change."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

pytestmark = pytest.mark.traced_children

SETUP = """
from collections import namedtuple
NT = namedtuple('NT', 'a b')
class Count:
    n = 0
    def add(self):
        Count.n += 1
    def add_own(self):
        self.m = 1
c = Count()
both = [c]
class Plain:
    pass
"""


def run(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell, and return its value."""
    done = shell.run_cell(cell)
    done.raise_error()
    return done.result


@pytest.fixture
def prepared(shell: InteractiveShell) -> InteractiveShell:
    """A shell with some classes."""
    run(shell, SETUP)
    return shell


@pytest.mark.parametrize("cell", ["NT(1, 2)", "Plain()", "Plain.__annotations__"])
def test_used_class(prepared: InteractiveShell, cell: str) -> None:
    """A class whose objects were made, or pickled, has not changed."""
    assert run(prepared, f"%%isolated -o\n{cell}").changed == ()


@pytest.mark.parametrize(
    ("options", "cell", "changed"),
    [
        ("", "c.add()", ("Count",)),
        ("--out c", "c.add()", ("Count",)),
        ("", "c.add(); both", ("Count",)),
        ("", "c.add_own()", ("c",)),
        ("", "c.add_own(); c.add()", ("c", "Count")),
        ("--out c", "c.add_own()", ()),
        ("", "Count.n = 1; c", ("Count",)),
        ("--out Count", "c.add()", ()),
        ("", "c", ()),
    ],
)
def test_changed_class(
    prepared: InteractiveShell, options: str, cell: str, changed: tuple[str, ...]
) -> None:
    """A change of a class is one of the class, not of its objects."""
    assert run(prepared, f"%%isolated -o {options}\n{cell}").changed == changed


def test_returned_class(prepared: InteractiveShell) -> None:
    """The class that a note names can be returned, as the note says."""
    run(prepared, "%%isolated --out Count\nc.add()")
    assert run(prepared, "Count.n, c.n, type(c) is Count") == (1, 1, True)


def test_execution_count(shell: InteractiveShell) -> None:
    """The number of the cell is that of the kernel."""
    shell.execution_count = 41
    cell = "%%isolated\nget_ipython().execution_count"
    assert run(shell, cell) == 41
    shell.execution_count = 43
    assert run(shell, cell) == 43


@pytest.fixture
def verbose() -> Iterator[None]:
    """Log everything."""
    level = logging.root.level
    handler = logging.StreamHandler()
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    yield
    logging.root.setLevel(level)
    logging.root.removeHandler(handler)


@pytest.mark.usefixtures("verbose")
@pytest.mark.parametrize(
    "cell", ["import asyncio\n1", "await __import__('asyncio').sleep(0)"]
)
def test_own_loop(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    """The event loop of the process is not logged as the cell's."""
    result = run(shell, f"%%isolated -o\n{cell}")
    assert "Using selector" not in "".join(capsys.readouterr())
    assert not [each for each in result.unlogged if "Stream" in each]


@pytest.mark.usefixtures("verbose")
def test_cells_loop(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A loop that the cell makes is logged as in the kernel."""
    result = run(
        shell, "%%isolated -o\nimport asyncio\nasyncio.new_event_loop().close()"
    )
    assert "Using selector" in "".join(capsys.readouterr()) or result.unlogged
