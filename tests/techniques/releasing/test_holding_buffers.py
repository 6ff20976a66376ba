"""What uses the memory of a deleted value, as only tables and buffers show."""

from __future__ import annotations

import math
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.measure.holder_buffers import find_users, read_blocks
from jupyter_memkit.measure.large_parts import find_large_parts
from jupyter_memkit.techniques.release import free

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

MIB = 1024 * 1024


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
    held = free("data", shell=shell).held["data"]
    assert (held.holders, held.remedies) == ((holder,), ("%memfree kept",))
    shell.run_cell(held.remedies[0]).raise_error()
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
    held = free("data", shell=shell).held["data"]
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
    held = free("data", shell=shell).held["data"]
    assert held.bytes // MIB == 2
    assert held.remedies == ("%memfree parts",)
    assert free("parts", shell=shell).held == {}


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
    held = free("data", shell=shell).held["data"]
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
    assert free("data", shell=shell).held == {}


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
    found = free("data", shell=shell).held.get("data")
    if found is None:
        assert holders == ()
    else:
        assert (found.holders, found.remedies) == (holders, remedies)
