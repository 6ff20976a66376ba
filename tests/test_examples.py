"""The examples in the docstrings and in the README, run as they stand."""

from __future__ import annotations

import builtins
import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Where the servers' and the shells' libraries are not needed to read an example.
PACKAGES = ("measure", "show", "techniques", "track")

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in [
        ROOT / "jupyter_memkit" / "units.py",
        ROOT / "jupyter_memkit" / "wrapping.py",
        *(
            path
            for package in PACKAGES
            for path in (ROOT / "jupyter_memkit" / package).rglob("*.py")
            # These import a library that need not be installed.
            if path.parent.name != "libraries"
        ),
    ]
)


@pytest.fixture(autouse=True)
def no_last_value() -> Iterator[None]:
    """Examples leave their last value in a place where IPython keeps off its own."""
    yield
    vars(builtins).pop("_", None)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    """What a docstring shows is what happens."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_readme() -> None:
    """The Python code of the README runs from its start to its end."""
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```", readme)
    exec(code, {})
