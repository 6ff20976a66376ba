"""Shells, and the check that no test leaves anything behind."""

from __future__ import annotations

import atexit
import gc
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from unittest.mock import patch

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_memkit.measure import deadlines
from jupyter_memkit.measure.holder_search import Search
from jupyter_memkit.measure.sizes.walk import Walk
from jupyter_memkit.techniques.isolated.state import modules
from jupyter_memkit.techniques.spilling import folders
from jupyter_memkit.techniques.unloading.costs import _Walk as ModuleWalk
from jupyter_memkit.track import tracker as tracker_module
from tests.slow_clock import slow_clock
from tests.untraced import untraced, untraced_environment

# The modules of hundreds of tests would be compared and sent with each isolated call.
modules._LEFT_OUT |= {"tests"}

# Set in the process of a test that runs alone.
_ALONE = "MEMKIT_TEST_ALONE"


def runs_apart(item: pytest.Item) -> bool:
    """Return whether a test needs a separate process, which this is not."""
    marked = item.get_closest_marker("own_process") is not None
    return marked and _ALONE not in os.environ


def find_companions(item: pytest.Item) -> list[pytest.Item]:
    """Return the tests that share the process of a test, in their order."""
    mark = item.get_closest_marker("own_process")
    if mark is None or mark.kwargs.get("scope") != "module":
        return [item]
    return [
        each
        for each in item.session.items
        if each.path == item.path and each.get_closest_marker("own_process") == mark
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the fixtures of a test that runs in another process."""
    if isinstance(item, pytest.Function) and runs_apart(item):
        item.fixturenames = []


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that measures, interrupts or searches its process in a fresh one.

    Otherwise it would reuse memory freed by other tests, whose threads may still run,
    and an interrupt would leave a lock of coverage taken. With ``scope="module"`` the
    first of these tests runs all of them in one process, and reports their failures.
    """
    if not runs_apart(pyfuncitem):
        return None
    companions = find_companions(pyfuncitem)
    if pyfuncitem is not companions[0]:
        return True
    nodes = [each.nodeid for each in companions]
    environment = untraced_environment()
    if pyfuncitem.get_closest_marker("traced_children") is not None:
        environment = dict(os.environ)
    options = ("--quiet", "-p", "no:cacheprovider", "-p", "pytest_timeout")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *nodes],
        # Loading the other plugins would take longer than most tests.
        env=environment | {_ALONE: "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=pyfuncitem.config.rootpath,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    return True


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Skip tests that need torch, jax or others without them: `make test-ml`."""
    if not all(map(importlib.util.find_spec, ("torch", "jax", "transformers"))):
        without = [each for each in items if each.get_closest_marker("ml")]
        config.hook.pytest_deselected(items=without)
        items[:] = [each for each in items if each not in without]


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Make Ctrl-C raise, even if it was ignored, as in background runs."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Check after each test that nothing of ours is left behind."""
    collecting = gc.isenabled()
    yield
    threads = [t for t in threading.enumerate() if t.name.startswith("memkit")]
    trackers = list(tracker_module._running)
    paused = gc.isenabled() != collecting
    traced = tracemalloc.is_tracing()
    # Clean up first, so that one failure does not cause more.
    for tracker in trackers:
        tracker.stop()
    if collecting:
        gc.enable()
    tracemalloc.stop()
    assert (threads, trackers, paused, traced) == ([], [], False, False)


@pytest.fixture(autouse=True)
def untraced_children(request: pytest.FixtureRequest) -> Iterator[None]:
    """Coverage would take most of the time of the processes that most tests start."""
    with pytest.MonkeyPatch.context() as patches:
        if request.node.get_closest_marker("traced_children") is None:
            for name in os.environ.keys() - untraced_environment().keys():
                patches.delenv(name)
        yield


@pytest.fixture(autouse=True)
def untraced_searches() -> Iterator[None]:
    """Coverage would take three quarters of a search through all objects."""
    # The fixture `monkeypatch` would then undo a test's patches after other fixtures.
    with pytest.MonkeyPatch.context() as patches:
        for owner, name in (
            (Search, "run"),
            (Search, "trace"),
            (Walk, "measure"),
            (ModuleWalk, "count_bytes"),
        ):
            patches.setattr(owner, name, untraced(getattr(owner, name)))
        yield


@pytest.fixture(scope="module")
def dask_leaves_nothing() -> Iterator[None]:
    """End the process that Python itself starts along with Dask's, and keeps."""
    yield
    # There is no public way.
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def unlimited_searches() -> Iterator[None]:
    """Searches with a time limit do not end earlier on a busy machine."""
    # The fixture `monkeypatch` would undo it before the end of other fixtures.
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(deadlines, "_read_clock_s", slow_clock())
        yield


@pytest.fixture
def bare_shell(tmp_path: Path) -> Iterator[InteractiveShell]:
    """A separate shell, without history and without the extension."""
    config = Config()
    config.HistoryManager.enabled = False
    config.ProfileDir.location = str(tmp_path / "profile")
    main = sys.modules["__main__"]
    shell = InteractiveShell(config=config)
    registered = {
        event: list(functions) for event, functions in shell.events.callbacks.items()
    }
    yield shell
    assert shell.extension_manager is not None
    shell.extension_manager.unload_extension("jupyter_memkit")
    left = {
        event: [function for function in functions if function not in registered[event]]
        for event, functions in shell.events.callbacks.items()
    }
    assert {event: functions for event, functions in left.items() if functions} == {}
    # It would run again at exit, on a shell that no longer exists.
    atexit.unregister(shell.atexit_operations)
    # It collects garbage, which would take a sixth of the time of all tests.
    with patch.object(gc, "collect"):
        shell.atexit_operations()
    # The shell had replaced it, without the attributes that starting a process needs.
    sys.modules["__main__"] = main


@pytest.fixture
def shell(bare_shell: InteractiveShell) -> InteractiveShell:
    """A shell with the extension loaded."""
    assert bare_shell.extension_manager is not None
    bare_shell.extension_manager.load_extension("jupyter_memkit")
    return bare_shell


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files, on a disk, without spilled values."""
    if folders.is_in_memory(tmp_path):
        pytest.skip("the folder for temporary files is in memory")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    folders.remove_folders()
