"""Gives batches to libraries; each file is imported when its library is loaded."""

from __future__ import annotations

import sys

from jupyter_memkit.errors import MemkitError


def require_import(library: str, module: str) -> None:
    """Raise an error unless the user has imported a library.

    Parameters
    ----------
    library : str
        Its name.
    module : str
        The module that is needed.
    """
    if module not in sys.modules:
        message = f"{library} is not imported; run: import {module}"
        raise MemkitError(message)
