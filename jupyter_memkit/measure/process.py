"""The resident memory of a process and its high-water mark.

On Linux the figures come from ``/proc`` (proc(5)); elsewhere from psutil, without a
resettable high-water mark.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Protocol

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.proc_files import read_proc_file, read_size

_CLEAR_REFS_HIGH_WATER = b"5"


class MemoryProbe(Protocol):
    """Reads the memory of this process."""

    def read_rss_bytes(self) -> int:
        """Return the resident set size in bytes; OSError if it cannot be read."""

    def reset_high_water(self) -> bool:
        """Reset the high-water mark to the current use; False if refused."""

    def read_high_water_bytes(self) -> int:
        """Return the highest use since the last reset; OSError as above."""


class ProcProbe:
    """Reads this process through Linux's ``/proc/self``.

    Parameters
    ----------
    proc : Path
        The folder of the process, or a fake one in tests.
    """

    def __init__(self, proc: Path = Path("/proc/self")) -> None:
        self._statm = str(proc / "statm")
        self._status = str(proc / "status")
        self._clear_refs = str(proc / "clear_refs")
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")

    def read_rss_bytes(self) -> int:
        """Return the resident set size in bytes."""
        return int(read_proc_file(self._statm).split()[1]) * self._page_bytes

    def reset_high_water(self) -> bool:
        """Reset the high-water mark to the current use; False if refused."""
        try:
            descriptor = os.open(self._clear_refs, os.O_WRONLY)
        except OSError:
            return False
        try:
            os.write(descriptor, _CLEAR_REFS_HIGH_WATER)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True

    def read_high_water_bytes(self) -> int:
        """Return the highest use since the last reset, in bytes."""
        return read_size(read_proc_file(self._status), b"VmHWM:")


class PsutilProbe:
    """Reads this process through psutil, if there is no ``/proc``."""

    def read_rss_bytes(self) -> int:
        """Return the resident set size in bytes."""
        # Imported here because on Linux it would be half of the cost of loading.
        import psutil  # noqa: PLC0415

        try:
            return psutil.Process().memory_info().rss
        except psutil.Error as error:
            raise OSError(str(error)) from error

    def reset_high_water(self) -> bool:
        """Return False, because there is no resettable mark."""
        return False

    def read_high_water_bytes(self) -> int:
        """Return the current use, the best available figure."""
        return self.read_rss_bytes()


def system_probe() -> MemoryProbe:
    """Return the best probe for this system.

    Raises
    ------
    MemkitError
        If the memory of this process cannot be read.
    """
    probes: list[MemoryProbe] = [PsutilProbe()]
    if sys.platform == "linux":
        probes.insert(0, ProcProbe())
    for probe in probes:
        try:
            probe.read_rss_bytes()
            probe.read_high_water_bytes()
        except (OSError, ValueError):
            # A sandbox that hides /proc or parts of it.
            continue
        return probe
    message = (
        "the memory of this process cannot be read on this system; make /proc visible "
        "to it"
    )
    raise MemkitError(message)


def read_rss_bytes(pid: int | None = None) -> int:
    """Return the resident set size of a process.

    Parameters
    ----------
    pid : int, optional
        The process; by default this one.

    Returns
    -------
    int
        The resident set size in bytes.

    Raises
    ------
    MemkitError
        If there is no such process, or the system does not allow reading it.

    Examples
    --------
    >>> read_rss_bytes() > 0
    True
    """
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - see PsutilProbe

        try:
            return psutil.Process(pid).memory_info().rss
        except psutil.Error as error:
            raise _unreadable(pid) from error
    folder = "self" if pid is None else str(pid)
    try:
        pages = int(read_proc_file(f"/proc/{folder}/statm").split()[1])
    except OSError as error:
        raise _unreadable(pid) from error
    if pages == 0:
        # A zombie, which has ended and not been waited for.
        raise _unreadable(pid)
    return pages * os.sysconf("SC_PAGE_SIZE")


def is_running(pid: int) -> bool:
    """Return whether a process has memory.

    One that ends gives its memory back first, which takes a while, and is a zombie
    until its parent has asked for its status.

    Parameters
    ----------
    pid : int
        The process.

    Examples
    --------
    >>> is_running(os.getpid())
    True
    """
    if sys.platform != "linux":
        import psutil  # noqa: PLC0415 - see PsutilProbe

        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False
        except psutil.Error:
            return True
    try:
        return int(read_proc_file(f"/proc/{pid}/statm").split()[1]) > 0
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        return True


def read_swap_bytes() -> int | None:
    """Return the memory of this process that is in swap; None if unknown.

    Examples
    --------
    >>> swap_bytes = read_swap_bytes()
    >>> swap_bytes is None or swap_bytes >= 0
    True
    """
    try:
        return read_size(read_proc_file("/proc/self/status"), b"VmSwap:")
    except (OSError, ValueError):
        return None


def _unreadable(pid: int | None) -> MemkitError:
    process = "this process" if pid is None else f"process {pid}"
    return MemkitError(
        f"the memory of {process} cannot be read: it has ended, or the system "
        "does not allow it"
    )


def read_file_bytes() -> int:
    """Return the resident bytes of files that this process maps; 0 if unknown."""
    if sys.platform != "linux":
        return 0
    try:
        return read_size(read_proc_file("/proc/self/status"), b"RssFile:")
    except (OSError, ValueError):
        return 0
