"""A plugin for pytest: loads the extension into the shell of the process.

Kernels in processes of their own load it themselves. A shell that a suite makes in its
own process gets it after all fixtures of a test, because the shell or its kernel is not
whole before, and loses it at the end of the test.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

_NAME = "jupyter_memkit"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Run a test with the extension loaded."""
    interactiveshell = sys.modules.get("IPython.core.interactiveshell")
    shell_class = getattr(interactiveshell, "InteractiveShell", None)
    is_loading = os.environ["JUPYTER_MEMKIT_AUTOLOAD"] == "1"
    if not (is_loading and shell_class is not None and shell_class.initialized()):
        yield
        return
    manager = shell_class.instance().extension_manager
    # The shell's own tests make its manager another one.
    is_ours = manager.load_extension(_NAME) is None
    try:
        yield
    finally:
        if is_ours:
            manager.unload_extension(_NAME)
