"""Unloading small packages."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from types import ModuleType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import UnloadError
from jupyter_memkit.measure import heap
from jupyter_memkit.techniques.unloading import libraries, unload
from tests.techniques.unloading import baking
from tests.techniques.unloading.packages import assert_refused, load
from tests.waiting import LIMIT_S, press_ctrl_c


def test_package() -> None:
    """A package is removed with its submodules and names, and can be reimported."""
    namespace = load("fruit.pear.core")
    namespace["f"] = namespace["fruit"]
    namespace["core"] = sys.modules["fruit.pear.core"]
    namespace["other"] = 1
    unloaded = unload("fruit", namespace=namespace)
    assert unloaded.name == "fruit"
    assert sorted(unloaded.modules) == [
        "fruit",
        "fruit.apple",
        "fruit.pear",
        "fruit.pear.core",
    ]
    assert sorted(unloaded.names) == ["core", "f", "fruit"]
    assert namespace == {"other": 1}
    assert unloaded.survivors == ()
    assert unloaded.pinned_by == {}
    assert unloaded.freed_bytes is not None
    assert unloaded.freed_bytes >= 0
    assert "fruit.apple" not in sys.modules
    assert importlib.import_module("fruit").apple.peel() is not None


def test_alias() -> None:
    """A name in the namespace stands for its module."""
    namespace = {"a": importlib.import_module("fruit.apple")}
    unloaded = unload("a", namespace=namespace)
    assert (unloaded.name, unloaded.names) == ("fruit.apple", ("a",))


def test_dotted_name() -> None:
    """A submodule is removed from its parent, which is kept."""
    namespace = load("fruit.pear.core")
    unloaded = unload("fruit.pear", namespace=namespace)
    assert sorted(unloaded.modules) == ["fruit.pear", "fruit.pear.core"]
    assert not hasattr(sys.modules["fruit"], "pear")
    assert list(namespace) == ["fruit"]


def test_main_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default namespace is that of __main__."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(
        main, "f", importlib.import_module("fruit.apple"), raising=False
    )
    assert unload("f").names == ("f",)
    # monkeypatch would remove at the end what is gone already.
    main.f = None  # type: ignore[attr-defined] # as any name of a user


def test_dry_run() -> None:
    """A dry run reports, and changes nothing."""
    namespace = load("fruit")
    namespace["peel"] = sys.modules["fruit.apple"].peel
    before = dict(namespace)
    unloaded = unload("fruit", namespace=namespace, dry_run=True)
    assert unloaded.dry_run
    assert unloaded.freed_bytes is None
    assert unloaded.modules == ("fruit", "fruit.apple")
    assert unloaded.names == ("fruit",)
    assert unloaded.pinned_by == {"fruit.apple": "the name peel"}
    assert namespace == before
    assert "fruit" in sys.modules


def test_several() -> None:
    """Several are unloaded together; references between them do not survive."""
    namespace = load("fruit", "cook")
    unloaded = unload("fruit", "cook", namespace=namespace)
    assert unloaded.name == "fruit, cook"
    assert unloaded.survivors == ()


def test_one_of_several_is_refused() -> None:
    """If one is refused, none is unloaded."""
    assert_refused(load("fruit"), "fruit", "sys", match="^sys stays")


def test_another_module_holds_it() -> None:
    """A survivor is reported with the attribute that holds it."""
    namespace = load("fruit", "cook")
    unloaded = unload("fruit", namespace=namespace)
    assert unloaded.survivors == ("fruit.apple",)
    assert unloaded.pinned_by == {"fruit.apple": "cook.apple"}


def test_name_of_a_function_holds_it() -> None:
    """A function that keeps its module in memory is reported, but not removed."""
    namespace = load("fruit")
    namespace["peel"] = sys.modules["fruit.apple"].peel
    unloaded = unload("fruit", namespace=namespace)
    assert unloaded.survivors == ("fruit.apple",)
    assert unloaded.pinned_by == {"fruit.apple": "the name peel"}
    assert namespace["peel"]() is not None


def test_names() -> None:
    """With ``names`` only the library's functions and classes are removed as well."""
    namespace = load("fruit") | {"other": print}
    apple = sys.modules["fruit.apple"]
    namespace |= {"peel": apple.peel, "Apple": apple.Apple}
    del apple
    unloaded = unload("fruit", namespace=namespace, names=True)
    assert unloaded.names == ("fruit", "peel", "Apple")
    assert (unloaded.code_names, unloaded.survivors) == ({}, ())
    assert list(namespace) == ["other"]


