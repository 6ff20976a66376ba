"""The documentation site, built without running its pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import jupyter_memkit
from jupyter_memkit import extension

SOURCES = Path(__file__).parents[2] / "notebooks" / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; a warning, such as a broken link, fails it."""
    folder = tmp_path_factory.mktemp("site")
    # A notebook that has not run has no language yet.
    unrun = ["nb_execution_mode=off", "suppress_warnings=myst-nb.lexer"]
    subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going"),
            *("--quiet", "--fresh-env"),
            *(word for setting in unrun for word in ("-D", setting)),
            *(SOURCES, folder),
        ],
        check=True,
    )
    return folder


def test_every_magic_has_its_page(site: Path) -> None:
    """The page of a magic names each option that its parser accepts."""
    for magics in extension._MAGICS:
        for kind in ("line", "cell"):
            for name, function in magics.magics[kind].items():
                page = site / "_sources" / "reference" / "magics" / f"{name}.md"
                described = page.read_text()
                for action in getattr(magics, function).parser._actions:
                    for option in action.option_strings or [action.dest]:
                        known = option in described or action.metavar in described
                        assert known, (name, option)


def test_percent_signs(site: Path) -> None:
    """A percent sign in a help text is shown once, as the magic itself shows it."""
    folder = site / "_sources" / "reference" / "magics"
    pages = {page.name: page.read_text() for page in folder.glob("*.md")}
    assert "such as 85%; auto (default), which leaves 5% of" in pages["memguard.md"]
    assert "delete what %run keeps of scripts" in pages["memfree.md"]
    helps = [line for page in pages.values() for line in page.splitlines()]
    assert [line for line in helps if line.startswith(":   ") and "%%" in line] == []


def test_every_public_name_is_documented(site: Path) -> None:
    """The index of the site, which other sites link to, holds all public names."""
    with (site / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, uri: base + uri)
    documented = {name for kind in inventory.values() for name in kind}
    expected = {f"jupyter_memkit.{name}" for name in jupyter_memkit.__all__}
    assert expected - documented == {"jupyter_memkit.__version__"}


def test_list_for_language_models(site: Path) -> None:
    """``llms.txt`` has a title, a summary, and links to pages that exist."""
    text = (site / "llms.txt").read_text()
    title, _, summary, *_ = text.splitlines()
    assert title == "# jupyter_memkit"
    assert summary.startswith("> ")
    links = re.findall(r"\]\((.*?)\)", text)
    assert "_sources/symptoms/kernel_died.md" in links
    assert [link for link in links if not (site / link).is_file()] == []
