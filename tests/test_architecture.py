"""The floors of the house: a room imports only from the floors below it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jupyter_memkit.techniques.unloading.removal import is_within
from jupyter_memkit.techniques.unloading.uses import _ABOUT_LIBRARIES

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "jupyter_memkit"

FLOORS = (
    {"protocol", "errors", "lazy_names"},
    {
        *("asking", "course", "file_lock", "files", "interrupts", "paths"),
        *("signal_safe", "units", "wrapping"),
    },
    {"records", "temporary_folders"},
    {"measure"},
    {"cells"},
    {"track", "techniques"},
    {"hints"},
    {"show", "channel", "server"},
    {"widget"},
    {"magics"},
    {"extension", "headless"},
)

FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Rooms that work without IPython: a script has none, and a server need not.
WITHOUT_IPYTHON = {
    *("asking", "course", "errors", "file_lock", "files", "interrupts", "lazy_names"),
    *("paths", "protocol", "records", "signal_safe", "temporary_folders", "units"),
    "wrapping",
    *("measure", "cells", "techniques", "hints", "server"),
}

# Libraries of the user's that nobody imports before a feature was asked for.
HEAVY = {"pandas", "matplotlib", "ipywidgets", "jupyterlab", "numpy", "polars"}

# Libraries that our modules need; all others are the user's.
NEEDED = {
    *("IPython", "anywidget", "cloudpickle", "comm", "ipykernel", "ipywidgets"),
    *("jupyter_client", "jupyter_core", "jupyter_events", "jupyter_server", "nbclient"),
    *("nbformat", "prometheus_client", "psutil", "pytest", "tornado", "tqdm"),
    *("traitlets", "zmq"),
}


def room_of(path: Path) -> str:
    """Return the room that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    """Return the name of the module of a file."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


@cache
def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text())


def modules() -> list[Path]:
    """Return the files of the package, but for its front door and its data."""
    return sorted(
        path
        for path in PACKAGE.rglob("*.py")
        if room_of(path) not in {"__init__", "etc", "labextension"}
    )


# Rooms of `techniques` that others there build on, and what they import from there.
FOUNDATIONS = {"processes": {"error_groups", "interrupts", "processes", "room"}}


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a piece of code imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write imports from the top of the package"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_at_once(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports when it is itself imported."""
    for node in parse(path).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imports(node)


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms that a file imports from, besides its own."""
    names = imports(parse(path))
    inside = (name.split(".") for name in names if name.startswith("jupyter_memkit."))
    return {parts[1] for parts in inside} - {room_of(path), "__version__"}


def test_every_room_has_a_floor() -> None:
    """A new room is entered into the table before anything imports it."""
    assert {room_of(path) for path in modules()} == set(FLOOR_OF)


def test_arrows_point_down() -> None:
    """A file imports only from rooms on floors below its own."""
    upwards = [
        (path, room)
        for path in modules()
        for room in imported_rooms(path)
        if FLOOR_OF[room] >= FLOOR_OF[room_of(path)]
    ]
    assert upwards == []


def test_foundations_know_nothing_of_what_stands_on_them() -> None:
    """The engine of child processes knows neither cells nor chunks."""
    start = "jupyter_memkit.techniques."
    upwards = [
        (path, name)
        for path in modules()
        if path.parent.name in FOUNDATIONS
        for name in imports(parse(path))
        if name.startswith(start)
        and name.removeprefix(start).split(".")[0] not in FOUNDATIONS[path.parent.name]
    ]
    assert upwards == []


def test_rooms_without_ipython() -> None:
    """What scripts and servers use does not import IPython."""
    found = [
        (path, name)
        for path in modules()
        if room_of(path) in WITHOUT_IPYTHON
        for name in imports(parse(path))
        if name.split(".")[0] == "IPython"
    ]
    assert found == []


def test_heavy_libraries_are_imported_late() -> None:
    """No file imports a large library when it is itself imported."""
    found = [
        (path, name)
        for path in modules()
        # Those about a library are imported when an object of it was met.
        if path.parent.name != "libraries"
        for name in imported_at_once(path)
        if name.split(".")[0] in HEAVY
    ]
    assert found == []


def test_modules_about_libraries_are_known() -> None:
    """A module of ours that refers to a library of the user's does not keep it."""
    found = [
        (path, name)
        for path in modules()
        if not any(is_within(dotted(path), package) for package in _ABOUT_LIBRARIES)
        for name in imported_at_once(path)
        if name.split(".")[0] not in NEEDED | sys.stdlib_module_names
        and not is_within(name, "jupyter_memkit")
    ]
    assert found == []


def test_nothing_of_ours_runs_where_exceptions_are_dropped() -> None:
    """No finalizer is a Python function, which could lose the user's Ctrl-C.

    The interpreter prints and drops what is raised in ``__del__`` and in the callbacks
    of weak references. A `partial` over what is written in C runs no instruction at
    which a signal could arrive.
    """
    weak = {"finalize", "WeakSet", "WeakKeyDictionary", "WeakValueDictionary"}
    found = []
    for path in modules():
        for node in ast.walk(parse(path)):
            match node:
                case ast.FunctionDef(name="__del__"):
                    found.append((path.name, node.lineno))
                case ast.Attribute(attr=name) | ast.alias(name=name) if name in weak:
                    found.append((path.name, node.lineno))
                case ast.Call(func=ast.Attribute(attr="ref"), args=[_, callback]):
                    if not ast.unparse(callback).split("(")[0].endswith("partial"):
                        found.append((path.name, node.lineno))
                case _:
                    pass
    assert found == []


def test_named_files_exist() -> None:
    """The files of this repository that docstrings and comments name exist."""
    pattern = re.compile(r"(?:labextension|tests|notebooks)/[\w./-]+\.\w+")
    root = PACKAGE.parent
    missing = [
        (path, name)
        for path in modules()
        for name in pattern.findall(path.read_text())
        if not (root / name).exists()
    ]
    assert missing == []


def test_tests_stand_alone() -> None:
    """No file imports from a test: what several tests need has a file of its own."""
    found = [
        (path, name)
        for path in sorted(TESTS.rglob("*.py"))
        for name in imports(parse(path))
        if name.startswith("tests.") and ".test_" in name
    ]
    assert found == []
