"""Recognizes a resource limit that was lowered here temporarily.

A limit on memory counts in pages, so the system ignores its last bits, and they can
carry a sign. This module is also used by a process that must stay small.
"""

from __future__ import annotations

_PAGE_BYTES = 4096
_SIGN = 1717


def mark_temporary(limit_bytes: int) -> int:
    """Return a limit that is recognized, less than a page from the given one."""
    return limit_bytes // _PAGE_BYTES * _PAGE_BYTES + _SIGN


def is_temporary(limit_bytes: int) -> bool:
    """Return whether a limit was lowered here, and not by the user.

    Examples
    --------
    >>> is_temporary(mark_temporary(1 << 30)), is_temporary(1 << 30)
    (True, False)
    """
    return limit_bytes % _PAGE_BYTES == _SIGN
