"""Loading and unloading in a shell without a kernel."""

from __future__ import annotations

import gc
import importlib
import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit
from jupyter_memkit import extension
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.track.tracker import tracker
from tests.channel.fake_kernel import FakeKernel

OURS = {
    "line": {
        *("gc_pause", "isolated", "mem", "memfree", "memguard", "memit", "memkit"),
        *("memleaks", "memls", "memplot", "memsnap", "shrink", "spill", "to_numpy"),
        "unload",
    },
    "cell": {"chunked", "gc_pause", "isolated", "mem", "memguard", "memit"},
}


def magic_names(shell: InteractiveShell, kind: str) -> set[str]:
    """Return the names of the magics of a kind."""
    return set(shell.magics_manager.magics[kind])


def test_magics_come_and_go(bare_shell: InteractiveShell) -> None:
    """Loading adds the magics, unloading removes exactly those."""
    before = {kind: magic_names(bare_shell, kind) for kind in OURS}
    jupyter_memkit.load_ipython_extension(bare_shell)
    added = {kind: magic_names(bare_shell, kind) - before[kind] for kind in OURS}
    jupyter_memkit.unload_ipython_extension(bare_shell)
    after = {kind: magic_names(bare_shell, kind) for kind in OURS}
    assert added == OURS
    assert after == before


def test_magic_of_the_user_comes_back(bare_shell: InteractiveShell) -> None:
    """A magic that had one of our names before is restored."""
    table = bare_shell.magics_manager.magics["line"]
    table["unload"] = print
    jupyter_memkit.load_ipython_extension(bare_shell)
    assert table["unload"] is not print
    jupyter_memkit.unload_ipython_extension(bare_shell)
    assert table["unload"] is print


def test_magic_taken_meanwhile_stays(bare_shell: InteractiveShell) -> None:
    """A magic that the user registered under our name meanwhile is kept."""
    jupyter_memkit.load_ipython_extension(bare_shell)
    table = bare_shell.magics_manager.magics["line"]
    table["memkit"] = print
    jupyter_memkit.unload_ipython_extension(bare_shell)
    assert table.pop("memkit") is print


def test_loading_twice_changes_nothing(bare_shell: InteractiveShell) -> None:
    """The second load finds the first one's tracker."""
    jupyter_memkit.load_ipython_extension(bare_shell)
    first = tracker()
    jupyter_memkit.load_ipython_extension(bare_shell)
    assert tracker() is first
    jupyter_memkit.unload_ipython_extension(bare_shell)
    jupyter_memkit.unload_ipython_extension(bare_shell)
    with pytest.raises(MemkitError):
        tracker()


def test_loading_and_unloading_leaves_no_objects(bare_shell: InteractiveShell) -> None:
    """However often it is loaded and unloaded, no objects are left."""

    def count() -> int:
        gc.collect()
        return len(gc.get_objects())

    def cycle() -> None:
        jupyter_memkit.load_ipython_extension(bare_shell)
        jupyter_memkit.unload_ipython_extension(bare_shell)

    cycle()
    before = count()
    for _ in range(10):
        cycle()
    # A few objects come and go with the threads of other tests.
    assert count() - before < 50


def test_cells_of_the_shell_that_is_given(
    bare_shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Busy is republished for cells of this shell, whichever the kernel's own is."""
    kernel = FakeKernel()
    monkeypatch.setattr(bare_shell, "kernel", kernel, raising=False)
    before = len(bare_shell.events.callbacks["pre_run_cell"])
    jupyter_memkit.load_ipython_extension(bare_shell)
    # The accounts and the state each follow the cells.
    assert len(bare_shell.events.callbacks["pre_run_cell"]) == before + 2
    assert kernel.events == {"pre_run_cell": [], "post_run_cell": []}
    jupyter_memkit.unload_ipython_extension(bare_shell)
    assert len(bare_shell.events.callbacks["pre_run_cell"]) == before


def test_old_kernel(
    bare_shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that is too old for the sidebar has the magics, and a warning."""
    kernel = FakeKernel()
    monkeypatch.setattr(bare_shell, "kernel", kernel, raising=False)
    monkeypatch.setattr("ipykernel.version_info", (6, 20, 1))
    with pytest.warns(
        UserWarning, match=r"needs ipykernel 6\.29 .* has 6\.20; run %pip"
    ):
        jupyter_memkit.load_ipython_extension(bare_shell)
    assert "memkit" in magic_names(bare_shell, "line")
    assert kernel.control_handlers == {}
    jupyter_memkit.unload_ipython_extension(bare_shell)


def test_failed_load_leaves_nothing(
    bare_shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a step fails, the steps before it are undone."""

    class BrokenMagics:
        def __init__(self, _shell: InteractiveShell) -> None:
            raise OSError

    before = magic_names(bare_shell, "line")
    monkeypatch.setattr(extension, "_MAGICS", (*extension._MAGICS, BrokenMagics))
    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        jupyter_memkit.load_ipython_extension(bare_shell)
    assert magic_names(bare_shell, "line") == before
    with pytest.raises(MemkitError):
        tracker()


def test_memory_that_cannot_be_read(
    bare_shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """If the memory cannot be read, loading reports it in one sentence."""

    def fail() -> None:
        message = "the memory of this process cannot be read"
        raise MemkitError(message)

    monkeypatch.setattr("jupyter_memkit.track.tracker.peak_meter", fail)
    bare_shell.run_cell("%load_ext jupyter_memkit")
    assert capsys.readouterr().err == (
        "UsageError: the memory of this process cannot be read\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_too_many_open_files(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """While no file can be opened, cells run silently, and are marked as inexact."""
    code = (
        "import resource\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))"
    )
    shell.run_cell(code, store_history=True)
    shell.run_cell("6 * 7;", store_history=True)
    shell.run_cell(
        "resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))", store_history=True
    )
    shell.run_cell("'again';", store_history=True)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert [cell.exact for cell in tracker().cells] == [False, False, False, True]


def test_unloading_ends_a_standing_pause(bare_shell: InteractiveShell) -> None:
    """A collector that %gc_pause paused is resumed by unloading."""
    jupyter_memkit.load_ipython_extension(bare_shell)
    bare_shell.run_line_magic("gc_pause", "on")
    # The autouse fixture asserts that the collector is as it was.
    jupyter_memkit.unload_ipython_extension(bare_shell)


def test_public_names_are_there() -> None:
    """Each public name can be imported, and there are no others."""
    names = {name for name in jupyter_memkit.__all__ if name != "__version__"}
    assert names == set(jupyter_memkit._HOMES)
    assert all(getattr(jupyter_memkit, name) is not None for name in names)
    assert set(dir(jupyter_memkit)) == set(jupyter_memkit.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = jupyter_memkit.nonsense


def test_every_record_has_its_report() -> None:
    """The names of the records and of their reports exist."""
    for record_type, module in extension._REPORTS.items():
        home, _, name = record_type.rpartition(".")
        assert getattr(importlib.import_module(home), name).__module__ == home
        assert callable(importlib.import_module(module).build_report)


def test_import_needs_no_ipython() -> None:
    """Importing the package in a script does not import IPython."""
    code = "import sys, jupyter_memkit; print('IPython' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
