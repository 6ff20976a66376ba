"""What holds a deleted value is named with a remedy that works."""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.holder_buffers import find_users, read_blocks
from jupyter_memkit.measure.large_parts import find_large_parts
from jupyter_memkit.techniques.release import free

MIB = 1024 * 1024


def test_part_of_a_value(shell: InteractiveShell) -> None:
    """A view that keeps the array of a deleted container is named."""
    shell.run_cell("import numpy as np; data = {'x': np.ones(1 << 18)}")
    shell.run_cell("view = data['x'][:10]; big = np.ones(1 << 18)")
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
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
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
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
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
    assert (held.holders, held.remedies) == (("part",), ("%memfree part",))
    shell.run_cell("data = {'x': part}; del part")
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
    assert held.holders == ("get_ipython().user_ns_hidden['part']",)
    assert held.remedies == ()
    del shell.user_ns_hidden["part"]
    assert watch() is None


def test_several_names(shell: InteractiveShell) -> None:
    """All names of a value are in the remedy; a list and an output are as well."""
    shell.run_cell("import collections; data = collections.deque([1.5])")
    shell.run_cell("other = more = data; listed = [data]")
    shell.run_cell("[data]", store_history=True)
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
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
    assert free("a", "b", "ring", "again", budget_s=math.inf, shell=shell).held == {}


def test_cache(shell: InteractiveShell) -> None:
    """A value in a cache leaves with the cache's content, and the function stays."""
    shell.run_cell(
        "import functools\nclass Model: pass\n"
        "@functools.lru_cache\ndef score(model): return 1\n"
        "model = Model(); score(model)"
    )
    watch = weakref.ref(shell.user_ns["model"])
    held = free("model", budget_s=math.inf, shell=shell).held["model"]
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
    held = free("model", budget_s=math.inf, shell=shell).held["model"]
    assert held.holders == ("predict.__closure__[0] (function)",)
    assert held.remedies == ("%memfree predict",)


@pytest.mark.parametrize(
    ("code", "holder"),
    [
        ("import polars; kept = polars.Series(data)", "kept"),
        ("import pyarrow; kept = [pyarrow.py_buffer(data)]", "kept[0]"),
        ("import pyarrow; kept = {'a': pyarrow.array(data)}", "kept['a']"),
        ("import torch; kept = torch.from_numpy(data)", "kept"),
    ],
)
def test_made_of_an_array(shell: InteractiveShell, code: str, holder: str) -> None:
    """What another library made of an array, which no reference shows, is named."""
    pytest.importorskip(code.split()[1].rstrip(";"))
    shell.run_cell("import numpy as np; data = np.ones(1 << 18)")
    shell.run_cell(code).raise_error()
    watch = weakref.ref(shell.user_ns["data"])
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
    assert (held.holders, held.remedies) == ((holder,), ("%memfree kept",))
    shell.run_cell(held.remedies[0]).raise_error()
    assert watch() is None


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
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
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
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
    assert set(held.holders) == {each.format(number) for each in holders}
    assert watch() is not None
    for line in held.remedies:
        shell.run_cell(line).raise_error()
    assert watch() is None


PICKLED = "import pickle; {0} = pickle.loads(pickle.dumps({0}))"
TAKEN = "{0} = {0}.take(list(range(len({0}))))"
ARROW = "pa.array(np.arange(1 << 18))"


# How data are made, the slice's place, how it is cut, and the line that copies it.
SLICES = {
    "polars": ("pl.DataFrame({'a': range(N)})", "parts['a']", "data.head(5)", PICKLED),
    "series": ("pl.Series(range(N))", "part", "data.slice(9, 5)", PICKLED),
    "arrow": ("[pa.array(range(N))]", "part", "data[0].slice(3, 5)", TAKEN),
    "table": ("pa.table({'a': range(N)})", "parts['a']", "data.slice(3, 5)", TAKEN),
    "pandas": ("pd.DataFrame({'a': range(N)}, dtype=INT)", "part", "data[:5]", PICKLED),
}


