"""Graphs that variables keep: the line is named, and the cure frees them."""

from __future__ import annotations

import math
import os
import random

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import Hint, find_leaks
from jupyter_memkit.hints.kept_graphs import find
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.sizes import sizes
from tests.hints import graph_cells, training_cells
from tests.hints.finding import run

pytestmark = pytest.mark.ml

# Rounds over the clean cells; the large run takes 10, which are 200 cells.
ROUNDS = int(os.environ.get("MEMKIT_TRAINING_ROUNDS", "1"))


def find_graphs(shell: InteractiveShell) -> dict[str, Hint]:
    """Return the hints about graphs, by the variable."""
    scene = Scene(shell, math.inf, measure_sizes=sizes)
    return {hint.name: hint for hint in find(scene)}


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@pytest.mark.parametrize("kind", graph_cells.KEEPING)
def test_kept(shell: InteractiveShell, kind: str) -> None:
    """The variable and its line are named, and after the cures no graph is left."""
    pytest.importorskip("torch")
    cell, name, line = graph_cells.KEEPING[kind]
    run(shell, graph_cells.SETUP)
    shell.run_cell(cell, store_history=True).raise_error()
    hints = find_graphs(shell)
    assert f": {line}" in hints[name].found
    assert (hints[name].bytes or 0) > 0
    for hint in hints.values():
        shell.run_cell(hint.cure, store_history=True).raise_error()
    assert find_graphs(shell) == {}


@pytest.mark.parametrize("number", range(len(training_cells.CLEAN)))
def test_clean(shell: InteractiveShell, number: int) -> None:
    """Nothing is named in cells that train as they should."""
    pytest.importorskip("torch")
    random_ = random.Random(number)
    for _ in range(ROUNDS):
        setup = training_cells.SETUP.format(
            d=random_.choice([8, 64, 256]),
            b=random_.choice([8, 64, 2000]),
            opt=random_.choice(["SGD", "Adam", "AdamW"]),
        )
        run(shell, setup)
        cell = training_cells.CLEAN[number]
        shell.run_cell(cell, store_history=True).raise_error()
        assert find_graphs(shell) == {}


def test_closure(shell: InteractiveShell) -> None:
    """A function that collects tensors is named, with the line in its own code."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP)
    shell.run_cell(
        "seen = []\nseen.append(1)\n"
        "def make():\n    seen = []\n    return lambda loss: seen.append(loss)\n"
        "note = make()\nfor x, y in batches:\n    note(crit(net(x), y))",
        store_history=True,
    ).raise_error()
    (hint,) = find_graphs(shell).values()
    assert hint.name == "note"
    assert "line 5: return lambda loss: seen.append(loss); store loss" in hint.found
    shell.run_cell(hint.cure, store_history=True).raise_error()
    assert find_graphs(shell) == {}


def test_no_line_is_better_than_a_wrong_one(shell: InteractiveShell) -> None:
    """The line that makes an empty list is not named as the one that stored into it."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP)
    shell.run_cell(
        "import heapq\nbest = []\nfor i, (x, y) in enumerate(batches):\n"
        "    heapq.heappush(best, (i, crit(net(x), y)))",
        store_history=True,
    ).raise_error()
    assert find_graphs(shell)["best"].found == "keeps its graph"


def test_cached_results(shell: InteractiveShell) -> None:
    """The cure of a cached function clears its cache, and the function stays."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP)
    shell.run_cell(
        "import functools\n"
        "@functools.lru_cache\ndef run(i): return net(batches[i][0])\n"
        "for i in range(20): run(i)",
        store_history=True,
    ).raise_error()
    (hint,) = find_graphs(shell).values()
    assert (hint.name, hint.cure) == ("run", "run.cache_clear()")
    shell.run_cell(hint.cure, store_history=True).raise_error()
    assert find_graphs(shell) == {}


@pytest.mark.parametrize(("acts", "is_removed"), [("[]", False), ("Bag()", True)])
def test_hook_whose_parts_cannot_be_replaced(
    shell: InteractiveShell, acts: str, is_removed: bool
) -> None:
    """What it collects is changed in place, or the hook leaves; the model stays."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP)
    shell.run_cell(
        "import functools\n"
        "class Bag(set):\n    append = set.add\n"
        "def collect(acts, m, args, out): acts.append(out)\n"
        f"net[0].register_forward_hook(functools.partial(collect, {acts}));\n"
        "for x, y in batches: crit(net(x), y).backward()",
        store_history=True,
    ).raise_error()
    (hint,) = find_graphs(shell).values()
    shell.run_cell(hint.cure, store_history=True).raise_error()
    assert bool(shell.user_ns["net"][0]._forward_hooks) is not is_removed
    assert find_graphs(shell) == {}


