"""Reads the small files of Linux's ``/proc`` (proc(5))."""

from __future__ import annotations

import os

_BLOCK_BYTES = 8192
# Columns of /proc/<pid>/stat, counted from the one after the name.
_START_CODE = 23
_START_STACK = 25
# What the system shows to those who may not know.
_SECRET = (b"0", b"0")


def read_proc_file(path: str) -> bytes:
    """Read a small file of ``/proc`` completely."""
    descriptor = os.open(path, os.O_RDONLY)
    content = b""
    try:
        # A list, such as that of the children, comes a page at a time, and only an
        # empty read is its end.
        while part := os.read(descriptor, _BLOCK_BYTES):
            content += part
    finally:
        os.close(descriptor)
    return content


def read_stat_columns(pid: int | str) -> list[bytes]:
    """Return the columns of ``/proc/<pid>/stat`` after the name of the program.

    Parameters
    ----------
    pid : int or str
        The process; ``"self"`` for this one.

    Raises
    ------
    OSError, ValueError
        If it has ended.
    """
    stat = read_proc_file(f"/proc/{pid}/stat")
    # The name is in parentheses, and may itself contain any characters.
    return stat[stat.rindex(b")") + 2 :].split()


def read_size(content: bytes, field: bytes) -> int:
    r"""Return a size from ``/proc/<pid>/status`` or ``smaps_rollup`` in bytes.

    Parameters
    ----------
    content : bytes
        The content of the file.
    field : bytes
        The name of the field with its colon.

    Raises
    ------
    ValueError
        If there is no such field, as for a process that has ended.

    Examples
    --------
    >>> read_size(b"VmHWM:\t  12 kB\nVmRSS:\t   8 kB\n", b"VmRSS:")
    8192
    """
    start = content.index(field) + len(field)
    return int(content[start : content.index(b"kB", start)]) * 1024


def read_starts(pid: int | str) -> tuple[bytes, bytes]:
    """Return the start addresses of the code and the stack of a process, for `is_fork`.

    Parameters
    ----------
    pid : int or str
        The process; ``"self"`` for this one.

    Raises
    ------
    OSError, ValueError, IndexError
        If it has ended.
    """
    columns = read_stat_columns(pid)
    return columns[_START_CODE], columns[_START_STACK]


def is_fork(pid: int, starts: tuple[bytes, bytes]) -> bool:
    """Return whether a process is a fork of another, or of one of its forks.

    Its code and its stack are then at the same addresses: both are placed at random
    when a program starts, and are copied by a fork.

    Parameters
    ----------
    pid : int
        The process; one that has ended does not count as a fork.
    starts : tuple of (bytes, bytes)
        The other's, from `read_starts`.
    """
    try:
        return read_starts(pid) == starts != _SECRET
    except (OSError, ValueError, IndexError):
        return False
