"""Violations of accessibility, found by axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.lab_page import LabPage

# JupyterLab's body has no height and hides what overflows it. Without a height axe-core
# would take everything for invisible, and not check its contrast.
_RUN = """
async place => {
    const { style } = document.body;
    style.height = '100vh';
    const { violations } = await axe.run(place);
    style.height = '';
    return violations;
}
"""
AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"


def find_violations(lab: LabPage, place: str) -> list[str]:
    """Return what axe-core finds in a part of the page that is worse than minor."""
    lab.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = lab.page.evaluate(_RUN, place)
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        if violation["impact"] != "minor"
        for node in violation["nodes"]
    ]
