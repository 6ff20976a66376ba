"""The meaning of a tilde in a path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import jupyter_memkit as memkit
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


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use is not deleted")
def test_deleted_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it was deleted, a relative path is refused, and another one is kept."""
    monkeypatch.setenv("HOME", "/home/someone")
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(MemkitError, match=r"working directory was deleted.*: %cd ~$"):
        expand_home("x.csv")
    assert expand_home("~/x.csv") == Path("/home/someone/x.csv")
    with pytest.raises(MemkitError, match=r"^there is no file /nowhere/x\.csv; there"):
        memkit.chunked("/nowhere/x.csv")
    with pytest.raises(MemkitError, match="working directory was deleted"):
        memkit.run_notebook(tmp_path / "a.ipynb")
