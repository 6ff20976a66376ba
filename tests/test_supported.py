"""The versions that the documentation says are supported."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import IPython
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from packaging.requirements import Requirement

import jupyter_memkit as memkit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "notebooks" / "docs" / "environments.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

PYTHONS = [
    words[-1]
    for words in map(str.split, PROJECT["project"]["classifiers"])
    if re.fullmatch(r"3\.\d+", words[-1])
]


def read_table() -> list[str]:
    """Return the rows of the page's table."""
    section = PAGE.read_text().partition("## Supported versions")[2]
    rows = re.findall(r"(?m)^\| .+ \|$", section)
    return rows[1:]


ROWS = read_table()


def describe(requirement: Requirement) -> str:
    """Return which versions a requirement allows, as the table says it."""
    allowed = sorted(map(str, requirement.specifier), reverse=True)
    words = [
        each.replace(">=", "from ").replace("<", "below ").replace("==", "")
        for each in allowed
    ]
    return ", ".join(words) or "any"


def find_requirement(name: str) -> Requirement:
    """Return the project's own requirement of a distribution, the strictest first."""
    project = PROJECT["project"]
    groups = PROJECT["dependency-groups"]
    listed = [
        *project["dependencies"],
        *(
            each
            for extra in project["optional-dependencies"].values()
            for each in extra
        ),
        *(each for group in groups.values() for each in group if isinstance(each, str)),
    ]
    found = [each for each in map(Requirement, listed) if each.name == name]
    return max(found, key=lambda each: len(str(each.specifier)))


def find_tested(name: str) -> list[str]:
    """Return the versions of a distribution that the checks install."""
    files = ["tests/browser/oldest.txt", "constraints.txt", "Makefile"]
    pattern = rf"(?m)(?:^|install .*){name}==([\w.]+)"
    if name != "jupyterlab":
        del files[0]
    return [
        version
        for file in files
        for version in re.findall(pattern, (ROOT / file).read_text())
    ]


def test_old_ipython(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session with an older IPython than the package requires is told the remedy."""
    least = describe(find_requirement("ipython")).removeprefix("from ")
    monkeypatch.setattr(IPython, "version_info", (*map(int, least.split(".")), 0, ""))
    memkit.load_ipython_extension(shell)
    monkeypatch.setattr(IPython, "version_info", (7, 34, 0, ""))
    monkeypatch.setattr(IPython, "__version__", "7.34.0")
    told = rf'IPython {least} .* runs 7\.34\.0; run %pip install "ipython>={least}"'
    with pytest.raises(UsageError, match=told):
        memkit.load_ipython_extension(shell)


def test_python() -> None:
    """The row on Python, the classifiers, and what runs in the workflows agree."""
    first, *_, last = PYTHONS
    assert ROWS[0] == f"| Python | {first} to {last} | each of them |"
    assert PROJECT["project"]["requires-python"] == f">={first}"
    workflows = ROOT / ".github" / "workflows"
    if workflows.exists():
        tested = (workflows / "ci.yml").read_text()
        assert re.findall(r'"(3\.\d+)"', tested.partition("docs:")[0]) == PYTHONS
        released = (workflows / "release.yml").read_text()
        assert f'python: ["{first}", "{last}"]' in released


@pytest.mark.parametrize("row", ROWS[1:])
def test_row(row: str) -> None:
    """Each row has the versions that pyproject allows and that the checks install."""
    name = row.split(" | ", maxsplit=1)[0].removeprefix("| ")
    distribution = name.lower()
    tested = find_tested(distribution)
    assert tested, name
    allowed = "any"
    if distribution != "torch":
        allowed = describe(find_requirement(distribution))
    assert row == f"| {name} | {allowed} | {', '.join(tested)} |"
