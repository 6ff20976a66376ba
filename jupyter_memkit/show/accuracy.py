"""The signs of figures that are not exact."""

from __future__ import annotations

from collections.abc import Mapping

SIGNS: Mapping[str, str] = {
    "exact": "",
    "estimate": "≈ ",
    "at least": "≥ ",
    "at most": "up to ",
}
"""By the accuracy of a record."""
