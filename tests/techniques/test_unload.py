"""Unloading small packages, and real libraries in processes of their own."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jupyter_memkit.errors import UnloadError
from jupyter_memkit.techniques import allocator
from jupyter_memkit.techniques.unload import unload

FILES = {
    "fruit/__init__.py": "from fruit import apple\n",
    "fruit/apple.py": "class Apple: pass\ndef peel(): return Apple()\nkind = 'sweet'\n",
    "fruit/pear/__init__.py": "",
    "fruit/pear/core.py": "import fruit.apple\n",
    "cook/__init__.py": "import fruit.apple as apple\nfrom fruit.apple import peel\n",
    "market/stall.py": "",
}

Namespace = dict[str, Any]


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small packages that can be imported."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    for name in list(sys.modules):
        if name.partition(".")[0] in {"fruit", "cook", "market"}:
            del sys.modules[name]


def load(*names: str) -> Namespace:
    """Import modules and return a namespace like that of ``import a.b, c``."""
    for name in names:
        importlib.import_module(name)
    return {
        name.partition(".")[0]: sys.modules[name.partition(".")[0]] for name in names
    }


def assert_refused(namespace: Namespace, *names: str, match: str) -> None:
    """Refused with this sentence, and everything is as it was."""
    before = dict(namespace), set(sys.modules)
    with pytest.raises(UnloadError, match=match) as caught:
        unload(*names, namespace=namespace)
    assert "\n" not in str(caught.value)
    assert (namespace, set(sys.modules)) == before


def test_package() -> None:
    """The package goes with its submodules and its names, and can come back."""
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
    """A submodule goes from its parent; the parent stays."""
    namespace = load("fruit.pear.core")
    unloaded = unload("fruit.pear", namespace=namespace)
    assert sorted(unloaded.modules) == ["fruit.pear", "fruit.pear.core"]
    assert not hasattr(sys.modules["fruit"], "pear")
    assert list(namespace) == ["fruit"]


def test_main_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a namespace the names of __main__ are meant."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(
        main, "f", importlib.import_module("fruit.apple"), raising=False
    )
    assert unload("f").names == ("f",)
    # What monkeypatch takes away at the end is gone already.
    main.f = None  # type: ignore[attr-defined] # as any name of a user


def test_dry_run() -> None:
    """A dry run tells and changes nothing."""
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
    """Several go together; what they hold of each other does not survive."""
    namespace = load("fruit", "cook")
    unloaded = unload("fruit", "cook", namespace=namespace)
    assert unloaded.name == "fruit, cook"
    assert unloaded.survivors == ()


def test_one_of_several_is_refused() -> None:
    """When one is refused, none is unloaded."""
    assert_refused(load("fruit"), "fruit", "sys", match="^sys stays")


def test_another_module_holds_it() -> None:
    """A survivor is told with the attribute that holds it."""
    namespace = load("fruit", "cook")
    unloaded = unload("fruit", namespace=namespace)
    assert unloaded.survivors == ("fruit.apple",)
    assert unloaded.pinned_by == {"fruit.apple": "cook.apple"}


def test_name_of_a_function_holds_it() -> None:
    """A function keeps its module in memory, is told, and is not removed."""
    namespace = load("fruit")
    namespace["peel"] = sys.modules["fruit.apple"].peel
    unloaded = unload("fruit", namespace=namespace)
    assert unloaded.survivors == ("fruit.apple",)
    assert unloaded.pinned_by == {"fruit.apple": "the name peel"}
    assert namespace["peel"]() is not None


def test_output_cache_holds_it() -> None:
    """A module that was shown is told by its place in Out."""
    namespace = load("fruit")
    namespace["Out"] = {3: namespace["fruit"]}
    unloaded = unload("fruit", namespace=namespace)
    assert unloaded.pinned_by == {"fruit": "Out[3]"}


def test_objects_are_alive() -> None:
    """A module whose objects are alive stays, and the message names them."""
    namespace = load("fruit")
    peel = sys.modules["fruit.apple"].peel
    namespace |= {"a": peel(), "nested": [{"key": (1, peel())}], "free": [1, [2]]}
    assert_refused(namespace, "fruit", match="delete them first: a, nested$")


def test_shown_objects_are_alive() -> None:
    """A value that was shown is named once, by its place in Out."""
    namespace = load("fruit")
    value = sys.modules["fruit.apple"].peel()
    outputs = {3: value}
    namespace |= {"_": value, "_3": value, "Out": outputs, "_oh": outputs}
    assert_refused(namespace, "fruit", match=r"delete them first: Out\[3\]$")


def test_object_of_a_subclass_is_alive() -> None:
    """An object of the user's own subclass counts as well."""
    namespace = load("fruit")
    mine = type("Mine", (sys.modules["fruit.apple"].Apple,), {"__module__": "mine"})
    namespace["m"] = mine()
    assert_refused(namespace, "fruit", match="delete them first: m$")


def test_cyclic_container() -> None:
    """A list that holds itself is looked through once."""
    namespace = load("fruit")
    cycle: list[Any] = []
    cycle.append(cycle)
    namespace["cycle"] = cycle
    unload("fruit", namespace=namespace)
    assert list(namespace) == ["cycle"]


def test_more_objects_than_a_line_holds() -> None:
    """A long list of names is cut."""
    namespace = load("fruit")
    peel = sys.modules["fruit.apple"].peel
    namespace |= {f"a{n:02}": peel() for n in range(12)}
    assert_refused(namespace, "fruit", match="a09 and 2 more$")


