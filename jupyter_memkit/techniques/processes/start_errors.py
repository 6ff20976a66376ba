"""Explains why the system cannot start another process, with a remedy."""

from __future__ import annotations

import errno

_REMEDIES = {
    errno.EMFILE: "close some files first",
    errno.ENFILE: "close some files first",
    # The memory that is shared with the process counts as a file.
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.ENOMEM: "free some memory first",
}


def explain_start_error(error: OSError) -> str:
    """Return a message about an error at the start of a process.

    Examples
    --------
    >>> explain_start_error(OSError(errno.EMFILE, "Too many open files"))
    'no other process can be started (Too many open files); close some files first'
    """
    remedy = _REMEDIES.get(error.errno or 0, "end some processes first")
    return f"no other process can be started ({error.strerror or error}); {remedy}"
