"""``%unload`` in a shell."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show.unload import build_report
from jupyter_memkit.techniques.unload import Unloaded

TRUTH = (
    "CPython rarely returns a library's memory; "
    "only a process that ends gives back all of it."
)


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make a small module that can be imported."""
    (tmp_path / "fruit.py").write_text("def peel(): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("fruit", None)


def test_unload(shell: InteractiveShell) -> None:
    """The module and the user's name for it go; the result is returned."""
    shell.run_cell("import fruit as f")
    unloaded = shell.run_line_magic("unload", "f")
    assert (unloaded.name, unloaded.names) == ("fruit", ("f",))
    assert "f" not in shell.user_ns
    assert "fruit" not in sys.modules


def test_dry_run(shell: InteractiveShell) -> None:
    """A dry run changes nothing."""
    shell.run_cell("import fruit as f")
    assert shell.run_line_magic("unload", "f --dry-run").dry_run
    assert "f" in shell.user_ns


def test_refused(shell: InteractiveShell) -> None:
    """A refusal is one sentence of usage, and nothing is unloaded."""
    shell.run_cell("import fruit, sys")
    with pytest.raises(UsageError, match=r"^sys stays"):
        shell.run_line_magic("unload", "fruit sys")
    assert "fruit" in sys.modules


@pytest.mark.parametrize("line", ["", "--deeper fruit"])
def test_wrong_line(shell: InteractiveShell, line: str) -> None:
    """No name, or an unknown option, is a usage error."""
    with pytest.raises(UsageError):
        shell.run_line_magic("unload", line)


def test_report() -> None:
    """The report tells what came back, what stayed, who holds it, and the truth."""
    unloaded = Unloaded(
        name="fruit",
        freed_bytes=1024,
        modules=("fruit", *(f"fruit.m{n}" for n in range(9))),
        names=("f",),
        survivors=("fruit", "fruit.m1"),
        pinned_by={"fruit": "cook.fruit", "fruit.m1": "the name peel"},
        dry_run=False,
    )
    report = build_report(unloaded)
    assert report.title == "Unloaded fruit: 1.0 KiB back to the system"
    assert report.rows == (
        ("modules", "fruit, fruit.m0, fruit.m1, fruit.m2, fruit.m3 and 5 more"),
        ("names removed", "f"),
        ("still in memory", "2 of 10"),
        ("held", "fruit by cook.fruit, fruit.m1 by the name peel"),
    )
    assert report.notes == (TRUTH,)


def test_report_of_a_dry_run() -> None:
    """The report of a dry run says that nothing was done."""
    unloaded = Unloaded(
        name="fruit",
        freed_bytes=None,
        modules=("fruit",),
        names=(),
        survivors=(),
        pinned_by={},
        dry_run=True,
    )
    report = build_report(unloaded)
    assert (report.title, report.rows) == (
        "Would unload fruit",
        (("modules", "fruit"),),
    )
