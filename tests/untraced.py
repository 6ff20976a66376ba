"""Processes that coverage leaves alone: they trace, or are measured to the byte."""

from __future__ import annotations

import os


def untraced_environment() -> dict[str, str]:
    """Return this process's environment without what starts coverage in a child."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COVERAGE_")
    }
