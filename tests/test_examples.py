"""The examples in the docstrings and in the README, run as written."""

from __future__ import annotations

import builtins
import doctest
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_memkit.units import format_bytes, format_duration

ROOT = Path(__file__).parents[1]

# Packages whose import needs the libraries of servers or shells.
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
            # These import a library that may not be installed.
            if path.parent.name != "libraries"
        ),
    ]
)


@pytest.fixture(autouse=True)
def no_last_value() -> Iterator[None]:
    """Examples set the last value, which would disable IPython's own."""
    yield
    vars(builtins).pop("_", None)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    """The examples in a docstring are correct."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        pytest.skip("torch is not installed")
    assert doctest.testmod(module).failed == 0


def test_readme() -> None:
    """The Python code of the README runs from start to end."""
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```", readme)
    exec(code, {})


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere peaks are sampled")
def test_readme_session(tmp_path: Path) -> None:
    """The cells of the README display what stands below them, but for the figures."""
    readme = (ROOT / "README.md").read_text()
    examples = re.findall(r"(?ms)^```ipython\n(.*?)^```\n\n```text\n(.*?)^```", readme)
    assert len(examples) == 5
    rows = ["pen,3,1", "book,20,2", "lamp,70,4"] * 30_000
    (tmp_path / "orders.csv").write_text("\n".join(["item,price,quantity", *rows]))
    ran = subprocess.run(
        [sys.executable, ROOT / "tests" / "readme_session.py"],
        input=json.dumps([cell for cell, _ in examples]),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    checker = doctest.OutputChecker()
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for (cell, wanted), got in zip(examples, json.loads(ran.stdout), strict=True):
        assert checker.check_output(mask(wanted), mask(got), options), (cell, got)


@pytest.mark.parametrize(
    "figure",
    [
        *(format_bytes(n_bytes) for n_bytes in (0, -512, 1 << 10, 1 << 20, 1 << 40)),
        *(format_duration(duration_s) for duration_s in (0, 1, 75, 3600)),
    ],
)
def test_mask(figure: str) -> None:
    """Any size and any duration is a figure, with whatever unit it gets."""
    assert mask(f"kept {figure}, then") == "kept #, then\n"


def mask(output: str) -> str:
    """Replace the figures of an output, and what it leaves out."""
    number = r"-?\b\d[\d,.]*"
    duration = rf"{number} (min \d+ s|h \d+ min|m?s)\b"
    size = rf"{number} ([KMGT]i?)?B\b"
    figures = re.sub(rf"{duration}|{size}|{number}%?", "#", output)
    return figures.replace("…", "...") + "\n"
