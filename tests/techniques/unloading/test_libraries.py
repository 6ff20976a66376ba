"""Unloading real libraries, each in a separate process."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap

import pytest

SMOKE = {
    "matplotlib": """
        import io, matplotlib
        matplotlib.use("agg")
        from matplotlib import pyplot as plt
        figure, axes = plt.subplots()
        axes.plot([1, 2])
        figure.savefig(io.BytesIO())
        del figure, axes, plt
    """,
    "pyarrow": """
        import pyarrow, pyarrow.parquet, io
        table = pyarrow.table({"a": [1, 2]})
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table, buffer)
        assert pyarrow.parquet.read_table(buffer).equals(table)
        del table
    """,
    "sklearn": """
        import sklearn.datasets, sklearn.neighbors
        x, y = sklearn.datasets.load_iris(return_X_y=True)
        model = sklearn.neighbors.KNeighborsClassifier().fit(x, y)
        assert model.score(x, y) > 0.9
        del x, y, model
    """,
}


def run_script(script: str) -> str:
    """Run a script in a separate process and return its output."""
    # pyarrow's threads may abort at the end of any process, which is not tested here.
    script += "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.parametrize("name", ["matplotlib", "pyarrow", "sklearn"])
def test_again(name: str) -> None:
    """A real library is unloaded, imported again, and works."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    smoke = textwrap.dedent(SMOKE[name])
    script = f"""
{smoke}
from jupyter_memkit import unload
import sys
unloaded = unload({name!r})
print(len(unloaded.modules) > 10, {name!r} in sys.modules)
{smoke}
"""
    assert run_script(script) == "True False\n"


def test_figures_are_closed() -> None:
    """The exit callback of matplotlib is called when it is unloaded."""
    pytest.importorskip("matplotlib")
    script = """
import matplotlib.pyplot, weakref
figure = weakref.ref(matplotlib.pyplot.figure())
from jupyter_memkit import unload
(closed,) = (each for each in unload("matplotlib").traces if "exit" in each)
print(closed, figure())
"""
    expected = "the exit callback matplotlib._pylab_helpers.Gcf.destroy_all, which was"
    assert run_script(script) == f"{expected} called None\n"


@pytest.mark.parametrize(
    ("imported", "name", "reason"),
    [
        ("pandas", "pandas", "its compiled module pandas._libs"),
        ("scipy.sparse.csgraph", "scipy.sparse", "module scipy.sparse.csgraph"),
        ("polars", "polars", "its Rust core keeps the classes of the first import"),
    ],
)
def test_loads_once(imported: str, name: str, reason: str) -> None:
    """Refused if a compiled module keeps classes that an import would recreate."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        pytest.skip(f"{name} is not installed")
    script = f"""
import {imported}
from jupyter_memkit import MemkitError, unload
try:
    unload({name!r})
except MemkitError as error:
    print(error)
"""
    assert reason in run_script(script)
