"""Worker processes, shells and watchers for the benchmarks.

``python -m tests.benchmarks`` does not run files that start with an underscore.
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
    """Load memory_profiler's magics, which fails without distutils (Python 3.12)."""
    importlib.import_module("memory_profiler").load_ipython_extension(shell)


def watch_with_ipython_memory_usage(shell: Any) -> None:
    """Start ipython_memory_usage, which needs a shell when it is imported."""
    del shell
    name = "ipython_memory_usage.ipython_memory_usage"
    importlib.import_module(name).start_watching_memory()


@contextlib.contextmanager
def worker(
    module: str, *arguments: str, timeout_s: float = 240.0
) -> Iterator[subprocess.Popen[str]]:
    """Run a module in a process with pipes, which ends with the block.

    It has its own session, so that its children end with it.
    """
    # The same hashes, and so the same dicts, in every process.
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
    # It has not been waited for, so its group's number is not reused.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def ask(module: str, *arguments: str) -> str:
    """Return what a module prints in a fresh process."""
    with worker(module, *arguments) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        # Wait without releasing the number of the process.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if process.returncode:
        message = f"{module} {' '.join(arguments)} ended with {process.returncode}"
        raise RuntimeError(message)
    return printed


def available_bytes() -> int:
    """Return how much memory can be allocated now."""
    free_bytes = psutil.virtual_memory().available
    limit = read_limit()
    return min(free_bytes, limit.bytes) if limit else free_bytes


def describe_error(error: BaseException) -> str:
    """Return the name and the message of an error."""
    return f"{type(error).__name__}: {error}"


def note(text: str) -> None:
    """Report progress on standard error."""
    print(text, file=sys.stderr, flush=True)


def align(rows: list[list[str]]) -> str:
    """Format rows as text, with the first column left-aligned, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [
            text.rjust(width) for text, width in zip(others, widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
