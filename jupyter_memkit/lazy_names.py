"""Public names of a package that are imported on first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package.

    Parameters
    ----------
    package : str
        The package's name.
    homes : mapping
        The module of each public name, relative to the package.

    Examples
    --------
    In the ``__init__.py`` of a package::

        __getattr__ = lazy_names(__name__, {"sizeof": "measuring"})
    """

    def import_name(name: str) -> Any:
        if name not in homes:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = getattr(import_module(f"{package}.{homes[name]}"), name)
        # Found without this function from now on.
        setattr(sys.modules[package], name, value)
        return value

    return import_name
