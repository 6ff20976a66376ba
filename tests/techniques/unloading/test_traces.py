"""Registrations of a library are removed with it, but not those of others."""

from __future__ import annotations

import atexit
import codecs
import copyreg
import gc
import logging
import sys
import typing
import warnings
import weakref
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.techniques.unloading import unload

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

STALL = """
import logging

class Fig: pass
class Handler(logging.Handler):
    closed = []
    def emit(self, record): pass
    def close(self):
        self.closed.append(True)
        super().close()
class Filter(logging.Filter): pass
class Finder:
    def find_spec(self, *_): return None
class Ripe(Warning): pass
calls = []
def clean(): calls.append("clean")
def clean_that(that): calls.append(that)
def search(name): return None
def hook(path): raise ImportError
def reduce(fig): return Fig, ()
def ripe(logger, *_): pass
def show(fig): return "a fig"
def after_cell(): pass
def format(*_): return ""
"""


@pytest.fixture
def stall(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Import a library that can register itself everywhere."""
    (tmp_path / "stall.py").write_text(STALL)
    monkeypatch.syspath_prepend(str(tmp_path))
    import stall  # type: ignore[import-not-found] # noqa: PLC0415 - just written

    return stall


def test_exit_callbacks(stall: Any) -> None:
    """A callback without arguments is called and removed; others are kept."""
    other: list[str] = []
    atexit.register(stall.clean)
    atexit.register(stall.clean_that, "a basket")
    atexit.register(other.append, "mine")
    try:
        unloaded = unload("stall", namespace={})
        assert stall.calls == ["clean"]
        expected = "the exit callback stall.clean, which was called"
        assert unloaded.traces == (expected,)
        assert other == []
    finally:
        atexit.unregister(stall.clean_that)
        atexit.unregister(other.append)


@pytest.mark.usefixtures("stall")
def test_exit_callback_that_exits() -> None:
    """An exit callback that calls `sys.exit` does not stop the unloading."""

    def leave() -> None:
        raise SystemExit

    leave.__module__ = "stall"
    atexit.register(leave)
    unloaded = unload("stall", namespace={})
    assert len(unloaded.traces) == 1
    assert "stall" not in sys.modules


def test_codecs(stall: Any) -> None:
    """Its search for encodings is removed, and those of others are kept."""

    def mine(name: str) -> Any:
        return codecs.lookup("utf-8") if name == "mine" else None

    codecs.register(stall.search)
    codecs.register(mine)
    try:
        assert unload("stall", namespace={}).traces == (
            "the codec search stall.search",
        )
        assert codecs.lookup("mine").name == "utf-8"
    finally:
        codecs.unregister(mine)


def test_import_hooks(stall: Any) -> None:
    """Its finders and path hooks are removed."""
    before = list(sys.meta_path), list(sys.path_hooks)
    sys.meta_path.insert(0, stall.Finder())
    sys.path_hooks.insert(0, stall.hook)
    assert unload("stall", namespace={}).traces == (
        "the import hook stall.Finder",
        "the import hook stall.hook",
    )
    assert (sys.meta_path, sys.path_hooks) == before


def test_logs(stall: Any) -> None:
    """Its handlers are closed and removed; so are filters, and methods for a level."""
    logger = logging.getLogger("market")
    own = logging.NullHandler()
    logger.addHandler(own)
    logger.addHandler(stall.Handler())
    logger.addFilter(stall.Filter())
    logging.addLevelName(7, "RIPE")
    logging.Logger.ripe = stall.ripe  # type: ignore[attr-defined] # as libraries do
    assert unload("stall", namespace={}).traces == (
        "stall.Filter of the logger market",
        "stall.Handler of the logger market",
        "the method ripe of all loggers",
    )
    assert (logger.handlers, logger.filters) == ([own], [])
    assert stall.Handler.closed == [True]
    assert not hasattr(logger, "ripe")
    logger.removeHandler(own)


def test_pickling(stall: Any) -> None:
    """Its pickling functions are removed."""
    before = dict(copyreg.dispatch_table)
    copyreg.pickle(stall.Fig, stall.reduce)
    assert unload("stall", namespace={}).traces == ("the pickling of Fig",)
    assert copyreg.dispatch_table == before


@pytest.mark.skipif(sys.version_info < (3, 11), reason="overloads are not kept")
def test_typing(stall: Any) -> None:
    """Its overloads are cleared, those of others kept; caches do not refer to it."""
    exec(
        "import typing\n@typing.overload\ndef cut(x: int) -> int: ...\n",
        vars(stall),
    )

    @typing.overload
    def cut(_: int) -> int: ...
    @typing.overload
    def cut(_: str) -> str: ...
    def cut(_: Any) -> Any:
        pass

    kind = weakref.ref(stall.Fig)
    typing.Optional[stall.Fig]  # noqa: UP045 - is cached
    traces = unload("stall", namespace={}).traces
    assert traces == ("the overloads of 1 function, kept by typing",)
    assert len(typing.get_overloads(cut)) == 2
    del stall.Fig, stall.Handler, stall.reduce
    gc.collect()
    assert kind() is None


def test_warnings(stall: Any) -> None:
    """Its filters, its writers and its shown warnings are removed."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", stall.Ripe)
        filters = len(warnings.filters)
        writer = warnings.formatwarning
        warnings.formatwarning = stall.format
        shown = vars(sys.modules[__name__]).setdefault("__warningregistry__", {})
        shown["a text", stall.Ripe, 1] = True
        assert unload("stall", namespace={}).traces == (
            "1 warning filter",
            "its own warnings.formatwarning",
        )
        assert len(warnings.filters) == filters - 1
        assert warnings.formatwarning is writer
        assert not any(stall.Ripe in key for key in shown if isinstance(key, tuple))


def test_shell(
    stall: Any, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its formatters and callbacks are removed; those of others are kept by name."""
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert shell.display_formatter is not None
    plain = shell.display_formatter.formatters["text/plain"]
    rich = shell.display_formatter.formatters["text/html"]
    rich.for_type(stall.Fig, stall.show)
    plain.for_type(stall.Fig, mine := (lambda *_: None))
    shell.events.register("post_run_cell", stall.after_cell)
    assert unload("stall", namespace={}).traces == (
        "the formatter of stall.Fig",
        "stall.after_cell at post_run_cell",
    )
    assert stall.Fig not in rich.type_printers
    assert plain.deferred_printers["stall", "Fig"] is mine
    assert stall.after_cell not in shell.events.callbacks["post_run_cell"]
