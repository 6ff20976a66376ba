"""The identity of a function: the same in every process, until its code changes."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.identity import identify

# Functions that differ in one place each.
CODES = [
    "def f(chunk): return sum(chunk)",
    "def f(chunk): return max(chunk)",
    "def f(chunk): return sum(chunk) * 2",
    "def f(chunk): return sum(chunk) * 2.0",
    "def f(chunk): return [item for item in chunk if item in {'a', 'b', 'c'}]",
    "def f(chunk): return [item for item in chunk if item in {'a', 'b', 'd'}]",
    "def f(chunk, n=1): return n",
    "def f(chunk, n=2): return n",
    "def f(chunk, *, n=2): return n",
    "def f(chunk, *, n=3): return n",
    "def make(n):\n    def f(chunk): return n\n    return f\nf = make(1)",
    "def make(n):\n    def f(chunk): return n\n    return f\nf = make((1, 'b'))",
    "def make(n):\n    def f(chunk): return n()\n    return f\nf = make(lambda: 1)",
    "def make(n):\n    def f(chunk): return n()\n    return f\nf = make(lambda: 2)",
    "def make():\n    def f(chunk): return f(chunk[1:])\n    return f\nf = make()",
    "import functools\nf = functools.partial(lambda n, chunk: n, 1)",
    "import functools\nf = functools.partial(lambda n, chunk: n, 2)",
    "import functools\nf = functools.partial(lambda chunk, n: n, n=1)",
    "import functools\nf = functools.partial(lambda chunk, n: n, n=2)",
    "import functools\nf = functools.lru_cache(lambda chunk: 3)",
    "import functools\nf = functools.lru_cache(lambda chunk: 4)",
    "class A:\n    def f(self, chunk): return 5\nf = A().f",
    "class A:\n    def f(self, chunk): return 6\nf = A().f",
    "def f(chunk):\n    for f.n in chunk: return lambda: {1: 'x'}",
    "f = sum",
    "import statistics as s\nf = s.mean",
    "class f:\n    pass",
]

SCRIPT = """
import sys
from jupyter_memkit.techniques.chunked.identity import identify
for code in sys.argv[1:]:
    names = {}
    exec(code, names)
    print(identify(names["f"]))
"""


def make(code: str) -> Callable[..., Any]:
    """Return the function that some code defines as f."""
    names: dict[str, Any] = {}
    exec(code, names)
    function: Callable[..., Any] = names["f"]
    return function


def test_every_change_shows() -> None:
    """Functions that differ in code, constants or values have other identities."""
    identities = [identify(make(code)) for code in CODES]
    assert len(set(identities)) == len(CODES)


def test_same_in_other_processes() -> None:
    """Neither addresses nor the hashes of a process are part of an identity."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, *CODES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


def test_place_does_not_count() -> None:
    """A function that moved within its file, or got a comment, is the same."""
    moved = "\n\n# Moved.\n" + CODES[0]
    assert identify(make(moved)) == identify(make(CODES[0]))


def test_what_changes_during_a_run_does_not_count() -> None:
    """A list in which a function collects is not part of its identity."""
    seen: list[Any] = []

    def collect(chunk: Any) -> None:
        seen.append(chunk)

    before = identify(collect)
    collect(1)
    assert identify(collect) == before


def test_object_with_a_name() -> None:
    """A function of numpy is identified by its name."""
    assert identify(np.maximum) != identify(np.minimum)


class Scaler:
    """An object that can be called."""

    def __call__(self, chunk: Any) -> Any:
        """Return the chunk."""
        return chunk


def test_object_that_nothing_identifies() -> None:
    """An object with a state is rejected, with a remedy that works."""
    scaler = Scaler()
    with pytest.raises(
        MemkitError, match="a run that calls a Scaler cannot be resumed"
    ):
        identify(scaler)

    def scale(chunk: Any) -> Any:
        return scaler(chunk)

    assert "Scaler" in identify(scale)
    with pytest.raises(MemkitError):
        identify(functools.partial(Scaler(), 1))


def test_text_of_the_code() -> None:
    """The attribute source of an object, as of a cell, is its identity."""
    scaler = Scaler()
    scaler.source = "a cell"  # type: ignore[attr-defined]
    assert identify(scaler) == "a cell"
