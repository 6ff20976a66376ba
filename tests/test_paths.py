"""The meaning of a tilde in a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.paths import expand_home


@pytest.mark.parametrize(
    "name", ["~x.csv", "~$report.xlsx", "~no_such_user/x.csv", "a~/x", "~"]
)
def test_only_homes_are_expanded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde alone, or before a slash, is a home; otherwise it belongs to the name."""
    monkeypatch.setenv("HOME", "/home/someone")
    expected = Path("/home/someone") if name == "~" else Path(name)
    assert expand_home(name) == expected
    assert expand_home(Path("~/x.csv")) == Path("/home/someone/x.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 300, "^x{100}… is too long for the name of a file; use a shorter one$"),
        ("/x" * 3000, "is too long for the name of a file"),
        ("a\0b", r"'a\\x00b' is not the name of a file \(.*null.*\); check it$"),
    ],
    ids=["name", "path", "null"],
)
def test_impossible_names(text: str, message: str) -> None:
    """What the system cannot look up is refused in one sentence, shown in part."""
    with pytest.raises(MemkitError, match=message):
        expand_home(text)
