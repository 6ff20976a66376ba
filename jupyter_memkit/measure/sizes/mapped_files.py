"""Which addresses are files that the system has mapped, on Linux."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

# In memory, though they have the names of files: shared memory and its kin.
_IN_MEMORY = (b"/dev/", b"/memfd:", b"/SYSV", b"[")


def find_mapped_files() -> list[tuple[int, int]]:
    """Return where files on disk are mapped (proc_pid_maps(5)).

    Returns
    -------
    list of (int, int)
        First and past-the-end addresses, ascending; empty where nothing tells.
    """
    try:
        lines = Path("/proc/self/maps").read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[4] != b"0":
            if fields[5].startswith(_IN_MEMORY):
                continue
            start, _, end = fields[0].partition(b"-")
            found.append((int(start, 16), int(end, 16)))
    return found


def is_within(address: int, ranges: list[tuple[int, int]]) -> bool:
    """Tell whether an address lies in one of ascending ranges."""
    place = bisect_right(ranges, (address, 1 << 64))
    return place > 0 and address < ranges[place - 1][1]
