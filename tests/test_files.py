"""The files that the user asks for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.files import write_file


def test_replaced(tmp_path: Path) -> None:
    """An existing file is replaced by the text, with its mode, and nothing is left."""
    path = tmp_path / "a.json"
    path.write_text("old and long")
    path.chmod(0o600)
    assert write_file(path, "'\ud83d'") == 8
    assert path.read_text() == r"'\ud83d'"
    assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_link_left_by_another_user(tmp_path: Path) -> None:
    """A link at a name that our process id foretells is not followed."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / f".memkit-{os.getpid()}.json").symlink_to(victim)
    write_file(tmp_path / "a.json", "new")
    assert victim.read_text() == "kept"
    assert (tmp_path / "a.json").read_text() == "new"


def test_failure_keeps_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up leaves the earlier file as it was."""
    path = tmp_path / "a.json"
    path.write_text("old")

    def fill_up(_path: Path, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(MemkitError, match=r"\(No space left on device\); choose"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_links_and_pipes(tmp_path: Path) -> None:
    """The target of a link is replaced, and a pipe is written to."""
    path = tmp_path / "a.json"
    link = tmp_path / "link.json"
    link.symlink_to(path)
    write_file(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "piped")
    assert os.read(reader, 10) == b"piped"
    os.close(reader)
