"""What holds a deleted value is named with a remedy that works."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from types import ModuleType

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.release import free

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

MIB = 1024 * 1024


def test_part_of_a_value(shell: InteractiveShell) -> None:
    """A view that keeps the array of a deleted container is named."""
    shell.run_cell("import numpy as np; data = {'x': np.ones(1 << 18)}")
    shell.run_cell("view = data['x'][:10]; big = np.ones(1 << 18)")
    held = free("data", shell=shell).held["data"]
    assert not held.is_value
    assert held.bytes // MIB == 2
    assert (held.holders, held.remedies) == (("view.base",), ("%memfree view",))


@pytest.mark.parametrize("after", [(), ("1",), ("1", "2", "3"), ("1 / 0",)])
def test_shown_part_of_a_value(shell: InteractiveShell, after: tuple[str, ...]) -> None:
    """A part that a cell has shown goes with the outputs, where IPython keeps it."""
    shell.run_cell("import numpy as np; data = {'x': np.ones(1 << 18)}")
    watch = weakref.ref(shell.user_ns["data"]["x"])
    for cell in ("data['x']", *after):
        shell.run_cell(cell, store_history=True)
    held = free("data", shell=shell).held["data"]
    assert held.remedies == ("%memfree --outputs",)
    shell.run_cell(*held.remedies).raise_error()
    assert watch() is None


def test_initial_variables(shell: InteractiveShell) -> None:
    """The copy of a start-up file's variable is one of that variable while it lives."""
    shell.run_cell(
        "import numpy as np; data = {'x': np.ones(1 << 18)}; part = data['x']"
    )
    watch = weakref.ref(shell.user_ns["part"])
    shell.user_ns_hidden["part"] = shell.user_ns["part"]
    held = free("data", shell=shell).held["data"]
    assert (held.holders, held.remedies) == (("part",), ("%memfree part",))
    shell.run_cell("data = {'x': part}; del part")
    held = free("data", shell=shell).held["data"]
    assert held.holders == ("get_ipython().user_ns_hidden['part']",)
    assert held.remedies == ()
    del shell.user_ns_hidden["part"]
    assert watch() is None


def test_several_names(shell: InteractiveShell) -> None:
    """All names of a value are in the remedy; a list and an output are as well."""
    shell.run_cell("import collections; data = collections.deque([1.5])")
    shell.run_cell("other = more = data; listed = [data]")
    shell.run_cell("[data]", store_history=True)
    held = free("data", shell=shell).held["data"]
    assert {"other", "more", "listed[0]"} < set(held.holders)
    watch = weakref.ref(shell.user_ns["other"])
    (remedy,) = held.remedies
    assert remedy == "%memfree other more listed --outputs"
    shell.run_cell(remedy).raise_error()
    assert watch() is None


def test_names_that_hold_each_other(shell: InteractiveShell) -> None:
    """What is deleted together is not named, whatever the order."""
    shell.run_cell("import numpy as np; a = np.ones(1 << 18); b = [a]; ring = [a]")
    shell.run_cell("ring.append(ring); again = [a]; again.append(again)")
    assert free("a", "b", "ring", "again", shell=shell).held == {}


