"""Describes what the figures of a benchmark depend on."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("numpy", "pandas", "pyarrow", "polars", "duckdb", "dask", "torch")


def describe_machine() -> str:
    """Return a sentence with the versions, the machine, and how busy it is."""
    versions = [f"jupyter_memkit {version('jupyter_memkit')}"]
    for library in _LIBRARIES:
        with suppress(PackageNotFoundError):
            versions.append(f"{library} {version(library)}")
    return (
        f"Python {platform.python_version()}, {', '.join(versions)}; "
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, of "
        f"which {os.getloadavg()[0]:.1f} were in use before."
    )
