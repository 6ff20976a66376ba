"""A clock for the time limits of searches, for which no machine is too slow."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path


def slow_clock() -> Callable[[], float]:
    """Return a clock that shows a nanosecond more each time that it is read."""
    return map((1e-9).__mul__, itertools.count(1)).__next__


# Leaves no names in the kernel.
_SCRIPT = """\
if "jupyter_memkit" in __import__("sys").modules:
    __import__(
        "jupyter_memkit.measure.deadlines", fromlist=["deadlines"]
    )._read_clock_s = map(1e-9.__mul__, __import__("itertools").count(1)).__next__
"""


def slow_kernel_clocks(ipython: Path) -> None:
    """Configure IPython so that each kernel with the extension uses the slow clock.

    Parameters
    ----------
    ipython : Path
        The folder of IPython's configuration.
    """
    profile = ipython / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    # Kernels run it after the startup files, of which one loads the extension.
    script = profile / "slow_clock.py"
    script.write_text(_SCRIPT)
    configuration = {"IPKernelApp": {"exec_files": [str(script)]}}
    (profile / "ipython_kernel_config.json").write_text(json.dumps(configuration))
