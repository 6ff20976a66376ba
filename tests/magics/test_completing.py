"""Completion of options and values through IPython's completer."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell


def complete(shell: InteractiveShell, text: str) -> list[str]:
    """Return the completions at the end of a cell."""
    with provisionalcompleter():
        return [each.text for each in shell.Completer.completions(text, len(text))]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%memls --a", "--all"),
        ("found = %memls big_f", "big_frame"),
        ("%memls --type li", "list"),
        ("%%chunked x.csv --reduce su", "sum"),
        ("%%chunked x.csv --reduce=su", "sum"),
        ("%%chunked x.csv --backend po", "polars"),
        ("%%chunked big_f", "big_frame"),
        ("%%mem\n%%chunked x.csv --bac", "--backend"),
        ("%gc_pause sta", "status"),
        ("%memsnap no", "now"),
        ("%unload IPy", "IPython"),
        ("%memkit adv", "advice"),
        ("%%isolated --out a,big_f", "big_frame"),
        ("%mem --li", "--lines"),
    ],
)
def test_offered(shell: InteractiveShell, text: str, offered: str) -> None:
    """Options, choices and variables are offered where they are valid."""
    shell.run_cell("big_frame = [1]")
    assert offered in complete(shell, text)


@pytest.mark.parametrize("text", ["%memls --zz", "%%chunked 'x", "%memkit export x"])
def test_nothing_of_ours(shell: InteractiveShell, text: str) -> None:
    """If nothing matches, or a file is named, IPython completes."""
    assert "--all" not in complete(shell, text)


def test_statement(shell: InteractiveShell) -> None:
    """The statement of a line is Python, and is completed as such."""
    shell.run_cell("big_frame = [1]")
    assert "big_frame" in complete(shell, "%mem x = big_f")


def test_unloaded(shell: InteractiveShell) -> None:
    """Unloading removes the matcher."""
    assert shell.extension_manager is not None
    shell.extension_manager.unload_extension("jupyter_memkit")
    assert shell.Completer.custom_matchers == []


def test_unloaded_after_others(shell: InteractiveShell) -> None:
    """Unloading does not fail where others have removed all matchers."""
    assert shell.extension_manager is not None
    shell.Completer.custom_matchers.clear()
    shell.extension_manager.unload_extension("jupyter_memkit")
    assert "mem" not in shell.magics_manager.magics["line"]
