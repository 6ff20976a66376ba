"""Models that leave: what holds one is named, and all of it comes back."""

from __future__ import annotations

import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show.memfree import build_report
from jupyter_memkit.techniques.allocator import settle
from jupyter_memkit.techniques.release import free

pytestmark = pytest.mark.ml

MIB = 1024 * 1024

MODEL = """\
import torch
model = torch.nn.Sequential(*[torch.nn.Linear(512, 512) for _ in range(3)])
other = torch.nn.Linear(1, 1)
"""


@pytest.fixture
def torch_shell(shell: InteractiveShell) -> InteractiveShell:
    """A shell with a model of 3 MiB."""
    pytest.importorskip("torch")
    shell.run_cell(MODEL).raise_error()
    return shell


@pytest.mark.parametrize(
    ("code", "holder", "remedies"),
    [
        (
            "loss = model(torch.ones(2, 512)).sum(); loss.backward()",
            "loss.grad_fn (graph)",
            ("loss = loss.detach_()", "%memfree"),
        ),
        (
            "loss = model(torch.ones(2, 512)).sum(); seen = {'last': loss}",
            "loss.grad_fn (graph)",
            ("loss = loss.detach_()", "%memfree"),
        ),
        (
            "part = model(torch.ones(2, 512))[:, 0]",
            "part.grad_fn (graph)",
            ("part = part.detach()", "%memfree"),
        ),
        (
            "losses = [model(torch.ones(2, 512)).sum()]",
            "losses[0].grad_fn (graph)",
            ("losses[:] = [each.detach() for each in losses]", "%memfree"),
        ),
        (
            "seen = {'loss': [model(torch.ones(2, 512)).sum() for _ in range(9)]}",
            "seen['loss'][8].grad_fn (graph)",
            ("seen['loss'][:] = [each.detach() for each in seen['loss']]", "%memfree"),
        ),
        (
            "seen = {'last': model(torch.ones(2, 512)).sum()}",
            "seen['last'].grad_fn (graph)",
            (
                "seen.update({key: each.detach() for key, each in seen.items()})",
                "%memfree",
            ),
        ),
        (
            "seen = ['loss', model(torch.ones(2, 512)).sum()]",
            "seen[1].grad_fn (graph)",
            ("%memfree seen",),
        ),
        (
            "opt = torch.optim.SGD(model.parameters())",
            "opt (optimizer)",
            ("%memfree opt",),
        ),
        (
            (
                "from torch.optim import SGD, lr_scheduler\n"
                "step = lr_scheduler.StepLR(SGD(model.parameters()), 1)"
            ),
            "step (scheduler)",
            ("%memfree step",),
        ),
        ("view = model[0].weight.detach()[0]", "view", ("%memfree view",)),
        (
            "def hook(m): other.register_forward_hook(lambda *a: m)\nhook(model)",
            "other._forward_hooks[*] (hook)",
            ("del other._forward_hooks[*]", "%memfree"),
        ),
    ],
    ids=[
        "graph",
        "graph of two",
        "graph of a view",
        "graphs",
        "graphs in a list in a dict",
        "graph in a dict",
        "graph among others",
        "optimizer",
        "scheduler",
        "view",
        "hook",
    ],
)
def test_holders(
    torch_shell: InteractiveShell, code: str, holder: str, remedies: tuple[str, ...]
) -> None:
    """The holder of a model's parameters is named, and its remedy frees them."""
    torch_shell.run_cell(code).raise_error()
    watch = weakref.ref(torch_shell.user_ns["model"][0].weight.untyped_storage())
    held = free("model", shell=torch_shell).held["model"]
    # Hooks are numbered over the whole process.
    number = next(iter(torch_shell.user_ns["other"]._forward_hooks), "")
    assert held.holders == (holder.replace("*", str(number)),)
    assert held.remedies == tuple(each.replace("*", str(number)) for each in remedies)
    assert watch() is not None
    for line in held.remedies:
        torch_shell.run_cell(line).raise_error()
    assert watch() is None


def test_hooks_on_request(torch_shell: InteractiveShell) -> None:
    """Only the hooks that keep the model alive are removed, wherever they are."""
    torch_shell.run_cell(
        "def hook(m):\n"
        "    other.register_forward_hook(lambda *a: m)\n"
        "    other.register_full_backward_pre_hook(lambda *a: m)\n"
        "    other.weight.register_hook(lambda grad: m if grad is None else grad)\n"
        "hook(model)\nshell = get_ipython()\n"
        "def look(*a): shell\n"
        "kept = other.register_forward_hook(look)\n"
        "everywhere = torch.nn.modules.module.register_module_forward_hook(look)\n"
    ).raise_error()
    watch = weakref.ref(torch_shell.user_ns["model"])
    freed = free("model", hooks=True, shell=torch_shell)
    assert (freed.held, watch(), len(freed.hooks)) == ({}, None, 3)
    other = torch_shell.user_ns["other"]
    assert len(other._forward_hooks) == 1
    torch_shell.run_cell(
        "other(torch.ones(1, 1)).backward(); kept.remove(); everywhere.remove()"
    ).raise_error()


