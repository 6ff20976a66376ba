"""Processes without coverage, which trace code or are measured to the byte."""

from __future__ import annotations

import os


def untraced_environment() -> dict[str, str]:
    """Return this process's environment without coverage for child processes."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COVERAGE_")
    }
