"""Where the states of kernels are, beside the connection files of several users."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from jupyter_memkit.track.deaths import find_death
from jupyter_memkit.track.largest import LargestVariables
from jupyter_memkit.track.last_state import LastState, Place
from jupyter_memkit.track.state_folder import find_state_folder
from jupyter_memkit.track.tracker import MemoryTracker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a user's own there")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that all users can write to, like that for temporary files."""
    tmp_path.chmod(0o1777)
    return tmp_path


def test_folder_of_one_user(tmp_path: Path) -> None:
    """In a folder of the user's own, the name needs no id."""
    assert find_state_folder(tmp_path) == tmp_path / "jupyter_memkit"


def test_folder_of_each_user(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder for all users, another user has another one."""
    mine = find_state_folder(shared)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert find_state_folder(shared) == shared / "jupyter_memkit-12345" != mine


@pytest.mark.parametrize("made", ["folder", "link"])
def test_folder_of_another_user(
    shared: Path, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    """What another user has created there is neither written to nor read."""
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    folder = find_state_folder(shared)
    if made == "folder":
        folder.mkdir()
    else:
        (shared / "elsewhere").mkdir()
        folder.symlink_to("elsewhere")
    place = Place(folder=folder, session="", kernel_id="kernel")
    with MemoryTracker() as tracker:
        state = LastState(tracker, place, LargestVariables(dict))
        state.attach()
        assert state.problem.endswith("another user has created the folder")
        assert list(folder.iterdir()) == []
        state.detach()


def test_state_in_the_folder_of_another_user(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A death that another user has written there is not reported."""
    place = Place(folder=find_state_folder(shared), session="", kernel_id="kernel")
    with MemoryTracker() as tracker:
        state = LastState(tracker, place, LargestVariables(dict))
        state.attach()
        written = json.loads(place.path.read_bytes().partition(b"\n")[0])
        state.detach()
    place.path.write_text(json.dumps(written | {"started_ticks": "an earlier one"}))
    assert find_death(place) is not None
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert find_death(place) is None