def test_unknown_name() -> None:
    """A name that is no module is refused with the nearest one that is."""
    assert_refused(load("fruit"), "fruits", match="did you mean fruit\\?")


def test_strange_name() -> None:
    """A name like nothing loaded is refused with what to give."""
    assert_refused({}, "qqqqqqqq", match="give the name that was imported")


def test_variable() -> None:
    """A variable is refused with the way to delete it."""
    assert_refused(
        {"x": 1}, "x", match=r"x is no module but a value \(int\); use del x"
    )


def test_module_that_is_gone() -> None:
    """A name of a module that was unloaded elsewhere is refused with the cure."""
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
    """What the kernel needs is refused with the reason."""
    assert_refused({}, name, match=match)


def test_numpy_with_arrays() -> None:
    """With arrays alive numpy stays, and they are named."""
    numpy = pytest.importorskip("numpy")
    namespace = {"np": numpy, "a": numpy.zeros(3), "b": [numpy.zeros(3)], "c": 1}
    assert_refused(namespace, "np", match="delete its objects instead: a, b$")


def test_numpy_without_arrays() -> None:
    """Without arrays numpy stays as well, since it cannot be imported twice."""
    namespace = {"np": pytest.importorskip("numpy")}
    assert_refused(namespace, "np", match="importing it again would fail; restart")


def test_import_is_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is being imported, in any thread, stays for now."""
    namespace = load("fruit")
    spec = sys.modules["fruit.apple"].__spec__
    monkeypatch.setattr(spec, "_initializing", True)
    assert_refused(namespace, "fruit", match=r"fruit\.apple is being imported")


def test_namespace_package() -> None:
    """A namespace package is refused with its parts."""
    assert_refused(load("market.stall"), "market", match=r"go: market\.stall$")


def test_lazy_module_is_not_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Things in sys.modules that are no modules are left in peace."""

    class Lazy:
        def __getattr__(self, name: str) -> object:
            pytest.fail(f"asked for {name}")

    class Slotted:
        __slots__ = ()

    monkeypatch.setitem(sys.modules, "lazy_thing", Lazy())
    monkeypatch.setitem(sys.modules, "fruit.slotted", Slotted())
    unloaded = unload("fruit", namespace=load("fruit"))
    assert "fruit.slotted" in unloaded.modules


def test_no_allocator_to_trim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ctypes nothing is trimmed, and that is no error."""
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert allocator.trim_allocator() is False


LIBRARIES = {
    "pandas": """
        import pandas
        frame = pandas.DataFrame({"a": [1, 2, 1], "b": [1.0, 2.0, 3.0]})
        assert isinstance(frame.groupby("a").b.sum(), pandas.Series)
        assert frame.merge(frame, on="a").shape == (5, 3)
        assert pandas.to_datetime(["2020-01-01"]).year[0] == 2020
        del frame
    """,
    "matplotlib": """
        import io, matplotlib
        matplotlib.use("agg")
        from matplotlib import pyplot as plt
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        figure.savefig(io.BytesIO())
        plt.close(figure)
        del figure, axes
    """,
    "pyarrow": """
        import pyarrow, pyarrow.parquet, io
        table = pyarrow.table({"a": [1, 2]})
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table, buffer)
        assert pyarrow.parquet.read_table(buffer).equals(table)
        del table
    """,
}


def run_script(script: str) -> str:
    """Run a script in a process of its own and return what it printed."""
    # pyarrow's threads may abort at the end of any process; that is not ours to test.
    script += "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.parametrize("name", LIBRARIES)
def test_real_library(name: str) -> None:
    """A real library is unloaded, imported again, and works."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    smoke = textwrap.dedent(LIBRARIES[name])
    script = (
        f"{smoke}\nfrom jupyter_memkit import unload\nimport sys\n"
        f"print(len(unload({name!r}).modules) > 10, {name!r} in sys.modules)\n{smoke}"
    )
    assert run_script(script) == "True False\n"


def test_pandas_after_pyarrow_has_seen_it() -> None:
    """A second pandas is known to the pyarrow that knew the first."""
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    smoke = """
import io, pandas, pyarrow
frame = pandas.DataFrame({"a": [1, 2], "s": ["x", "y"]})
frame["p"] = pandas.period_range("2020", periods=2, freq="M")
back = pyarrow.Table.from_pandas(frame).to_pandas()
assert isinstance(back, pandas.DataFrame) and back.equals(frame)
buffer = io.BytesIO()
frame.to_parquet(buffer)
assert pandas.read_parquet(buffer).equals(frame)
del frame, back
"""
    script = f"{smoke}\nfrom jupyter_memkit import unload\nunload('pandas')\n{smoke}"
    assert run_script(script) == ""


def test_pyarrow_that_cannot_forget_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pyarrow that cannot forget it, pandas stays."""
    pandas, lib = ModuleType("pandas"), ModuleType("pyarrow.lib")
    pandas.__file__ = "pandas.py"
    monkeypatch.setattr(sys, "modules", {**sys.modules, "pandas": pandas})
    monkeypatch.setitem(sys.modules, "pyarrow.lib", lib)
    lib.other = 1  # type: ignore[attr-defined] # a module is an open namespace
    assert_refused({"pandas": pandas}, "pandas", match="this version of pyarrow")