def test_container_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder deep in another module is reported with the path."""
    cook = ModuleType("kitchen")
    cook.shelf = {"jars": [load("fruit")["fruit"].apple.peel]}  # type: ignore[attr-defined] # as any module
    monkeypatch.setitem(sys.modules, "kitchen", cook)
    unloaded = unload("fruit", namespace={})
    assert unloaded.survivors == ("fruit.apple",)
    assert unloaded.pinned_by == {"fruit.apple": "kitchen.shelf['jars'][0]"}


def test_output_of_an_object_holds_it(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function in an output is reported by its place in Out."""
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    peel = load("fruit")["fruit"].apple.peel
    shell.user_ns["Out"][5] = peel
    del peel
    assert unload("fruit", namespace={}).pinned_by == {"fruit.apple": "Out[5]"}
    shell.user_ns["Out"].clear()


def test_size_of_a_module() -> None:
    """The estimate counts what a module holds, but not what others hold."""
    namespace = load("fruit")
    before_bytes = unload("fruit", namespace=namespace, dry_run=True).imported_bytes
    apple = sys.modules["fruit.apple"]
    apple.stock = [bytes(1_000_000)]  # type: ignore[attr-defined] # as any module
    apple.others = re  # type: ignore[attr-defined]
    unloaded = unload("fruit", namespace=namespace, dry_run=True)
    assert 1_000_000 < unloaded.imported_bytes - before_bytes < 1_001_000


def test_second_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is registered under two names is removed under both."""
    namespace = load("fruit")
    monkeypatch.setitem(sys.modules, "lone_apple", namespace["fruit"].apple)
    assert "lone_apple" in unload("fruit", namespace=namespace).modules


def test_private_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """A separate part of a library is removed with it."""
    monkeypatch.setitem(sys.modules, "_fruit_core", ModuleType("_fruit_core"))
    assert "_fruit_core" in unload("fruit", namespace=load("fruit")).modules


def test_output_cache_holds_it() -> None:
    """A module in an output is reported by its place in Out."""
    namespace = load("fruit")
    namespace["Out"] = {3: namespace["fruit"]}
    unloaded = unload("fruit", namespace=namespace)
    assert unloaded.pinned_by == {"fruit": "Out[3]"}


def test_objects_are_alive() -> None:
    """A module whose objects are alive is refused, and the message names them."""
    namespace = load("fruit")
    peel = sys.modules["fruit.apple"].peel
    namespace |= {"a": peel(), "nested": [{"key": (1, peel())}], "free": [1, [2]]}
    assert_refused(namespace, "fruit", match="delete them first: a, nested$")


def test_shown_objects_are_alive() -> None:
    """A displayed value is named once, by its place in Out."""
    namespace = load("fruit")
    value = sys.modules["fruit.apple"].peel()
    outputs = {3: value}
    namespace |= {"_": value, "_3": value, "Out": outputs, "_oh": outputs}
    assert_refused(namespace, "fruit", match=r"delete them first: Out\[3\]$")


def test_object_of_a_subclass_is_alive() -> None:
    """An object of a user's subclass counts as well."""
    namespace = load("fruit")
    mine = type("Mine", (sys.modules["fruit.apple"].Apple,), {"__module__": "mine"})
    namespace["m"] = mine()
    assert_refused(namespace, "fruit", match="delete them first: m$")


def test_cyclic_container() -> None:
    """A list that contains itself is searched once."""
    namespace = load("fruit")
    cycle: list[Any] = []
    cycle.append(cycle)
    namespace["cycle"] = cycle
    unload("fruit", namespace=namespace)
    assert list(namespace) == ["cycle"]


def test_more_objects_than_a_line_holds() -> None:
    """A long list of names is truncated."""
    namespace = load("fruit")
    peel = sys.modules["fruit.apple"].peel
    namespace |= {f"a{n:02}": peel() for n in range(12)}
    assert_refused(namespace, "fruit", match="a09 and 2 more$")


def test_unknown_name() -> None:
    """A name that is not a module is refused, and the closest module is suggested."""
    assert_refused(load("fruit"), "fruits", match="did you mean fruit\\?")


def test_strange_name() -> None:
    """A name without similar modules is refused with a pointer to the list."""
    assert_refused({}, "IPythn", match="%unload --list shows the loaded")
    assert_refused({}, "qqqqqqqq", match="%unload --list shows the loaded")


