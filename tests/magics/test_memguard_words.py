"""Words of ``%memguard`` that are not marks, and marks of a block that are not text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit as memkit
from jupyter_memkit.errors import MemkitError


class Hostile:
    """An object that must not be asked for anything."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(name)

    def __repr__(self) -> str:
        raise AssertionError


@pytest.mark.parametrize(
    "make",
    [
        *(lambda: 500, lambda: 0.5, lambda: True, lambda: None, lambda: b"8GB"),
        *(lambda: ["8GB"], lambda: 10**5000, Hostile),
    ],
)
def test_a_mark_that_is_not_a_string(make: Callable[[], Any]) -> None:
    """A block and a function with such a mark are refused in one sentence."""
    sentence = (
        "a mark is a string: a size with its unit, such as '8GB', a share of the "
        "limit, such as '85%', or 'auto'"
    )
    guard = memkit.guard(make())
    with pytest.raises(MemkitError) as refused, guard:
        pytest.fail("the block ran")
    assert str(refused.value) == sentence
    with pytest.raises(MemkitError) as refused:
        guard(print)()
    assert str(refused.value) == sentence


@pytest.mark.parametrize("magic", ["line", "cell"])
@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("auto warn", "'warn' is an action; write --action warn"),
        ("warn", "'warn' is an action; write --action warn"),
        ("stop 8GB", "'stop' is an action; write --action stop"),
        ("8GB 9GB", "'8GB 9GB' is more than one mark; give only one"),
        ("8 GB 85%", "'8 GB 85%' is more than one mark; give only one"),
        ("auto off", "'auto off' is more than one mark; give only one"),
        ("statuss", "'statuss' is not a mark; did you mean status?"),
        ("Status", "'Status' is not a mark; did you mean status?"),
        ("atuo", "'atuo' is not a mark; did you mean auto?"),
    ],
)
def test_words(shell: InteractiveShell, magic: str, line: str, sentence: str) -> None:
    """Words that are not a mark are named as they were written, with the remedy."""
    memguard = shell.magics_manager.magics[magic]["memguard"]
    with pytest.raises(UsageError) as refused:
        memguard(line, *["1"] * (magic == "cell"))
    assert str(refused.value) == sentence
    assert shell.run_line_magic("memguard", "status").mark is None


@pytest.mark.parametrize("line", ["900 GB", "900GB", "900.5 gb", "900"])
def test_a_size_in_two_words(shell: InteractiveShell, line: str) -> None:
    """A size can have a space before its unit."""
    with pytest.raises(UsageError, match=r"above the limit|no unit"):
        shell.run_line_magic("memguard", line.replace("900", "900000"))


def test_a_share_in_two_words(shell: InteractiveShell) -> None:
    """A share can have a space before its sign."""
    assert shell.run_line_magic("memguard", "99 % --action warn").mark == "99%"
    shell.run_line_magic("memguard", "off")
