"""The state that the system keeps per process: folder, environment, limits, signals."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from types import FunctionType
from typing import Any

from jupyter_memkit.measure.proc_files import read_proc_file
from jupyter_memkit.techniques.isolated.state.row import Row


def _read_folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - sent as text
    except FileNotFoundError:
        return None


def _write_folder(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _write_environment(variables: dict[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _read_zone() -> tuple[Any, ...]:
    """Return the time zone as `time` took it from the environment last."""
    return time.tzname, time.timezone, time.altzone


def _write_zone(zone: tuple[Any, ...]) -> None:
    if hasattr(time, "tzset") and _read_zone() != zone:
        time.tzset()
        if _read_zone() != zone:
            message = "os.environ names another one; call time.tzset() here"
            raise ValueError(message)


def _read_mask() -> int | None:
    """Return the umask, which only Linux can report without changing it."""
    if sys.platform != "linux":
        return None
    for line in read_proc_file("/proc/self/status").splitlines():
        if line.startswith(b"Umask:"):
            return int(line.split()[1], 8)
    return None


def _write_mask(mask: int | None) -> None:
    if mask is not None:
        os.umask(mask)


def _read_limits() -> dict[int, tuple[int, int]] | None:
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - Windows has no such module

    kinds = {getattr(resource, name) for name in dir(resource) if name[:7] == "RLIMIT_"}
    return {kind: resource.getrlimit(kind) for kind in sorted(kinds)}


def _write_limits(limits: dict[int, tuple[int, int]] | None) -> None:
    if sys.platform == "win32" or limits is None:
        return
    import resource  # noqa: PLC0415 - as above

    for kind, pair in limits.items():
        if resource.getrlimit(kind) != pair:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, pair)


def _read_scheduling() -> Any:
    if not hasattr(os, "sched_getaffinity"):
        return None
    return os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)


def _write_scheduling(value: Any) -> None:
    if value is not None and os.sched_getaffinity(0) != value[1]:
        os.sched_setaffinity(0, value[1])


def find_handlers() -> dict[int, Any]:
    """Return the signal handlers that were set, except that of Ctrl-C."""
    numbers = signal.valid_signals() - {signal.SIGINT}
    handlers = {int(number): signal.getsignal(number) for number in numbers}
    standing = (signal.SIG_DFL, None)
    return {number: each for number, each in handlers.items() if each not in standing}


def can_handle_there(handler: Any) -> bool:
    """Return whether a handler can be sent: a plain function, or "ignore"."""
    if handler is signal.SIG_IGN:
        return True
    if type(handler) is not FunctionType:
        return False
    module = vars(sys.modules.get(handler.__module__, object))
    return handler.__module__ == "__main__" or (
        module.get(handler.__qualname__) is handler
    )


def _read_signals() -> dict[int, Any]:
    handlers = find_handlers()
    return {number: each for number, each in handlers.items() if can_handle_there(each)}


def _write_signals(handlers: dict[int, Any]) -> None:
    for number in _read_signals().keys() - handlers.keys():
        signal.signal(number, signal.SIG_DFL)
    for number, handler in handlers.items():
        signal.signal(number, handler)


ROWS = (
    Row("the working folder", _read_folder, _write_folder),
    Row("os.environ", lambda: dict(os.environ), _write_environment),
    # After the environment, which names it.
    Row("the time zone", _read_zone, _write_zone),
    Row("the umask", _read_mask, _write_mask),
    Row("resource limits", _read_limits, _write_limits),
    Row("the priority", _read_scheduling, _write_scheduling),
    Row("signal handlers", _read_signals, _write_signals),
)
