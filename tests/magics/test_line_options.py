"""Options in part, and statements that begin with a minus sign."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.magics.line import known_options, parse_line, parse_statement


def test_no_option_is_accepted_in_part(shell: InteractiveShell) -> None:
    """Each beginning of each option is refused by each magic, and the option named."""
    lines = shell.magics_manager.magics["line"]
    magics = {**shell.magics_manager.magics["cell"], **lines}
    tried = 0
    for name, magic in magics.items():
        if not magic.__module__.startswith("jupyter_memkit."):
            continue
        options = known_options(magic.parser)
        parts = {each[:end] for each in options for end in range(3, len(each))}
        for part in parts.difference(options):
            meant = [each for each in options if each.startswith(part)]
            sign = "%" if name in lines else "%%"
            sentence = f"{sign}{name} has no option {part}; did you mean {meant[0]}?"
            if len(meant) > 1:
                sentence = f"{part} could be {' or '.join(meant)}; write it in full"
            with pytest.raises(UsageError) as refused:
                parse_line(magic, part)
            assert str(refused.value) == sentence
            tried += 1
    assert tried > 100


def test_the_help_that_is_named_exists(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """``-h`` names the line that shows the help of a magic, signs included."""
    for name, magic in {
        **shell.magics_manager.magics["cell"],
        **shell.magics_manager.magics["line"],
    }.items():
        if magic.__module__.startswith("jupyter_memkit."):
            with pytest.raises(UsageError) as refused:
                parse_line(magic, "-h")
            shell.run_cell(str(refused.value).removesuffix(" shows the help"))
            shown = capsys.readouterr().out
            assert f"%{name}" in shown
            assert "not found" not in shown


def test_an_option_in_part_before_a_statement(shell: InteractiveShell) -> None:
    """A statement does not run with an option that was not written in full."""
    magic = shell.magics_manager.magics["line"]["mem"]
    with pytest.raises(UsageError, match=r"no option --line; did you mean --lines\?"):
        parse_statement(magic, "--line x = 1")


@pytest.mark.parametrize("statement", ["-5", "-5 + 3", "-5+3", "-.5*x", "-1j", "- x"])
def test_negative_number(shell: InteractiveShell, statement: str) -> None:
    """A minus sign before a number or a space begins a statement."""
    magic = shell.magics_manager.magics["line"]["mem"]
    args, rest = parse_statement(magic, f"-r 2 {statement}")
    assert (args.runs, rest) == (2, statement)


@pytest.mark.parametrize("statement", ["-x", "-x + 1", "-(5)"])
def test_negated_name(shell: InteractiveShell, statement: str) -> None:
    """A minus sign before anything else begins an option, as the help says."""
    magic = shell.magics_manager.magics["line"]["mem"]
    with pytest.raises(UsageError, match="%mem has no option -"):
        parse_statement(magic, statement)
    assert parse_statement(magic, f"({statement})")[1] == f"({statement})"
    text = " ".join(magic.parser.description.split())
    assert "if neither a number nor a space follows" in text


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("chunked", "--memory", "0MB"),
        ("isolated", "--memory", "0.0001B"),
        ("gc_pause", "--max-growth", "0GB"),
        ("memleaks", "--budget", "0s"),
    ],
)
def test_nothing_as_a_limit(
    shell: InteractiveShell, name: str, option: str, value: str
) -> None:
    """What an option gives out is more than 0, and is named as it was written."""
    magics = shell.magics_manager.magics
    magic = magics["cell"].get(name) or magics["line"][name]
    with pytest.raises(UsageError, match=f"^{option}: '{value}' must be more than 0$"):
        parse_line(magic, f"{option} {value}")


def test_nothing_as_a_bound(shell: InteractiveShell) -> None:
    """A bound of what is measured can be 0."""
    magics = shell.magics_manager.magics["line"]
    assert parse_line(magics["memls"], "--min 0MB").min == 0
    assert parse_statement(magics["mem"], "--max 0B x = 1")[0].max_bytes == 0
