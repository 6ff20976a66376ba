"""Processes without coverage, which trace code or are measured to the byte."""

from __future__ import annotations

import os
from collections.abc import Mapping


def untraced_environment() -> dict[str, str]:
    """Return this process's environment without coverage for child processes."""
    return without_coverage(os.environ)


def without_coverage(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment whose process is not measured."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("COVERAGE_")
    }
