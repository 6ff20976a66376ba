"""No code of the user's objects runs while magics and completion look at them."""

from __future__ import annotations

import sys
import types
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

HOME = str(Path(jupyter_memkit.__file__).parent)
HOOKS = (
    *("__len__", "__iter__", "__eq__", "__hash__", "__bool__", "__repr__", "__str__"),
    *("__dir__", "__sizeof__", "__reduce_ex__", "__getstate__", "__array__", "__lt__"),
    *("__index__", "__float__", "__contains__", "__getitem__", "__call__", "__del__"),
    *("__instancecheck__", "__subclasscheck__", "__format__", "__fspath__", "mro"),
)
PROPERTIES = ("shape", "dtype", "nbytes", "base", "columns", "data", "cache_info", "T")

MAGICS = (
    *("%memls", "%memls --all", "%memls --exact", "%memls it it_m a_list frame array"),
    *("%memleaks", "%memkit advice", "%memkit", "%memkit processes", "%mem x = 1"),
    *("%memsnap one", "%memsnap two", "%memsnap one two", "%unload --list"),
    *("%unload module", "%gc_pause status", "%shrink it", "%shrink frame", "%spill it"),
    *("%spill array", "%to_numpy it", "%to_numpy a_list", "%%isolated\nx = 1"),
    *("%memfree --all", "%memfree it", "%memfree it_m", "%memfree a_list"),
)
LINES = (
    *("%memls ", "%memls --type ", "%memfree ", "%shrink ", "%to_numpy ", "%spill "),
    *("%unload ", "%%chunked --reduce ", "%%chunked x --on ", "%%isolated --out "),
)

ran: Counter[str] = Counter()


def record(what: str) -> None:
    """Count code that runs because of the kit, not of IPython."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None and not frame.f_code.co_filename.startswith(HOME):
        frame = frame.f_back
    if frame is not None:
        ran[f"{what}, in {frame.f_code.co_filename}:{frame.f_lineno}"] += 1


def make_type(base: type, meta: type = type) -> type:
    """Return a subclass whose every method and attribute is recorded."""

    def make_hook(name: str) -> Any:
        def hook(self: Any, *arguments: Any, **options: Any) -> Any:
            record(f"{base.__name__}.{name}")
            return getattr(base, name)(self, *arguments, **options)

        return hook

    plain_read: Any = vars(base).get("__getattribute__", object.__getattribute__)

    def read(self: Any, name: str) -> Any:
        record(f"{base.__name__}.{name}")
        return plain_read(self, name)

    def claim(_: Any) -> type:
        record(f"{base.__name__}.__class__")
        return base

    members: dict[str, Any] = {
        name: make_hook(name) for name in HOOKS if hasattr(base, name)
    }
    if base is object:
        members |= {name: property(lambda _: 1) for name in PROPERTIES}
    members |= {
        "__getattribute__": read,
        "__class__": property(claim),
    }
    made: type = meta(f"Own{base.__name__}", (base,), members)
    return made


Meta = make_type(type)


def make_namespace() -> dict[str, Any]:
    """Return objects of such types, alone, in containers and behind functions."""
    kind, other = make_type(object), make_type(object, Meta)

    def holds(value: Any = kind()) -> Any:  # noqa: B008 - what is tested
        return value

    array: Any = np.ones(100_000).view(make_type(np.ndarray))
    plain = types.SimpleNamespace(one=kind(), two=[other()] * 3)
    return {
        "it": kind(),
        "it_m": other(),
        "kind": kind,
        "other": other,
        "a_list": make_type(list)([1] * 100_000),
        "a_list_m": make_type(list, Meta)([1] * 100_000),
        "a_dict": make_type(dict)({i: i for i in range(10_000)}),
        "a_text": make_type(str)("a" * 300_000),
        "a_number": make_type(int)(10**1000),
        "module": make_type(types.ModuleType)("module"),
        "array": array,
        "view": array[:5],
        "frame": make_type(pd.DataFrame)({"a": np.ones(50_000)}),
        "series": make_type(pd.Series)(np.ones(50_000)),
        "inside": [[kind()] * 100, {1: other()}, deque([kind()]), defaultdict(kind)],
        "plain": plain,
        "holds": holds,
        "part": partial(holds, other()),
        "error": ValueError(kind()),
    }


@pytest.fixture
def hostile(shell: InteractiveShell) -> Iterator[InteractiveShell]:
    """A shell with these variables."""
    shell.user_ns.update(make_namespace())
    ran.clear()
    yield shell
    shell.reset()


def test_magics(hostile: InteractiveShell) -> None:
    """Magics read types and memory, not attributes."""
    for cell in MAGICS:
        error = hostile.run_cell(cell).error_in_exec
        assert error is None or type(error) is UsageError, cell
        assert ran == {}, cell
    # Deleted in the end, so the objects were reached.
    assert "it" not in hostile.user_ns


def test_completion(hostile: InteractiveShell) -> None:
    """The names of variables are offered without a look at their values."""
    hostile.Completer.use_jedi = False
    with provisionalcompleter():
        for line in LINES:
            list(hostile.Completer.completions(line, len(line)))
            assert ran == {}, line
