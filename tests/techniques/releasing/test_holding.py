"""What holds a deleted value is named with a remedy that works."""

from __future__ import annotations

import math
import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
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


def test_hooks_of_other_values(shell: InteractiveShell) -> None:
    """Hooks are refused for what is not of torch, and nothing is deleted."""
    shell.run_cell("data = [1.5]; more = {}")
    with pytest.raises(MemkitError, match="%memfree data more deletes without it"):
        free("data", "more", hooks=True, budget_s=math.inf, shell=shell)
    with pytest.raises(MemkitError, match="name it as well"):
        free(hooks=True, budget_s=math.inf, shell=shell)
    assert {"data", "more"} <= set(shell.user_ns)
    shell.run_cell("%memfree data more").raise_error()
