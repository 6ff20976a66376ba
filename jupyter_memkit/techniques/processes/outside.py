"""Finds resources of this process: open files, and memory that is written to a file.

A copy in another process would be a different resource with the same name: data
written there would be lost, or written twice. Most resources refuse to be pickled; this
module finds the others.
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

# Another process would reopen these, and miss what this one writes or removes.
_OPENED_AGAIN = (
    ("dbm.dumb", "_Database", "an open database"),
    ("shelve", "Shelf", "an open database"),
    ("multiprocessing.shared_memory", "SharedMemory", "shared memory"),
)


def find_stream(obj: Any) -> str:
    """Return the name of an object that is a standard stream; empty for others."""
    return next((name for name in _STREAMS if getattr(sys, name) is obj), "")


def is_ordinary(kind: type) -> bool:
    """Return whether no object of a type can be a resource or a stream."""
    special = [_io._IOBase, find_loaded("numpy", "ndarray")]  # noqa: SLF001 - see below
    special += [find_loaded(module, name) for module, name, _ in _OPENED_AGAIN]
    special += [type(getattr(sys, name)) for name in _STREAMS]
    return not issubclass(kind, tuple(each for each in special if each is not None))


def describe_outside(obj: Any) -> str:
    """Return why an object is bound to its process; empty if it is not.

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
    """Return whether writes to an array go to a file."""
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
        return False  # Without a file.
    except ValueError:
        return True
    # A spilled value may be copied like any other variable.
    find_file = find_loaded("jupyter_memkit.techniques.spilling.files", "find_file")
    return find_file is None or find_file(obj) is None
