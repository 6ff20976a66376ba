"""What runs without coverage: it traces code, is measured to the byte, or is slow."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


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


def untraced(function: Function) -> Function:
    """Return a function that runs without coverage."""

    @functools.wraps(function)
    def run(*args: object, **kwargs: object) -> object:
        trace = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*args, **kwargs)
        finally:
            sys.settrace(trace)

    return run  # type: ignore[return-value]
