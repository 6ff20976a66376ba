"""The memory freed by unloading libraries: ``python -m tests.benchmarks.unload``.

Each figure is from a separate process, which imports a library, works with it, and
unloads it, by hand and with ``%unload``; ``%%isolated`` does the same in a child.
Memory is read from ``/proc/self/statm`` after a collection, and again from
``smaps_rollup``; the last line reports the largest difference between these and the
record of `unload`. Libraries that are not installed are skipped.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

from jupyter_memkit import MemkitError, isolated
from jupyter_memkit.techniques.allocator import settle
from jupyter_memkit.techniques.unloading import unload

MIB = 1024 * 1024

# A program for each library that uses its main parts, and keeps nothing.
SMOKE = {
    "pandas": """
        import io
        import pandas
        frame = pandas.read_csv(io.StringIO("a,b\\n1,x\\n,y\\n"), dtype={"a": "Int64"})
        assert isinstance(frame.dtypes["a"], pandas.Int64Dtype)
        assert frame.groupby("b").a.sum().tolist() == [1, 0]
    """,
    "sympy": """
        import sympy
        x = sympy.symbols("x")
        assert sympy.integrate(sympy.sin(x), x) == -sympy.cos(x)
        assert sympy.solve(x**2 - 4, x) == [-2, 2]
    """,
    "nltk": """
        import nltk
        assert nltk.stem.PorterStemmer().stem("running") == "run"
        grammar = nltk.CFG.fromstring("S -> NP VP\\nNP -> 'she'\\nVP -> 'runs'")
        assert len(list(nltk.ChartParser(grammar).parse(["she", "runs"]))) == 1
    """,
    "networkx": """
        import networkx
        graph = networkx.path_graph(5)
        assert networkx.shortest_path(graph, 0, 4) == [0, 1, 2, 3, 4]
        assert abs(sum(networkx.pagerank(graph).values()) - 1) < 1e-6
    """,
    "sklearn": """
        import sklearn.datasets, sklearn.ensemble, sklearn.neighbors
        x, y = sklearn.datasets.load_iris(return_X_y=True)
        assert sklearn.neighbors.KNeighborsClassifier().fit(x, y).score(x, y) > 0.9
        assert sklearn.ensemble.RandomForestClassifier(9).fit(x, y).score(x, y) > 0.9
    """,
    "matplotlib": """
        import datetime, io
        import matplotlib
        matplotlib.use("agg")
        from matplotlib import pyplot
        figure, axes = pyplot.subplots()
        axes.plot([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)], [1, 2])
        figure.savefig(io.BytesIO())
        pyplot.close(figure)
    """,
    "polars": """
        import polars
        frame = polars.DataFrame({"a": [1, 2, 1]})
        double = polars.col("a").map_batches(lambda s: s * 2, polars.Int64)
        assert isinstance(frame.select(double)["a"], polars.Series)
        assert frame.group_by("a").len().sort("a")["len"].to_list() == [2, 1]
    """,
    "pyarrow": """
        import io
        import pyarrow, pyarrow.parquet
        table = pyarrow.table({"a": [1, 2]})
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table, buffer)
        assert pyarrow.parquet.read_table(buffer).equals(table)
    """,
    "bokeh": """
        import bokeh.embed, bokeh.plotting, bokeh.resources
        figure = bokeh.plotting.figure()
        figure.line([1, 2], [3, 4])
        assert "<html" in bokeh.embed.file_html(figure, bokeh.resources.INLINE, "t")
    """,
    "plotly": """
        import plotly.express
        figure = plotly.express.line(x=[1, 2], y=[3, 4])
        assert "plotly" in figure.to_html()
    """,
}
WAYS = ("del", "unload", "isolated")


def work(name: str) -> None:
    """Import a library and use it, without keeping a name for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(textwrap.dedent(SMOKE[name]), {})


def remove(name: str, way: str) -> int | None:
    """Remove a library, and return how much `unload` reports as freed."""
    if way == "del":
        del sys.modules[name]
        return None
    return unload(name, namespace={}).freed_bytes


def measure(name: str, way: str) -> dict[str, Any]:
    """Return the figures of one library in this process."""
    before_bytes = settle()
    if way == "isolated":
        isolated(work)(name)
        return {"kept": settle() - before_bytes}
    work(name)
    with contextlib.suppress(MemkitError):
        # The figures exclude what the first use of `unload` loads.
        unload(name, namespace={}, dry_run=True)
    imported_bytes = settle()
    rolled_bytes = read_rolled_up_bytes()
    figures: dict[str, Any] = {"cost": imported_bytes - before_bytes}
    try:
        recorded_bytes = remove(name, way)
    except MemkitError as error:
        return figures | {"refused": str(error)}
    freed_bytes = imported_bytes - settle()
    rolled_bytes -= read_rolled_up_bytes()
    figures["freed"] = freed_bytes
    figures["apart"] = abs(freed_bytes - rolled_bytes)
    if recorded_bytes is not None:
        figures["apart"] = max(figures["apart"], abs(freed_bytes - recorded_bytes))
    try:
        work(name)
        figures["again"] = "works"
    except Exception as error:  # noqa: BLE001 - anything may break
        figures["again"] = f"{type(error).__name__}"
    return figures


def read_rolled_up_bytes() -> int:
    """Return the resident memory again, from the system's own sum of all pages."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (rss,) = (line.split()[1] for line in lines if line.startswith("Rss:"))
    return int(rss) * 1024


def measure_apart(name: str, way: str) -> dict[str, Any]:
    """Return the figures of one library from a separate process."""
    command = [sys.executable, "-m", "tests.benchmarks.unload", name, way]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        return {"freed": 0, "again": f"ended with {ended.returncode}"}
    figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Print the table, or the figures of one library."""
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], sys.argv[2])), flush=True)
        # pyarrow's threads may abort at the end of a process.
        os._exit(0)
    heads = ("del", "%unload", "%%isolated")
    print(
        f"{'MiB':<12}{'import':>8}"
        + "".join(f"{head:>13}" for head in heads)
        + "   imported again after %unload"
    )
    apart_bytes = 0
    refusals = []
    for name in SMOKE:
        if importlib.util.find_spec(name) is None:
            print(f"{name:<12}is not installed")
            continue
        rows = {way: measure_apart(name, way) for way in WAYS}
        cost = rows["del"]["cost"]
        rows["isolated"]["freed"] = cost - rows["isolated"].get("kept", cost)
        cells = [format_freed(rows[way], cost) for way in WAYS]
        print(
            f"{name:<12}{cost / MIB:8.1f}"
            + "".join(f"{cell:>13}" for cell in cells)
            + f"   {rows['unload'].get('again', '-')}"
        )
        apart_bytes = max(apart_bytes, *(row.get("apart", 0) for row in rows.values()))
        refusals += [
            f"{way}: {rows[way]['refused']}" for way in WAYS if "refused" in rows[way]
        ]
    print(f"figures are at most {apart_bytes / MIB:.2f} MiB apart")
    print(*refusals, sep="\n")


def format_freed(row: dict[str, Any], cost: int) -> str:
    """Return the freed memory, in MiB and as a share of what the import took."""
    if "refused" in row:
        return "refused"
    return f"{row['freed'] / MIB:.1f} {max(0.0, row['freed'] / cost):4.0%}"


if __name__ == "__main__":
    main()
