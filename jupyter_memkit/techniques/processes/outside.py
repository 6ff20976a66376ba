"""What is more than its memory: open files, and memory that is written to a file.

A copy of it in another process would be another thing, with the same name: what is
written there would be lost, or written twice. Most of this kind refuses to be pickled
by itself; here is what does not.
"""

from __future__ import annotations

import _io
import io
import mmap
import sys
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.processes.sharing import find_owner

_STREAMS = ("stdin", "stdout", "stderr")

# Databases and segments that another process would open for itself: what both write,
# or what the first of them removes at its end, is lost to the other.
_OPENED_AGAIN = (
    ("dbm.dumb", "_Database", "an open database"),
    ("shelve", "Shelf", "an open database"),
    ("multiprocessing.shared_memory", "SharedMemory", "shared memory"),
)


def find_stream(obj: Any) -> str:
    """Return which of the standard streams an object is; empty for none."""
    return next((name for name in _STREAMS if getattr(sys, name) is obj), "")


def is_ordinary(kind: type) -> bool:
    """Return whether nothing of a kind can be outside of memory, or a stream."""
    special = [_io._IOBase, find_loaded("numpy", "ndarray")]  # noqa: SLF001 - as below
    special += [find_loaded(module, name) for module, name, _ in _OPENED_AGAIN]
    special += [type(getattr(sys, name)) for name in _STREAMS]
    return not issubclass(kind, tuple(each for each in special if each is not None))


def describe_outside(obj: Any) -> str:
    """Return why an object means something in its own process alone; empty if not.

    Examples
    --------
    >>> with open(__file__) as file:
    ...     describe_outside(file)
    'an open file belongs to the process that opened it'
    >>> describe_outside([1])
    ''
    """
    kind = type(obj)
    if issubclass(kind, _io._IOBase):  # noqa: SLF001 - the ABC would ask the class
        in_memory = issubclass(kind, (io.StringIO, io.BytesIO))
        return "" if in_memory else _say("an open file")
    array_kind = find_loaded("numpy", "ndarray")
    if array_kind is not None and issubclass(kind, array_kind):
        return _say("an array that is mapped to a file") if _is_mapped(obj) else ""
    for module, name, what in _OPENED_AGAIN:
        opened = find_loaded(module, name)
        if opened is not None and issubclass(kind, opened):
            return _say(what)
    return ""


def _say(what: str) -> str:
    return f"{what} belongs to the process that opened it"


def _is_mapped(obj: Any) -> bool:
    """Return whether what is written to an array goes to a file."""
    owner = find_owner(obj)
    if not issubclass(type(owner), mmap.mmap):
        return False
    map_kind = find_loaded("numpy", "memmap")
    if issubclass(type(obj), map_kind) and obj.mode in ("r", "c"):
        return False
    try:
        with memoryview(owner) as view:
            if view.readonly:
                return False
        owner.size()
    except OSError:
        return False  # It has no file.
    except ValueError:
        return True
    # A value that was spilled is a variable like any other.
    find_file = find_loaded("jupyter_memkit.techniques.spilling.files", "find_file")
    return find_file is None or find_file(obj) is None
