"""In random namespaces exactly the leaks hidden in them are found.

`MEMKIT_RANDOM_LEAKS=300` tries 300 of them, with the seeds 0 to 299.
"""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import IPython
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import find_leaks
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.release import free

MIB = 1024 * 1024
COUNT = int(os.environ.get("MEMKIT_RANDOM_LEAKS", "1"))

# The cells of a notebook: `{n}` floats of 8 bytes each, and `{i}` a unique number.
IMPORTS = """\
import functools, gc
import numpy as np, pandas as pd
import matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt
"""

INNOCENT = {
    "array": "kept{i} = np.ones({n})",
    "records": "kept{i} = [{{'a': k, 'b': [str(k)]}} for k in range({n} // 40)]",
    "shown": "kept{i} = np.ones({n})\n\nkept{i}",
    "frame": "kept{i} = pd.DataFrame(np.random.rand({n} // 4, 4))\n\nkept{i}.head()",
    "failed": "kept{i} = pd.DataFrame(np.random.rand({n} // 4, 4))\n\nkept{i}.nothing",
    "deep": "kept{i} = {{'x': [np.ones({n})]}}\n\nkept{i}['x'][0]",
    "closure": "def make{i}():\n    x = np.ones({n})\n    return lambda: x\n"
    "call{i} = make{i}()\n\ncall{i}()",
    "default": "def use{i}(x=np.ones({n})): return x\n\nuse{i}()",
    "attribute": "class C{i}: pass\nkept{i} = C{i}(); kept{i}.x = np.ones({n})\n"
    "kept{i}.x.base",
    "cached": "@functools.cache\ndef load{i}(key): return np.ones({n})\n"
    "kept{i} = load{i}(1)",
    "view": "kept{i} = np.ones({n}); row{i} = kept{i}[:10]",
    "large view": "kept{i} = np.ones({n})[: {n} - 10]",
    "script": "%run {script}",
}


@dataclass(frozen=True)
class Hidden:
    """A leak: the cells that create it, and the kinds it may be reported as."""

    cells: str
    kinds: tuple[str, ...]


# A line in a figure keeps its x, its y, and both again as its path.
LEAKS = {
    "reset": Hidden(
        "gone{i} = np.ones({n})\n\ngone{i}\n\ngone{i}\n\ndel gone{i}\n\n%reset -f out",
        ("output",),
    ),
    "output": Hidden("np.ones({n})", ("output",)),
    "deleted output": Hidden(
        "gone{i} = {{'x': np.ones({n})}}\n\ngone{i}\n\ndel gone{i}", ("output",)
    ),
    "figure": Hidden("plt.figure(); plt.plot(np.arange({n} / 4));", ("figure",)),
    "view": Hidden("small{i} = np.ones({n})[:100]", ("view",)),
    "views": Hidden(
        "big = np.ones({n})\nsmall{i} = [big[k : k + 9] for k in range(9)]\ndel big",
        ("view",),
    ),
    "frame view": Hidden(
        "small{i} = pd.DataFrame(np.random.rand({n} // 4, 4)).iloc[:5]", ("view",)
    ),
    "column view": Hidden(
        "small{i} = pd.Series(np.random.rand({n})).iloc[-5:]", ("view",)
    ),
    "copy": Hidden(
        "first{i} = np.random.rand({n})\nsecond{i} = first{i}.copy()", ("duplicate",)
    ),
    "script": Hidden("%run {script}\n\ndel loaded", ("script",)),
    "cache": Hidden(
        "@functools.lru_cache\ndef load{i}(key): return np.ones({n})\nload{i}(1);",
        ("cache",),
    ),
    "method": Hidden(
        "class S{i}:\n    def __init__(self): self.x = np.ones({n})\n"
        "    @functools.cache\n    def total(self): return 1.5\n"
        "s{i} = S{i}(); s{i}.total(); del s{i}",
        ("cache",),
    ),
    "garbage": Hidden("gc.garbage.append(np.ones({n}))", ("garbage",)),
    "shown and failed": Hidden(
        "gone{i} = np.ones({n})\n\ngone{i}\n\ndef f{i}(x): 1 / 0\n\nf{i}(gone{i})\n\n"
        "del gone{i}",
        ("output", "traceback"),
    ),
    "cause": Hidden(
        "def f{i}():\n    x = np.ones({n})\n    1 / 0\n\n"
        "try: f{i}()\nexcept Exception as error: raise ValueError from error",
        ("traceback",),
    ),
    "failed": Hidden(
        "def f{i}():\n    x = np.ones({n})\n    1 / 0\n\nf{i}()", ("traceback",)
    ),
}
if IPython.version_info[0] < 9:
    # The next output releases it.
    del LEAKS["reset"]
