"""``%unload`` in a shell."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show import libraries as show_libraries
from jupyter_memkit.show.unload import TRUTH, build_report
from jupyter_memkit.techniques.unloading import Libraries, Library, Unloaded
from tests.real_kernel import real_kernel
from tests.waiting import LIMIT_S

UNLOADED = Unloaded(
    name="fruit",
    freed_bytes=1024,
    imported_bytes=2048,
    modules=("fruit",),
    names=(),
    code_names={},
    traces=(),
    survivors=(),
    pinned_by={},
    dry_run=False,
)


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Create a small importable module."""
    (tmp_path / "fruit.py").write_text("def peel(): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("fruit", None)


def test_unload(shell: InteractiveShell) -> None:
    """The module and the user's name for it are removed; the result is returned."""
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


def test_names(shell: InteractiveShell) -> None:
    """The names of functions are kept, unless --names is given."""
    shell.run_cell("import fruit\nfrom fruit import peel")
    assert shell.run_line_magic("unload", "fruit --dry-run").code_names == {
        "peel": "fruit"
    }
    unloaded = shell.run_line_magic("unload", "fruit --names")
    assert unloaded.names == ("fruit", "peel")
    assert "peel" not in shell.user_ns


def test_list(shell: InteractiveShell) -> None:
    """--list shows what is loaded, and what uses it."""
    shell.run_cell("from fruit import peel")
    listed = shell.run_line_magic("unload", "--list")
    (fruit,) = (each for each in listed.libraries if each.name == "fruit")
    assert fruit.names == ("peel",)


def test_unused(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """--unused unloads what nothing uses; if everything is used, it shows the list."""
    others = {
        name: module for name, module in sys.modules.items() if "fruit" not in name
    }
    monkeypatch.setattr("jupyter_memkit.techniques.unloading.listing.find_reason", stay)
    shell.run_cell("import fruit")
    listed = shell.run_line_magic("unload", "--unused")
    assert isinstance(listed, Libraries)
    shell.run_cell("del fruit")
    assert shell.run_line_magic("unload", "--unused --dry-run").modules == ("fruit",)
    assert shell.run_line_magic("unload", "--unused").modules == ("fruit",)
    assert others.keys() <= sys.modules.keys()


def stay(key: str, _: Any) -> str | None:
    """Make every library but one refuse to be unloaded."""
    return None if key == "fruit" else "stays"


def test_refused(shell: InteractiveShell) -> None:
    """A refusal is one sentence, and nothing is unloaded."""
    shell.run_cell("import fruit, sys")
    with pytest.raises(UsageError, match=r"^sys stays"):
        shell.run_line_magic("unload", "fruit sys")
    assert "fruit" in sys.modules


@pytest.mark.parametrize(
    "line", ["", "--deeper fruit", "--list fruit", "--unused --list", "--unused fruit"]
)
def test_wrong_line(shell: InteractiveShell, line: str) -> None:
    """No name, two ways at once, or an unknown option is a usage error."""
    with pytest.raises(UsageError):
        shell.run_line_magic("unload", line)


def test_kernel(tmp_path: Path) -> None:
    """In a kernel matplotlib is unloaded, and plots are shown again afterwards."""
    pytest.importorskip("matplotlib")
    plot = "import matplotlib.pyplot as plt; plt.plot([1, 2]); None"
    with real_kernel(tmp_path) as kernel:

        def count_plots() -> int:
            shown: list[dict[str, Any]] = []
            kernel.client.execute_interactive(
                plot, output_hook=shown.append, timeout=LIMIT_S
            )
            return sum("image/png" in each["content"].get("data", {}) for each in shown)

        assert count_plots() == 1
        # The kernel's inline backend does not count as a use of matplotlib.
        asked_for = "[each.names for each in memkit.libraries().libraries"
        listed = f"{asked_for} if each.name == 'matplotlib']"
        shown = kernel.run(f"import jupyter_memkit as memkit; print({listed})")
        assert shown == "[('plt',)]\n"
        kernel.run("%unload matplotlib")
        assert (
            kernel.run("print('matplotlib' in __import__('sys').modules)") == "False\n"
        )
        assert count_plots() == 1


def test_report() -> None:
    """The report shows what was freed, what stayed, what holds it, and the caveat."""
    unloaded = replace(
        UNLOADED,
        modules=("fruit", *(f"fruit.m{n}" for n in range(9))),
        names=("f",),
        code_names={"peel": "fruit.m1"},
        traces=("1 warning filter",),
        survivors=("fruit", "fruit.m1"),
        pinned_by={"fruit": "cook.fruit", "fruit.m1": "it", "fruit.m2": "it"},
    )
    report = build_report(unloaded)
    assert report.title == "Unloaded fruit: 1.0 KiB returned to the system"
    assert report.rows == (
        ("modules", "fruit, fruit.m0, fruit.m1, fruit.m2, fruit.m3 and 5 more"),
        ("memory, at least", "≈ 2.0 KiB"),
        ("names removed", "f"),
        ("names kept", "peel (--names deletes them)"),
        ("traces removed", "1 warning filter"),
        ("still in memory", "2 of 10"),
        ("held", "fruit by cook.fruit, 2 modules by it"),
    )
    assert report.notes == (TRUTH,)


def test_report_of_a_dry_run() -> None:
    """The report of a dry run shows that nothing was removed."""
    report = build_report(replace(UNLOADED, freed_bytes=None, dry_run=True))
    assert (report.title, report.rows) == (
        "Would unload fruit",
        (
            ("modules", "fruit"),
            ("memory, at least", "≈ 2.0 KiB"),
        ),
    )


def test_report_of_the_list() -> None:
    """The list shows sizes, users, and what can be unloaded; it sorts by bytes."""
    fruit = Library(
        name="fruit",
        bytes=2048,
        modules=2,
        names=("a", "b"),
        users=("cook", "eat"),
        reason=None,
        is_used=True,
    )
    core = replace(
        fruit,
        name="core",
        names=(),
        users=(),
        reason="core stays: it loads once, since; restart",
    )
    report = show_libraries.build_report(
        Libraries(libraries=(fruit, core), complete=False)
    )
    assert report.title == "2 libraries; 0 unused"
    assert report.table is not None
    assert report.table.rows == (
        ("fruit", "≈ 2.0 KiB", "2", "a, b, cook and 1 more", "yes"),
        ("core", "≈ 2.0 KiB", "2", "nothing", "no: it loads once"),
    )
    assert "Incomplete: the time limit was reached." in report.notes
    assert report.notes[-1] == TRUTH
    none = show_libraries.build_report(Libraries(libraries=(), complete=True))
    assert none.title == "only the kernel's own libraries are loaded"
