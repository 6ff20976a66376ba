"""The loaded libraries, and what uses them."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.techniques.unloading import Library, libraries
from tests.techniques.unloading.packages import load

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]


def find(namespace: dict[str, Any]) -> dict[str, Library]:
    """Return the loaded libraries by name."""
    return {each.name: each for each in libraries(namespace).libraries}


def test_nothing_uses_it() -> None:
    """A library that nothing uses is listed as such, with its modules and size."""
    load("fruit")
    found = find({})["fruit"]
    assert (found.modules, found.names, found.users) == (2, (), ())
    assert (found.reason, found.is_used) == (None, False)
    assert 500 < found.bytes < 50_000


def test_names() -> None:
    """Names of modules, functions, classes and objects count, even in containers."""
    namespace = load("fruit")
    apple = sys.modules["fruit.apple"]
    namespace |= {"peel": apple.peel, "Apple": apple.Apple, "one": apple.peel()}
    namespace |= {"many": [{"it": apple.peel()}], "Mine": type("M", (apple.Apple,), {})}
    namespace |= {"number": 1, "_": 1}
    found = find(namespace)["fruit"]
    assert found.names == ("fruit", "peel", "Apple", "one", "Mine", "many")
    assert found.is_used


def test_used_by_another_library() -> None:
    """A library that a used one uses is used; otherwise the whole cycle is unused."""
    namespace = load("cook")
    found = find(namespace)
    assert found["fruit"].users == ("cook",)
    assert found["fruit"].is_used
    assert {"cook", "fruit"} <= set(libraries({}).unused)


def test_kernel_stays() -> None:
    """The kernel's libraries and their dependencies are not listed."""
    names = set(find({}))
    assert not names & {"IPython", "psutil", "traitlets", "zmq", "os", "__main__"}


@pytest.mark.parametrize(
    "package",
    ["hints", "measure.models", "techniques.chunked.training.libraries"],
)
def test_modules_about_a_library_do_not_use_it(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    """What the kernel has imported to look at a library does not hide it."""
    namespace = load("fruit")
    name = f"jupyter_memkit.{package}.about_fruit"
    about = ModuleType(name)
    about.__spec__ = ModuleSpec(name, None)
    vars(about).update(namespace)
    monkeypatch.setitem(sys.modules, name, about)
    assert find({})["fruit"].users == ()


def test_what_has_to_stay_is_used() -> None:
    """A library that cannot be unloaded is not unused, and the reason is listed."""
    found = find({"np": np})["numpy"]
    assert found.is_used
    assert "C core is loaded once" in str(found.reason)
