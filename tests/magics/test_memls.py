"""``%memls``, ``%memleaks``, ``%memsnap`` and ``%memkit advice`` in a shell."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import Hints


@pytest.fixture
def filled(shell: InteractiveShell) -> InteractiveShell:
    """A shell with variables."""
    shell.run_cell("prices = [float(i) for i in range(300_000)]\nname = 'x'")
    return shell


def names(listed: Any) -> list[str]:
    """Return the listed names."""
    return [each.name for each in listed.variables]


def test_memls(filled: InteractiveShell) -> None:
    """Variables are listed, filtered by the options."""
    memls = filled.run_line_magic
    assert names(memls("memls", "")) == ["prices", "name"]
    assert names(memls("memls", "n*")) == ["name"]
    assert names(memls("memls", "name, prices")) == ["prices", "name"]
    assert names(memls("memls", "--min 1MB")) == ["prices"]
    assert names(memls("memls", "--type str --type int")) == ["name"]
    assert not memls("memls", "").variables[0].size.exact
    assert memls("memls", "--exact --budget 600s").variables[0].size.exact
    cut = memls("memls", "--exact --budget 1s")
    assert cut.variables[0].size.bytes > 10_000_000


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--min much", "'much' is not a size"),
        ("--budget soon", "'soon' is not a duration"),
        ("--nothing", "has no option --nothing"),
        ("pricse", r"no variable 'pricse'; did you mean prices\?"),
        ("--type List", r"no variable is of type 'List'; did you mean list\?"),
    ],
)
def test_memls_refuses(filled: InteractiveShell, line: str, message: str) -> None:
    """An invalid option is reported in one sentence with the remedy."""
    with pytest.raises(UsageError, match=message):
        filled.run_line_magic("memls", line)


def test_memleaks(filled: InteractiveShell) -> None:
    """Leaks are found, and the holders of a variable."""
    assert isinstance(filled.run_line_magic("memleaks", "--unused 5"), Hints)
    found = filled.run_line_magic("memleaks", "prices")
    assert "prices" in [chain.text for chain in found.chains]
    with pytest.raises(
        UsageError, match=r"no variable 'pricse'; did you mean prices\?"
    ):
        filled.run_line_magic("memleaks", "pricse")
    with pytest.raises(UsageError, match=r"a part of prices; .* holders\(pri"):
        filled.run_line_magic("memleaks", "prices[0]")
    with pytest.raises(UsageError, match="not a whole number"):
        filled.run_line_magic("memleaks", "--unused 0")


def test_memsnap(filled: InteractiveShell) -> None:
    """Snapshots are taken by name, compared, listed and deleted."""
    snap = filled.run_line_magic
    assert set(snap("memsnap", "before").sizes) == {"prices", "name"}
    filled.run_cell("del name\nmore = [1.5] * 1000")
    changes = [
        (each.name, each.change) for each in snap("memsnap", "before now").variables
    ]
    assert changes == [("more", "appeared"), ("name", "vanished")]
    snap("memsnap", "after")
    assert len(snap("memsnap", "after before").variables) == 2
    assert snap("memsnap", "").names == ("before", "after")
    snap("memsnap", "before --drop")
    assert snap("memsnap", "").names == ("after",)
    snap("memsnap", "--drop")
    assert snap("memsnap", "").names == ()


@pytest.mark.parametrize(
    ("define", "fill", "name"),
    [
        ("def f(): pass", "f.kept = bytes(10**6)", "f"),
        ("class K: pass", "K.kept = bytes(10**6)", "K"),
        ("_p = []", "_p.append(bytes(10**6))", "_p"),
    ],
)
def test_memsnap_of_what_holds_data(
    filled: InteractiveShell, define: str, fill: str, name: str
) -> None:
    """A function, class or private name that comes to hold data grew; others go."""
    filled.run_cell(define + "\ndef other(): pass")
    filled.run_line_magic("memsnap", "before")
    filled.run_cell(fill + "\ndef another(): pass\ndel other")
    found = filled.run_line_magic("memsnap", "before now")
    assert [(each.name, each.change) for each in found.variables] == [(name, "grew")]


def test_memsnap_again(filled: InteractiveShell, capsys: Any) -> None:
    """A snapshot that takes the place of another says how to compare them."""
    filled.run_line_magic("memsnap", "before")
    assert capsys.readouterr().err == ""
    filled.run_cell("more = [1.5] * 100_000").raise_error()
    filled.run_line_magic("memsnap", "before")
    notice = "replaced the earlier snapshot before; %memsnap before now compares"
    assert notice in capsys.readouterr().err
    assert not filled.run_line_magic("memsnap", "before now").variables


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("early now", r"there is no snapshot 'early'; %memsnap early takes it"),
        ("befor now", r"did you mean before\?"),
        ("a b c", "give one name to take a snapshot"),
        ("now", "give one name to take a snapshot"),
        ("other --drop", "there is no snapshot 'other'"),
    ],
)
def test_memsnap_refuses(filled: InteractiveShell, line: str, message: str) -> None:
    """Unknown names are reported in one sentence with the remedy."""
    filled.run_line_magic("memsnap", "before")
    with pytest.raises(UsageError, match=message):
        filled.run_line_magic("memsnap", line)


def test_advice(filled: InteractiveShell) -> None:
    """Hints are shown on request."""
    found = filled.run_line_magic("memkit", "advice")
    assert isinstance(found, Hints)
    assert "prices" in [each.name for each in found.hints]


def test_plain_text(filled: InteractiveShell, capsys: Any) -> None:
    """In a terminal the results are displayed as text."""
    for line in ("%memls", "%memleaks", "%memsnap a", "%memfree", "%memkit advice"):
        filled.run_cell(line).raise_error()
    out = capsys.readouterr().out
    assert "2 variables" in out
    assert "snapshot taken: 2 variables" in out
    assert " in use now" in out
    assert "%to_numpy prices" in out


@pytest.mark.parametrize("inputs", ["7", "pd.DataFrame({'code': ['x = 1']})", "[1, 2]"])
def test_history_that_was_replaced(shell: InteractiveShell, inputs: str) -> None:
    """Magics that read the history work without it."""
    shell.run_cell("import pandas as pd\nnumbers = [1.5] * 1000", store_history=True)
    shell.run_cell(f"kept = In\nIn = {inputs}").raise_error()
    for line in ("%memls", "%memkit advice", "%memleaks", "%memfree numbers"):
        shell.run_cell(line).raise_error()
    shell.run_cell("In = kept")
