"""Emptying modules, and those that must not be emptied."""

from __future__ import annotations

import atexit
import importlib
import sys
import threading

import pytest

from jupyter_memkit.techniques.unloading import unload
from jupyter_memkit.techniques.unloading.emptying import empty
from tests.techniques.unloading import baking
from tests.techniques.unloading.packages import assert_refused, load


def test_deep() -> None:
    """The namespaces are emptied, and a second import works."""
    namespace = load("fruit")
    attributes = vars(sys.modules["fruit.apple"])
    unloaded = unload("fruit", namespace=namespace, deep=True)
    assert unloaded.deep
    assert attributes.pop("__builtins__") is not None
    assert set(attributes.values()) == {None}
    assert importlib.import_module("fruit.apple").peel() is not None


def test_order() -> None:
    """Names with one underscore are emptied first, the builtins never, as at exit."""
    order = []

    class Names(dict[str, object]):
        def __setitem__(self, key: str, value: object) -> None:
            order.append((key, value))

    empty(Names(a=1, _b=1, __c__=1, __builtins__=1, _=1))
    assert order == [
        *(("_b", None), ("_", None)),
        *(("a", None), ("_b", None), ("__c__", None), ("_", None)),
    ]


def test_dry_run() -> None:
    """A dry run empties nothing."""
    namespace = load("fruit")
    assert unload("fruit", namespace=namespace, deep=True, dry_run=True).deep
    assert namespace["fruit"].apple.peel is not None


def test_objects_are_alive() -> None:
    """Refused while objects of it are alive."""
    namespace = load("fruit")
    namespace["a"] = sys.modules["fruit.apple"].peel()
    assert_refused(namespace, "fruit", match="delete them first: a$", deep=True)


def test_function_has_a_name() -> None:
    """Refused while one of its functions has a name, unless that is deleted, too."""
    namespace = load("fruit") | {"p": sys.modules["fruit.apple"].peel}
    assert_refused(namespace, "fruit", match="classes: p; add --names", deep=True)
    assert unload("fruit", namespace=namespace, deep=True, names=True).names[1] == "p"


def test_another_library_uses_it() -> None:
    """Refused while another library would break; both can be unloaded together."""
    namespace = load("fruit", "cook")
    assert_refused(namespace, "fruit", match="use it: cook; name them", deep=True)
    assert unload("fruit", "cook", namespace=namespace, deep=True).survivors == ()


def test_exit_callback_with_arguments() -> None:
    """Refused while it has an exit callback that cannot be called now."""
    namespace = load("fruit")
    apple = sys.modules["fruit.apple"]
    exec("def clean(it): pass", vars(apple))
    atexit.register(apple.clean, "it")
    try:
        match = r"fruit\.apple\.clean will be called at the end"
        assert_refused(namespace, "fruit", match=match, deep=True)
    finally:
        atexit.unregister(apple.clean)


def test_thread_runs_it() -> None:
    """Refused while a thread runs its code."""
    baking.started, baking.go_on = threading.Event(), threading.Event()
    namespace = load("fruit")
    apple = sys.modules["fruit.apple"]
    exec("def ripen(started, go_on):\n    started.set()\n    go_on.wait()", vars(apple))
    arguments = baking.started, baking.go_on
    thread = threading.Thread(target=apple.ripen, args=arguments, name="sun")
    thread.start()
    try:
        assert baking.started.wait(30)
        assert_refused(namespace, "fruit", match="thread sun runs its", deep=True)
    finally:
        baking.go_on.set()
        thread.join()


def test_compiled_module_uses_it() -> None:
    """Refused if a compiled module would call emptied functions."""
    pytest.importorskip("sklearn.utils")
    assert_refused({}, "sklearn", match="its compiled module sklearn", deep=True)