@pytest.mark.parametrize(
    ("make", "place", "cut", "copy"), SLICES.values(), ids=SLICES.keys()
)
def test_slice(
    shell: InteractiveShell, make: str, place: str, cut: str, copy: str
) -> None:
    """A slice that keeps the buffers of deleted data is named, and copied."""
    for library in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(library)
    shell.run_cell("import pandas as pd, polars as pl, pyarrow as pa").raise_error()
    shell.run_cell(
        "N = 1 << 18; INT = pd.ArrowDtype(pa.int64()); parts = {}\n"
        f"data = {make}; {place} = {cut}"
    ).raise_error()
    parts = find_large_parts(shell.user_ns["data"])
    blocks = read_blocks(part.part() for part in parts)
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
    assert not held.is_value
    assert held.bytes // MIB == 2
    assert held.holders == (f"{place} (slice)",)
    assert held.remedies == (copy.format(place), "%memfree")
    assert find_users(blocks, shell=shell, budget_s=math.inf)[0]
    for line in held.remedies:
        shell.run_cell(line).raise_error()
    assert find_users(blocks, shell=shell, budget_s=math.inf)[0] == []


def test_slices_in_a_list(shell: InteractiveShell) -> None:
    """Several slices are deleted together: a copy of one would release nothing."""
    pytest.importorskip("pyarrow")
    shell.run_cell(
        "import pyarrow as pa\ndata = pa.table({'a': range(1 << 18)})\n"
        "parts = [data.slice(n, 5) for n in range(9)]"
    ).raise_error()
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
    assert held.bytes // MIB == 2
    assert held.remedies == ("%memfree parts",)
    assert free("parts", budget_s=math.inf, shell=shell).held == {}


def test_parts_that_share_memory(shell: InteractiveShell) -> None:
    """What is still held counts once, however many parts use it."""
    pytest.importorskip("pyarrow")
    shell.run_cell(
        "import numpy as np\nimport pyarrow as pa\n"
        "buffer = pa.py_buffer(np.ones(1 << 19))\n"
        "data = [pa.Array.from_buffers(pa.int8(), 4 << 20, [None, buffer])\n"
        "        for _ in range(9)]\n"
        "kept = list(data)\ndel buffer"
    ).raise_error()
    held = free("data", budget_s=math.inf, shell=shell).held["data"]
    assert held.bytes // MIB == 4


@pytest.mark.skipif(sys.platform != "linux", reason="Linux lists the mapped files")
def test_mapped_files(shell: InteractiveShell, tmp_path: Path) -> None:
    """Data in a mapped file take no memory, whatever uses them as well."""
    arrow: Any = pytest.importorskip("pyarrow")
    path = tmp_path / "data.arrow"
    table = arrow.table({"a": range(1 << 19)})
    with arrow.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    shell.user_ns["path"] = str(path)
    shell.run_cell(
        "import pyarrow as pa\n"
        "data = pa.ipc.open_file(pa.memory_map(path)).read_all()\n"
        "parts = [data.slice(n, 5) for n in range(9)]"
    ).raise_error()
    assert free("data", budget_s=math.inf, shell=shell).held == {}


@pytest.mark.parametrize(
    ("code", "holders", "remedies"),
    [
        ("part = data['a'].to_numpy()", ("part",), ("%memfree part",)),
        ("part = (data.head(5),)", ("part[0]",), ("%memfree part",)),
        ("part = data.head(5); del part", (), ()),
    ],
    ids=["array", "tuple", "nothing"],
)
def test_users_of_buffers(
    shell: InteractiveShell,
    code: str,
    holders: tuple[str, ...],
    remedies: tuple[str, ...],
) -> None:
    """What cannot be copied, or would be as large, is named to be deleted."""
    pytest.importorskip("polars")
    shell.run_cell("import polars as pl; data = pl.DataFrame({'a': range(1 << 18)})")
    shell.run_cell(code).raise_error()
    found = free("data", budget_s=math.inf, shell=shell).held.get("data")
    if found is None:
        assert holders == ()
    else:
        assert (found.holders, found.remedies) == (holders, remedies)


def test_hooks_of_other_values(shell: InteractiveShell) -> None:
    """Hooks are refused for what is not of torch, and nothing is deleted."""
    shell.run_cell("data = [1.5]; more = {}")
    with pytest.raises(MemkitError, match="%memfree data more deletes without it"):
        free("data", "more", hooks=True, budget_s=math.inf, shell=shell)
    with pytest.raises(MemkitError, match="name it as well"):
        free(hooks=True, budget_s=math.inf, shell=shell)
    assert {"data", "more"} <= set(shell.user_ns)
    shell.run_cell("%memfree data more").raise_error()