def test_collections_of_many_names(shell: InteractiveShell) -> None:
    """Many lists take as few full collections as one, because each takes long."""
    started: list[int] = []

    def count(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            started.append(1)

    counts = []
    for n_names in (1, 30):
        names = [f"list_{number}" for number in range(n_names)]
        shell.user_ns.update({name: [1.5] for name in names})
        started.clear()
        gc.callbacks.append(count)
        try:
            free(*names, shell=shell)
        finally:
            gc.callbacks.remove(count)
        counts.append(len(started))
    assert counts[1] <= counts[0] + 1


def test_cache(shell: InteractiveShell) -> None:
    """A value in a cache leaves with the cache's content, and the function stays."""
    shell.run_cell(
        "import functools\nclass Model: pass\n"
        "@functools.lru_cache\ndef score(model): return 1\n"
        "model = Model(); score(model)"
    )
    watch = weakref.ref(shell.user_ns["model"])
    held = free("model", shell=shell).held["model"]
    assert held.holders == ("score (cache of a function)",)
    assert held.remedies == ("score.cache_clear()", "%memfree")
    for line in held.remedies:
        shell.run_cell(line).raise_error()
    assert watch() is None


def test_closure(shell: InteractiveShell) -> None:
    """A function that uses the value from outside is named as one."""
    shell.run_cell(
        "class Model: pass\ndef make(model): return lambda: model\n"
        "model = Model(); predict = make(model)"
    )
    held = free("model", shell=shell).held["model"]
    assert held.holders == ("predict.__closure__[0] (function)",)
    assert held.remedies == ("%memfree predict",)


PLUGIN = """\
class Plugin:
    registry = []
    class Inner:
        registry = []
def register(data, kept=[]): kept.append(data)
"""


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module that registers values."""
    module = ModuleType("memkit_plugin")
    exec(PLUGIN, vars(module))
    monkeypatch.setitem(sys.modules, "memkit_plugin", module)
    yield
    vars(module).clear()


@pytest.mark.parametrize(
    ("code", "holder"),
    [
        (
            "p = memkit_plugin.Plugin(); p.registry.append(data)",
            "memkit_plugin.Plugin.registry[0]",
        ),
        (
            "p = [memkit_plugin.Plugin.Inner()]; p[0].registry.append(data)",
            "memkit_plugin.Plugin.Inner.registry[0]",
        ),
        (
            "class Mine(memkit_plugin.Plugin): pass\nMine.registry.append(data)",
            "memkit_plugin.Plugin.registry[0]",
        ),
        (
            "from memkit_plugin import Plugin; Plugin.registry.append(data)",
            "memkit_plugin.Plugin.registry[0]",
        ),
        (
            "from memkit_plugin import register; register(data)",
            "memkit_plugin.register.__defaults__[0][0]",
        ),
        (
            "kept = memkit_plugin.Plugin.registry; kept.append(data)",
            "memkit_plugin.Plugin.registry[0]",
        ),
    ],
    ids=["instance", "inner", "subclass", "class", "function", "list"],
)
@pytest.mark.usefixtures("plugin")
def test_held_in_a_module(shell: InteractiveShell, code: str, holder: str) -> None:
    """What a module keeps is named by it, and no variable is offered for deletion."""
    shell.run_cell("import memkit_plugin, numpy as np; data = np.ones(1 << 18)")
    shell.run_cell(code).raise_error()
    held = free("data", shell=shell).held["data"]
    assert (held.holders, held.remedies) == ((holder,), ())


@pytest.mark.parametrize(
    ("code", "holders"),
    [
        (
            "class Job: jobs = []\nJob.jobs.append(data); job = Job()",
            {"Job.jobs[0]", "job → type.jobs[0]"},
        ),
        ("listed = [data]; again = listed", {"listed[0]", "again[0]"}),
        (
            "listed = [data]; deep = {'a': (listed,)}",
            {"listed[0]", "deep['a'][0][0]"},
        ),
        ("listed = [data]; listed", {"listed[0]"}),
        ("listed = [data]; [listed]", {"listed[0]", "Out[{}][0][0]"}),
    ],
    ids=["class", "names", "nested", "output", "nested output"],
)
def test_every_path(shell: InteractiveShell, code: str, holders: set[str]) -> None:
    """The remedy releases a value that is held along several paths."""
    shell.run_cell("import numpy as np; data = np.ones(1 << 18)").raise_error()
    shell.run_cell(code, store_history=True).raise_error()
    number = shell.execution_count - 1
    watch = weakref.ref(shell.user_ns["data"])
    held = free("data", shell=shell).held["data"]
    assert set(held.holders) == {each.format(number) for each in holders}
    assert watch() is not None
    for line in held.remedies:
        shell.run_cell(line).raise_error()
    assert watch() is None


def test_hooks_of_other_values(shell: InteractiveShell) -> None:
    """Hooks are refused for what is not of torch, and nothing is deleted."""
    shell.run_cell("data = [1.5]; more = {}")
    with pytest.raises(MemkitError, match="%memfree data more deletes without it"):
        free("data", "more", hooks=True, shell=shell)
    with pytest.raises(MemkitError, match="name it as well"):
        free(hooks=True, shell=shell)
    assert {"data", "more"} <= set(shell.user_ns)
    shell.run_cell("%memfree data more").raise_error()
