"""The descendants of a process, fake ones and real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_memkit.measure.descendants import find_descendants
from jupyter_memkit.measure.process_tree import ProcessTree

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_by_threads(tmp_path: Path) -> None:
    """If threads list their children, those of all threads are found."""
    tree = {"1/task/1": "2 ", "1/task/9": "3 ", "2/task/2": "", "3/task/3": "4 5 "}
    for name, children in tree.items():
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "children").write_text(children)
    # The last two have ended meanwhile.
    assert sorted(find_descendants(1, str(tmp_path))) == [2, 3, 4, 5]


@linux
def test_by_parents(tmp_path: Path) -> None:
    """Otherwise the parent of every process is read, whatever its name."""
    for pid, parent in ((1, 0), (2, 1), (3, 2), (4, 7)):
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} (a) S 1 (b)) S {parent} 1 1 0")
    (tmp_path / "5").mkdir()
    (tmp_path / "meminfo").write_text("")
    assert find_descendants(1, str(tmp_path)) == [2, 3]


@pytest.mark.own_process
@pytest.mark.parametrize("platform", [sys.platform, "psutil only"])
def test_real_tree(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Children and their children are found either way."""
    monkeypatch.setattr(sys, "platform", platform)
    inner = "import sys; print(flush=True); sys.stdin.read()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", outer]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = find_descendants(os.getpid())
        (grandchild,) = psutil.Process(child.pid).children()
        child.communicate()
    assert found == [child.pid, grandchild.pid]
    assert find_descendants(os.getpid()) == []


def test_process_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has ended has no descendants."""
    gone = max(psutil.pids()) + 1000
    assert find_descendants(gone) == []
    monkeypatch.setattr(sys, "platform", "psutil only")
    assert find_descendants(gone) == []


@linux
def test_tree_of_all_processes(tmp_path: Path) -> None:
    """One pass serves all processes, and the next one is due after its cost."""
    for pid, parent in ((1, 0), (2, 1), (3, 2), (4, 7)):
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} (a) S {parent} 1 1 0")
    now_s, cost_s = 0.0, iter([0.0, 0.01, 0.01, 0.02])
    tree = ProcessTree(lambda: now_s, lambda: next(cost_s), str(tmp_path))
    tree.refresh()
    assert [tree.find_descendants(pid) for pid in (1, 7, 5)] == [[2, 3], [4], []]
    (tmp_path / "3" / "stat").unlink()
    # A hundredth of a second is a thousandth of ten seconds.
    now_s = 9.0
    tree.refresh()
    assert tree.find_descendants(1) == [2, 3]
    now_s = 11.0
    tree.refresh()
    assert tree.find_descendants(1) == [2]


@pytest.mark.own_process
@pytest.mark.parametrize("platform", [sys.platform, "psutil only"])
def test_real_tree_of_all_processes(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    """A child is found either way."""
    monkeypatch.setattr(sys, "platform", platform)
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
    ) as child:
        tree = ProcessTree()
        tree.refresh()
        assert tree.find_descendants(os.getpid()) == [child.pid]
        child.communicate()
