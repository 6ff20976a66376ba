"""What a sizer reports about an object: its own memory, buffers and referents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_memkit.records import Record

RAM = "RAM"
DISK = "disk"
UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer(Record):
    """A block of memory that several objects may use.

    Attributes
    ----------
    address : int
        The first address; overlapping blocks are counted once.
    bytes : int
        The length.
    device : str
        The location: ``"RAM"``, ``"disk"``, or a graphics device such as ``"cuda:0"``.
        Each has its own addresses.
    """

    address: int
    bytes: int
    device: str = RAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Record):
    """The parts of an object.

    Attributes
    ----------
    own_bytes : int
        Memory that no other object uses, including the object itself.
    buffers : tuple of Buffer
        Memory that other objects may use as well.
    children : tuple
        Objects that it keeps alive, which are measured in turn.
    elements : numpy.ndarray or None
        Many such objects, as a one-dimensional array; an estimate samples them.
    hidden_bytes : int
        An upper bound of further memory that is small and not visible.
    is_whole : bool
        Whether this is everything; False if the object can hold any amount of memory
        that is not visible.
    """

    own_bytes: int
    buffers: tuple[Buffer, ...] = ()
    children: tuple[Any, ...] = ()
    elements: Any = None
    hidden_bytes: int = 0
    is_whole: bool = True
