"""What ``truth`` and ``cost`` share: a worker process, a shell and its watchers.

No benchmark itself: ``python -m tests.benchmarks`` runs no file that begins with an
underscore.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psutil
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_memkit.measure.limits import read_limit


def make_shell() -> Any:
    """Return the shell of this process, which keeps no history on disk."""
    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)


def load_memkit(shell: Any) -> None:
    """Load this project's extension."""
    shell.extension_manager.load_extension("jupyter_memkit")


def load_memory_profiler(shell: Any) -> None:
    """Load memory_profiler's magics; without distutils (Python 3.12) it fails."""
    importlib.import_module("memory_profiler").load_ipython_extension(shell)


def watch_with_ipython_memory_usage(shell: Any) -> None:
    """Start ipython_memory_usage, which needs the shell when it is imported."""
    del shell
    name = "ipython_memory_usage.ipython_memory_usage"
    importlib.import_module(name).start_watching_memory()


@contextlib.contextmanager
def worker(
    module: str, *arguments: str, timeout_s: float = 240.0
) -> Iterator[subprocess.Popen[str]]:
    """Run a module with lines to and from it; nothing of it is left behind.

    It has a session of its own, so that its children end with it.
    """
    # The same hashes, and thus the same dicts, in every process.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", module, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,
    ) as process:
        limit = threading.Timer(timeout_s, _end, (process,))
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    # It has not been waited for, so the number of its group is no other's.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def ask(module: str, *arguments: str) -> str:
    """Return what a module prints in a fresh process."""
    with worker(module, *arguments) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        # Wait, but leave the number of the process taken.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if process.returncode:
        message = f"{module} {' '.join(arguments)} ended with {process.returncode}"
        raise RuntimeError(message)
    return printed


def available_bytes() -> int:
    """Return how much memory can be taken now."""
    free_bytes = psutil.virtual_memory().available
    limit = read_limit()
    return min(free_bytes, limit.bytes) if limit else free_bytes


def describe_error(error: BaseException) -> str:
    """Return the name and the sentence of an error."""
    return f"{type(error).__name__}: {error}"


def note(text: str) -> None:
    """Tell on the standard error how far the program is."""
    print(text, file=sys.stderr, flush=True)


def align(rows: list[list[str]]) -> str:
    """Return rows as text, the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [
            text.rjust(width) for text, width in zip(others, widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
