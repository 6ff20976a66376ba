"""The files that a child process inherits."""

from __future__ import annotations

import os

_LAST_OF_STREAMS = 2


def move_above_streams(descriptor: int) -> int:
    """Return a file at a number that no standard stream of a child takes.

    In a process that was started without some streams, as a service can be, new files
    get their numbers.
    """
    below = []
    while descriptor <= _LAST_OF_STREAMS:
        below.append(descriptor)
        descriptor = os.dup(descriptor)
    for each in below:
        os.close(each)
    return descriptor
