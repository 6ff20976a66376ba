"""``%memsnap --drop`` with names that do not exist."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell


@pytest.mark.parametrize(
    ("taken", "line", "sentence"),
    [
        ("", "--drop x", "there is no snapshot 'x'; none has been taken"),
        ("early late", "--drop x", "there is no snapshot 'x'; there are early, late"),
        ("early", "--drop erly", "there is no snapshot 'erly'; did you mean early?"),
        ("early", "--drop early x", "there is no snapshot 'x'; there is only early"),
        ("early", "--drop now", "there is no snapshot 'now'; there is only early"),
    ],
)
def test_unknown_names(
    shell: InteractiveShell, taken: str, line: str, sentence: str
) -> None:
    """The snapshots that exist are named, and none is deleted."""
    for name in taken.split():
        shell.run_line_magic("memsnap", name)
    with pytest.raises(UsageError) as refused:
        shell.run_line_magic("memsnap", line)
    assert str(refused.value) == sentence
    assert shell.run_line_magic("memsnap", "").names == tuple(taken.split())


def test_a_name_twice(shell: InteractiveShell) -> None:
    """A name that is given twice is deleted once."""
    shell.run_line_magic("memsnap", "early")
    shell.run_line_magic("memsnap", "--drop early early")
    assert shell.run_line_magic("memsnap", "").names == ()
