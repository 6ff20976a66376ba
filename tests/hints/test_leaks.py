"""The known ways in which notebooks lose memory are found, with their cures."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import Hint, find_leaks
from jupyter_memkit.measure.sizes import Sizes, sizes
from jupyter_memkit.show.hints import build_report
from tests.hints.finding import cure, find, run

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

MIB = 1024 * 1024


def test_nothing(shell: InteractiveShell) -> None:
    """Nothing is reported where nothing leaks."""
    run(shell, "data = [1.5] * 1_000_000", "len(data)")
    assert find(shell) == {}


def test_output(shell: InteractiveShell) -> None:
    """An output that no variable holds is reported, and its cure frees it."""
    run(shell, "bytearray(5 << 20)[:0] or bytearray(5 << 20)")
    leak = find(shell)["output"]
    assert leak.name.startswith("Out[")
    assert leak.bytes == pytest.approx(5 * MIB, rel=0.01)
    cure(shell, leak)
    assert "output" not in find(shell)


def test_shown_variable_is_not_a_leak(shell: InteractiveShell) -> None:
    """An output that a variable holds too is not a leak."""
    run(shell, "kept = bytearray(5 << 20)", "kept")
    assert "output" not in find(shell)


def test_traceback(shell: InteractiveShell) -> None:
    """Variables that only the traceback of a failed cell keeps are a leak."""
    run(shell, "def f():\n    x = bytearray(5 << 20)\n    1 / 0", "f()")
    leak = find(shell)["traceback"]
    assert leak.bytes is not None
    assert leak.bytes > 5 * MIB
    cure(shell, leak)
    assert "traceback" not in find(shell)


def test_shared_with_a_variable_is_not_a_leak(shell: InteractiveShell) -> None:
    """Memory that holders share with a variable is not a leak until it is deleted."""
    run(
        shell,
        "import functools, numpy as np\nkept = {'deep': [np.ones(655_360)]}",
        "def f(x):\n    1 / 0",
        "f(kept['deep'])",
        "kept['deep']",
        "@functools.cache\ndef g(key): return kept['deep']",
        "g(1);",
    )
    assert find(shell) == {}
    run(shell, "del kept")
    (leak,) = find(shell).values()
    assert leak.bytes == pytest.approx(5 * MIB, rel=0.01)
    assert {"--outputs", "--caches"} <= set(leak.cure.split())
    cure(shell, leak)
    assert find(shell) == {}


def test_held_by_a_closure_is_not_a_leak(shell: InteractiveShell) -> None:
    """A value that a function's closure holds is not a leak."""
    run(
        shell,
        "import numpy as np\ndef make():\n    x = np.ones(655_360)\n"
        "    return lambda: len(x), x",
        "count, data = make()",
        "data",
        "del data",
    )
    assert find(shell) == {}


def test_script(shell: InteractiveShell, tmp_path: Path) -> None:
    """A value that only the namespace of a script keeps is a leak."""
    path = tmp_path / "load.py"
    path.write_text("loaded = bytearray(5 << 20)\n")
    run(shell, f"%run {path}")
    assert find(shell) == {}
    run(shell, "del loaded")
    leak = find(shell)["script"]
    assert leak.name == "loaded of load.py"
    cure(shell, leak)
    assert find(shell) == {}


