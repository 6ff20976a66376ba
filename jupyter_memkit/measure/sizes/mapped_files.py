"""Finds the addresses at which files are mapped, on Linux."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

# Mappings in memory that have a file name: shared memory and the like.
_IN_MEMORY = (b"/dev/", b"/memfd:", b"/SYSV", b"[")


@dataclass(frozen=True, slots=True)
class MappedFile:
    """The addresses at which a file on disk is mapped.

    Attributes
    ----------
    start, end : int
        First and past-the-end addresses.
    is_copied : bool
        Whether pages are copied to the process when they are written to.
    """

    start: int
    end: int
    is_copied: bool


def find_mapped_files() -> list[MappedFile]:
    """Return the mapped files on disk (proc_pid_maps(5)).

    Returns
    -------
    list of MappedFile
        By ascending address; empty where the system does not list them.
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
            is_copied = fields[1][1:2] == b"w" and fields[1][3:4] == b"p"
            found.append(MappedFile(int(start, 16), int(end, 16), is_copied))
    return found


def find_file_at(address: int, files: list[MappedFile]) -> MappedFile | None:
    """Return the file that an address is in; `files` are sorted by address."""
    place = bisect_right(files, address, key=lambda file: file.start)
    if place == 0 or address >= files[place - 1].end:
        return None
    return files[place - 1]
