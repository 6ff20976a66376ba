"""Violations of accessibility, found by axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.lab_page import LabPage

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"


def find_violations(lab: LabPage, place: str) -> list[str]:
    """Return what axe-core finds in a part of the page that is worse than minor."""
    lab.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = lab.page.evaluate(
        "place => axe.run(place).then(results => results.violations)", place
    )
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        if violation["impact"] != "minor"
        for node in violation["nodes"]
    ]