def test_read_by_a_function_of_a_script(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    """A script's variable is not a leak while the user has a function that reads it."""
    path = tmp_path / "load.py"
    path.write_text(
        "loaded = bytearray(5 << 20)\nclass Loader:\n"
        "    def size(self): return helper()\ndef helper(): return len(loaded)\n"
    )
    run(shell, f"%run {path}", "loader = Loader()", "del loaded, Loader, helper")
    assert find(shell) == {}
    run(shell, "del loader", "%memfree --all")
    assert find(shell) == {}


def test_cache_of_a_method(shell: InteractiveShell) -> None:
    """An object that only the cache of its method keeps is a leak."""
    run(
        shell,
        "import functools\nclass Store:\n    def __init__(self):\n"
        "        self.data = bytearray(5 << 20)\n"
        "    @functools.lru_cache\n    def size(self): return len(self.data)",
        "store = Store(); store.size();",
    )
    assert find(shell) == {}
    run(shell, "del store")
    leak = find(shell)["cache"]
    assert "Store.size" in leak.name
    cure(shell, leak)
    assert find(shell) == {}


def test_cache_of_an_object(shell: InteractiveShell) -> None:
    """A cache of a callable object is named by its class, and the object is no leak."""
    run(
        shell,
        "import functools\nclass Load:\n    def __init__(self):\n"
        "        self.data = bytearray(9 << 20)\n"
        "    def __call__(self, n): return bytes(n)",
        "load = functools.lru_cache(Load())\nload(3)",
    )
    assert find(shell) == {}
    run(shell, "load(5 << 20);")
    leak = find(shell)["cache"]
    assert leak.name == "cache of Load (__main__)"
    assert leak.bytes == pytest.approx(5 * MIB, rel=0.02)
    cure(shell, leak)
    assert find(shell) == {}


def test_small_caches_of_libraries(shell: InteractiveShell) -> None:
    """Memory shared by small caches of libraries is neither a leak nor part of one."""
    run(
        shell,
        "import functools, numpy as np\ndata = np.ones(1_310_720)",
        "def one(value): return value\ndef two(value): return value\n"
        "one.__module__ = two.__module__ = 'numpy'\n"
        "one, two = map(functools.lru_cache, (one, two))",
        "both = bytes(6 << 20); one(both); two(both); del both",
        "data",
        "def fail(x): 1 / 0",
        "fail(data)",
        "del data",
    )
    (leak,) = find(shell).values()
    assert leak.bytes == pytest.approx(10 * MIB, rel=0.02)
    assert "cache" not in leak.found


def test_outputs_after_a_reset(shell: InteractiveShell) -> None:
    """Copies that `%reset out` leaves in a hidden namespace are found."""
    run(shell, "data = bytearray(5 << 20)", "data", "data", "del data")
    run(shell, "%reset -f out")
    leak = find(shell)["output"]
    cure(shell, leak)
    assert find(shell) == {}


def test_unused(shell: InteractiveShell) -> None:
    """A variable not named recently is listed separately, and not as a leak."""
    run(shell, "data = bytearray(5 << 20)", *["1"] * 4)
    assert find_leaks(shell, unused_cells=10).unused == ()
    found = find_leaks(shell, unused_cells=3)
    (unused,) = found.unused
    assert (found.hints, unused.name, unused.used_in) == ((), "data", 1)
    text = build_report(found).text()
    assert "can be freed" not in text
    assert "%memfree data" not in text
    run(shell, "len(data)")
    assert find_leaks(shell, unused_cells=3).unused == ()


def test_used_by_a_function(shell: InteractiveShell) -> None:
    """A call uses the variables that the function reads."""
    run(
        shell,
        "data = bytearray(5 << 20)",
        "def size(): return len(data)\ndef total(): return size()",
        *["1"] * 4,
        "total()",
    )
    assert find_leaks(shell, unused_cells=3).unused == ()


def test_named_once(shell: InteractiveShell) -> None:
    """A small view that was not used recently is only listed as a leak."""
    code = "import numpy as np\nrow = np.ones((100, 10_000))[3]"
    run(shell, code, *["1"] * 4)
    found = find_leaks(shell, unused_cells=3)
    assert ([leak.name for leak in found.hints], found.unused) == (["row"], ())


def test_tracing(shell: InteractiveShell) -> None:
    """The memory of tracemalloc's records is reported."""
    run(shell, "import tracemalloc; tracemalloc.start()")
    run(shell, "data = [{} for _ in range(20_000)]")
    leak = find(shell)["tracing"]
    assert leak.bytes is not None
    cure(shell, leak)
    assert "tracing" not in find(shell)


def test_garbage(shell: InteractiveShell) -> None:
    """Objects that the collector could not free are reported."""
    gc.garbage.append(bytearray(100))
    leak = find(shell)["garbage"]
    assert leak.bytes is not None
    cure(shell, leak)
    assert "garbage" not in find(shell)


def find_pause(shell: InteractiveShell) -> list[Hint]:
    """Return the magic's hints about the collector."""
    leaks = shell.run_line_magic("memleaks", "").hints
    return [leak for leak in leaks if leak.kind == "gc_paused"]


@pytest.mark.parametrize(
    ("pause", "cured_by"),
    [
        ("%gc_pause on", "%gc_pause off"),
        ("import gc; gc.disable()", "import gc; gc.enable(); gc.collect()"),
    ],
)
def test_paused_collector(shell: InteractiveShell, pause: str, cured_by: str) -> None:
    """A disabled collector is reported with the line that enables it."""
    run(shell, pause)
    try:
        (leak,) = find_pause(shell)
        assert leak.cure == cured_by
        cure(shell, leak)
        assert find_pause(shell) == []
    finally:
        gc.enable()


def test_budget(shell: InteractiveShell) -> None:
    """A search that runs out of time is reported as incomplete."""
    assert not find_leaks(shell, budget_s=0.0).complete


def test_a_measurement_without_time(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search is incomplete if one of its measurements ran out of time."""

    def measure_late(values: Any, **options: Any) -> Sizes:
        return sizes(values, **{**options, "budget_s": 0.0})

    run(shell, "kept = [[n] for n in range(300_000)]")
    assert find_leaks(shell).complete
    monkeypatch.setattr("jupyter_memkit.track.leaks.sizes", measure_late)
    assert not find_leaks(shell).complete


@pytest.mark.parametrize(
    ("code", "skipped"),
    [
        ("a = [*range(30_000)]; b = {'c': [*range(30_000)]}", ()),
        ("a = [{'k': k} for k in range(30_000)]", ("a",)),
        ("b = {'c': [{'k': k} for k in range(30_000)]}", ("b",)),
    ],
)
def test_skipped(shell: InteractiveShell, code: str, skipped: tuple[str, ...]) -> None:
    """Variables with too many objects to search are named; numbers do not count."""
    run(shell, code)
    found = find_leaks(shell)
    assert found.skipped == skipped
    notes = [note for note in build_report(found).notes if "Not searched" in note]
    assert [note.rpartition(": ")[2] for note in notes] == [f"{n}." for n in skipped]