def test_variable() -> None:
    """A variable is refused with the line that deletes it."""
    assert_refused(
        {"x": 1}, "x", match=r"x is not a module but a value \(int\); use del x"
    )


def test_module_that_is_gone() -> None:
    """A name of a module that was unloaded elsewhere is refused with the remedy."""
    namespace = load("fruit")
    del sys.modules["fruit"]
    assert_refused(namespace, "fruit", match="delete the name: del fruit")


def test_module_under_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module is found by its key, whatever its own name."""
    module = importlib.import_module("fruit.apple")
    monkeypatch.setattr(module, "__name__", "renamed")
    assert unload("a", namespace={"a": module}).name == "fruit.apple"


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("builtins", "standard library"),
        ("sys", "standard library"),
        ("json.decoder", "standard library"),
        ("IPython", "this kernel runs on it"),
        ("traitlets", "this kernel runs on it"),
        ("jupyter_memkit", "this kernel runs on it"),
        ("__main__", "your own namespace"),
    ],
)
def test_must_stay(name: str, match: str) -> None:
    """Modules that the kernel needs are refused with the reason."""
    assert_refused({}, name, match=match)


@pytest.mark.parametrize("name", ["builtins", "IPython", "os"])
def test_objects_of_what_must_stay(shell: InteractiveShell, name: str) -> None:
    """Objects of what the kernel needs are not offered for deletion."""
    with pytest.raises(UnloadError) as refused:
        unload(name, namespace=shell.user_ns)
    assert "delete" not in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="a test cannot press Ctrl-C there")
def test_ctrl_c_while_it_removes() -> None:
    """A Ctrl-C while modules and names are removed finds all of them gone."""

    class Pressing(dict[str, Any]):
        def __delitem__(self, name: str) -> None:
            press_ctrl_c()
            super().__delitem__(name)

    namespace = Pressing(load("fruit"), again=sys.modules["fruit"])
    with pytest.raises(KeyboardInterrupt):
        unload("fruit", namespace=namespace)
    assert namespace == {}
    assert "fruit" not in sys.modules


def test_numpy_with_arrays() -> None:
    """With arrays alive numpy is refused, and they are named."""
    numpy = pytest.importorskip("numpy")
    namespace = {"np": numpy, "a": numpy.zeros(3), "b": [numpy.zeros(3)], "c": 1}
    assert_refused(namespace, "np", match="delete its objects instead: a, b$")


def test_numpy_without_arrays() -> None:
    """Without arrays numpy is refused as well, because it cannot be imported twice."""
    namespace = {"np": pytest.importorskip("numpy")}
    assert_refused(namespace, "np", match="importing it again would fail; restart")


def test_import_is_going_on() -> None:
    """A module that another thread is importing is refused for now."""
    baking.started, baking.go_on = threading.Event(), threading.Event()
    thread = threading.Thread(target=importlib.import_module, args=("oven.slow",))
    thread.start()
    assert baking.started.wait(LIMIT_S)
    try:
        namespace = {"oven": sys.modules["oven"]}
        assert_refused(namespace, "oven", match=r"oven\.slow is being imported")
    finally:
        baking.go_on.set()
        thread.join()
    assert "oven.slow" in unload("oven", namespace={}).modules


def test_namespace_package() -> None:
    """A namespace package is refused with its parts."""
    assert_refused(load("market.stall"), "market", match=r"unload: market\.stall$")


def test_lazy_module_is_not_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects in sys.modules that are not modules are not accessed."""

    class Lazy:
        def __getattr__(self, name: str) -> object:
            pytest.fail(f"asked for {name}")

    class Slotted:
        __slots__ = ()

    monkeypatch.setitem(sys.modules, "lazy_thing", Lazy())
    monkeypatch.setitem(sys.modules, "fruit.slotted", Slotted())
    unloaded = unload("fruit", namespace=load("fruit"))
    assert "fruit.slotted" in unloaded.modules


def test_proxies_are_not_asked() -> None:
    """The code of an object that claims another type is not run."""

    class Proxy:
        @property  # type: ignore[misc] # as proxies do
        def __class__(self) -> type:
            pytest.fail("asked for its class")

    namespace = load("fruit", "cook") | {"proxy": Proxy(), "many": [Proxy()]}
    vars(sys.modules["cook"])["proxy"] = Proxy()
    libraries(namespace)
    assert "fruit" in unload("fruit", namespace=namespace, names=True).modules


def test_no_allocator_to_trim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ctypes nothing is trimmed, without an error."""
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert heap.trim_allocator() is False
