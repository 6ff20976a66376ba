"""The memory of the process that is in no variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.free_heap import (
    read_free_heap_bytes,
    read_free_python_heap_bytes,
)
from jupyter_memkit.measure.process import read_file_bytes, read_rss_bytes
from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder(Record):
    """The resident memory of the process that the listed variables do not hold.

    Attributes
    ----------
    bytes : int
        The memory of the process minus that of the variables. Negative if variables
        hold memory that is not resident: never written to, or in swap.
    parts : mapping of str to int
        The known parts, in bytes, by what holds them.
    """

    bytes: int
    parts: Mapping[str, int]

    @property
    def other_bytes(self) -> int:
        """The rest: the interpreter, libraries and scripts."""
        return max(0, self.bytes - sum(self.parts.values()))


def read_remainder(listed_bytes: int, held: Mapping[str, int]) -> Remainder | None:
    """Return the memory of the process outside its variables.

    Parameters
    ----------
    listed_bytes : int
        The total size of the variables.
    held : mapping of str to int
        Sizes measured in addition, such as outputs, in bytes.

    Returns
    -------
    Remainder or None
        None if the memory of the process cannot be read.

    Examples
    --------
    >>> remainder = read_remainder(1000, {"outputs": 200})
    >>> remainder.bytes > 1_000_000, remainder.parts["outputs"]
    (True, 200)
    """
    try:
        left_bytes = rest_bytes = read_rss_bytes() - listed_bytes
    except (MemkitError, OSError):
        return None
    known = {
        **held,
        "code and files that are mapped": read_file_bytes(),
        "free in the C library's heap": read_free_heap_bytes(),
        "free in Python's heap": read_free_python_heap_bytes(),
    }
    parts = {}
    for name, n_bytes in known.items():
        # They are read one after the other, and outputs are estimates, so they are
        # capped.
        parts[name] = min(n_bytes, max(0, left_bytes))
        left_bytes -= parts[name]
    return Remainder(
        bytes=rest_bytes, parts={name: each for name, each in parts.items() if each}
    )