# At most one of these: a new error replaces the previous one.
LAST = ("shown and failed", "cause", "failed")


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Remove the figures, caches and tracebacks of other tests."""
    free(figures=True, caches=True)
    yield
    gc.garbage.clear()
    free(figures=True, caches=True)


def run(shell: InteractiveShell, cells: str) -> None:
    """Run cells separated by empty lines, whether they fail or not."""
    for cell in cells.split("\n\n"):
        shell.run_cell(cell, store_history=True)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the process")
@pytest.mark.own_process
@pytest.mark.parametrize("seed", range(COUNT))
def test_leaks_are_found(
    shell: InteractiveShell,
    seed: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exactly the hidden leaks are reported, and their cures free the memory."""
    draw = random.Random(seed)
    run(shell, IMPORTS)
    names = draw.sample(list(LEAKS), draw.randint(1, 4))
    names = [name for name in names if name not in LAST] + [
        name for name in names if name in LAST
    ][:1]
    names.sort(key=list(LEAKS).index)
    script = tmp_path / "load.py"

    def fill(cells: str, number: int, n: int) -> str:
        script.write_text(f"import numpy as np\nloaded = np.ones({n})\n")
        return cells.format(i=number, n=n, script=script)

    for number in range(draw.randint(1, 4)):
        kind = draw.choice(list(INNOCENT))
        if kind != "script" or "script" not in names:
            n = draw.randint(1, 60) * MIB // 8
            run(shell, fill(INNOCENT[kind], number, n))
    expected: dict[str, int] = {}
    for number, name in enumerate(names, 10):
        n = draw.randint(20, 80) * MIB // 8
        run(shell, fill(LEAKS[name].cells, number, n))
        kind = LEAKS[name].kinds[0]
        expected[kind] = expected.get(kind, 0) + n * 8
    capsys.readouterr()
    found = find_leaks(shell)
    assert found.complete
    claimed: dict[str, int] = {}
    for leak in found.hints:
        if leak.kind == "cache" and "(executing)" in leak.name:
            # IPython's tracebacks do keep the syntax trees of failed cells.
            continue
        kinds = [leak.kind, *(name for name in expected if f"--{name}s" in leak.cure)]
        kind = next((each for each in kinds if each in expected), leak.kind)
        claimed[kind] = claimed.get(kind, 0) + (leak.bytes or 0)
    seen = [(leak.kind, leak.name, leak.bytes) for leak in found.hints]
    assert claimed.keys() == expected.keys(), (names, seen)
    for kind, n_bytes in expected.items():
        assert claimed[kind] == pytest.approx(n_bytes, rel=0.1, abs=2 * MIB), names
    free(shell=None)
    before_bytes = read_rss_bytes()
    for leak in found.hints:
        shell.run_cell(leak.cure, store_history=True).raise_error()
    del found
    free(shell=shell)
    back_bytes = before_bytes - read_rss_bytes()
    # The first call already freed what only tracebacks held.
    left_bytes = sum(n for kind, n in expected.items() if kind != "traceback")
    assert back_bytes >= 0.85 * left_bytes - 4 * MIB, names
    assert find_leaks(shell).hints == ()