def test_a_parameter_of_another_model(torch_shell: InteractiveShell) -> None:
    """Weights that two models share stay with the other one, which is named."""
    torch_shell.run_cell("twin = torch.nn.Sequential(model[0]); tensor = other.weight")
    held = free("model", shell=torch_shell).held["model"]
    assert held.bytes // MIB == 1
    assert held.remedies == ("%memfree twin",)


@pytest.mark.parametrize(
    ("function", "holders"),
    [
        ("lambda x: x @ weights", ()),
        ("lambda x, weights=weights: x @ weights", ("f.__wrapped__.__defaults__[0]",)),
    ],
    ids=["global", "default"],
)
def test_compiled_by_jax(
    shell: InteractiveShell, function: str, holders: tuple[str, ...]
) -> None:
    """An array that jax's compiled functions use leaves with jax's caches."""
    pytest.importorskip("jax")
    shell.run_cell(
        "import jax, jax.numpy as jnp\nweights = jnp.ones((256, 1024))\n"
        f"f = jax.jit({function})\nf(jnp.ones((1, 256)));"
    ).raise_error()
    watch = weakref.ref(shell.user_ns["weights"])
    held = free("weights", shell=shell).held["weights"]
    assert set(held.holders) == {*holders, "jax (cache of compiled functions)"}
    assert held.remedies[0] == "import jax; jax.clear_caches()"
    assert watch() is not None
    for line in held.remedies:
        shell.run_cell(line).raise_error()
    assert watch() is None


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_traced_by_torch(shell: InteractiveShell) -> None:
    """Where a traced function may hold a tensor, this is said before other guesses."""
    pytest.importorskip("torch")
    shell.run_cell(
        "import torch\nweights = torch.ones(1024, 256)\n"
        "traced = torch.jit.trace(lambda x: x @ weights, torch.ones(1, 1024))"
    ).raise_error()
    freed = free("traced", "weights", shell=shell)
    held = freed.held["weights"]
    assert (held.holders, held.torchscript) == ((), True)
    text = build_report(freed).text()
    assert text.index("torch.jit") < text.index("atexit.unregister")


LOADS = {
    "torch": "import torch\ndef load(n):\n"
    "    return torch.nn.Sequential(*[torch.nn.Linear(n, n) for _ in range(8)])",
    "TorchScript": "import torch\ndef load(n):\n"
    "    layers = [torch.nn.Linear(n, n) for _ in range(8)]\n"
    "    return torch.jit.trace(torch.nn.Sequential(*layers), torch.ones(1, n))",
    "jax": "import jax\ndef load(n):\n"
    "    keys = jax.random.split(jax.random.PRNGKey(0), 8)\n"
    "    size = (2 * n, 2 * n)\n"
    "    model = {i: jax.random.normal(k, size) for i, k in enumerate(keys)}\n"
    "    return jax.block_until_ready(model)",  # It computes in the background.
    "transformers": "import transformers\ndef load(n):\n"
    "    config = transformers.BertConfig(hidden_size=n, num_hidden_layers=3,\n"
    "        intermediate_size=n, num_attention_heads=4, vocab_size=n)\n"
    "    return transformers.BertModel(config)",
    "sklearn": "import sklearn.ensemble, numpy as np\ndef load(n):\n"
    "    x = np.random.default_rng(0).random((n * 100, 1))\n"
    "    return sklearn.ensemble.ExtraTreesRegressor(4).fit(x, x[:, 0])",
    "lightgbm": "import lightgbm, numpy as np\ndef load(n):\n"
    "    x = np.random.default_rng(0).random((n * 20, 8))\n"
    "    options = dict(num_leaves=n, n_estimators=100, verbose=-1, n_jobs=1,\n"
    "        min_child_samples=1)\n"
    "    return lightgbm.LGBMRegressor(**options).fit(x, x[:, 0])",
    "xgboost": "import xgboost, numpy as np\ndef load(n):\n"
    "    x = np.random.default_rng(0).random((n * 20, 8))\n"
    "    options = dict(max_depth=12, n_estimators=60, min_child_weight=0, n_jobs=1)\n"
    "    noise = np.random.default_rng(1).random(n * 20)\n"
    "    return xgboost.XGBRegressor(**options).fit(x, noise)",
    "keras": "import keras, numpy as np\ndef load(n):\n"
    "    layers = [keras.layers.Dense(n) for _ in range(4)]\n"
    "    model = keras.Sequential([keras.layers.Input((n,)), *layers])\n"
    "    model.compile(optimizer='adam', loss='mse')\n"
    "    model.fit(np.ones((8, n)), np.ones((8, n)), verbose=0)\n"
    "    return model",
}


@pytest.mark.own_process
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", LOADS)
def test_all_comes_back(
    shell: InteractiveShell, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least 95 % of the memory that a model took comes back.

    A small model is loaded before, because a library loads code on its first use, which
    stays with the process.
    """
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip(name if name != "TorchScript" else "torch")
    shell.run_cell(f"{LOADS[name]}\nmodel = load(32)").raise_error()
    free("model", shell=shell)
    before_bytes = settle()
    shell.run_cell("model = load(1024)").raise_error()
    taken_bytes = settle() - before_bytes
    freed = free("model", shell=shell)
    assert taken_bytes > 4 * MIB
    assert (freed.held, freed.total_bytes >= 0.95 * taken_bytes) == ({}, True)