def test_bytes_are_what_the_cure_frees(shell: InteractiveShell) -> None:
    """A shared graph counts for the variable at fault, and a mean is named with it."""
    torch = pytest.importorskip("torch")
    run(
        shell,
        "import torch\nw = torch.ones(1000, 1000, requires_grad=True)",
        "total = 0\nfor _ in range(3):\n    total += (w * w).exp().sum()\n"
        "mean = total / 3",
    )
    hints = find_graphs(shell)
    assert set(hints) == {"total", "mean"}
    # Of each step, what `exp` keeps; `w` is a variable.
    assert hints["total"].bytes == pytest.approx(3 * 4_000_000, rel=0.01)
    assert (hints["mean"].bytes or 0) < 10_000
    assert torch.is_tensor(shell.user_ns["total"])


def test_columns_of_pandas(shell: InteractiveShell) -> None:
    """The other values of a frame or a Series stay, and tensors become numbers."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP)
    shell.run_cell(
        "import pandas as pd\nlosses = [crit(net(x), y) for x, y in batches]\n"
        "log = pd.DataFrame({'step': range(20), 'loss': losses, 'name': ['a'] * 20})\n"
        "log['out'] = [net(x) for x, y in batches]\n"
        "log['mixed'] = [None, *losses[1:]]\n"
        "lone = pd.Series(losses, index=range(20, 40))\ndel losses",
        store_history=True,
    ).raise_error()
    hints = find_graphs(shell)
    assert set(hints) == {"log", "lone"}
    for hint in hints.values():
        shell.run_cell(hint.cure, store_history=True).raise_error()
    log, lone = shell.user_ns["log"], shell.user_ns["lone"]
    assert list(log) == ["step", "loss", "name", "out", "mixed"]
    assert (log["loss"].dtype, lone.dtype) == ("float64", "float64")
    assert list(lone.index) == list(range(20, 40))
    assert log["out"][0].shape == (32, 10)
    assert log["mixed"][1] == log["loss"][1] == lone[21]
    assert find_graphs(shell) == {}


def test_named_tuples_stay(shell: InteractiveShell) -> None:
    """The cure changes only their tensors."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP, graph_cells.KEEPING["named tuples"][0])
    (hint,) = find_graphs(shell).values()
    shell.run_cell(hint.cure, store_history=True).raise_error()
    steps = shell.user_ns["steps"]
    assert [step.number for step in steps] == list(range(20))
    assert {type(step) for step in steps} == {shell.user_ns["Step"]}
    assert {type(step.loss) for step in steps} == {float}


def test_objects_that_two_variables_share(shell: InteractiveShell) -> None:
    """The cures of all can be applied, and the advice fits what the line stores."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP)
    shell.run_cell(
        "class Model:\n    def __init__(self): self.outs = []\n"
        "    def step(self, x, y):\n        self.outs.append(crit(net(x), y))\n"
        "class Trainer:\n    def __init__(self, model): self.model = model\n"
        "model = Model(); trainer = Trainer(model); losses = model.outs\n"
        "for x, y in batches:\n    trainer.model.step(x, y)",
        store_history=True,
    ).raise_error()
    hints = find_graphs(shell)
    # The list is in two places, and a model in two variables.
    assert set(hints) == {"model", "losses"}
    assert not any("model.item()" in hint.found for hint in hints.values())
    for hint in hints.values():
        hint.apply()
    assert find_graphs(shell) == {}


@pytest.mark.parametrize("shape", ["(24,)", "(4, 6)"])
def test_array_of_objects(shell: InteractiveShell, shape: str) -> None:
    """What is in an array of objects stays there, only the graphs go."""
    pytest.importorskip("torch")
    run(shell, graph_cells.SETUP)
    shell.run_cell(
        f"import numpy as np\nouts = np.empty({shape}, dtype=object)\n"
        "for i, (x, y) in enumerate(batches):\n    outs.flat[i] = net(x)\n"
        "same, before = outs, outs.ravel().tolist()[:20]",
        store_history=True,
    ).raise_error()
    for hint in find_graphs(shell).values():
        shell.run_cell(hint.cure, store_history=True).raise_error()
    assert find_graphs(shell) == {}
    shell.run_cell(
        "assert outs is same and outs.flat[20] is None\n"
        "assert all((a == b).all() for a, b in zip(outs.flat, before))"
    ).raise_error()


def test_listed_by_memleaks(shell: InteractiveShell) -> None:
    """`%memleaks` reports it with the others."""
    pytest.importorskip("torch")
    run(shell, "import torch\nw = torch.ones(9, requires_grad=True)")
    run(shell, "losses = []\nfor _ in range(3):\n    losses.append((w * w).sum())")
    (hint,) = find_leaks(shell).hints
    assert (hint.kind, hint.cure) == (
        "graph",
        "losses = [each.item() for each in losses]",
    )
    assert "cell [2], line 3" in hint.found
