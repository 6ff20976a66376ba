"""What a sizer tells of an object: its own memory, its buffers, what it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

RAM = "RAM"
DISK = "disk"
UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """A block of memory that several objects may use.

    Attributes
    ----------
    address : int
        Where it begins; blocks that overlap are counted once.
    bytes : int
        Its length.
    device : str
        Where it lives: ``"RAM"``, ``"disk"``, or a graphics device such as
        ``"cuda:0"``, each with addresses of its own.
    """

    address: int
    bytes: int
    device: str = RAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an object consists of.

    Attributes
    ----------
    own_bytes : int
        Memory that no other object uses, the object itself included.
    buffers : tuple of Buffer
        Memory that others may use as well.
    children : tuple
        Objects that it keeps alive, which are measured in turn.
    elements : numpy.ndarray or None
        Many such objects, as an array of one dimension; an estimate takes some.
    hidden_bytes : int
        What it takes besides, at most, where that is little and cannot be seen.
    is_whole : bool
        Whether this is all, or the object can hold any amount more that is not seen.
    """

    own_bytes: int
    buffers: tuple[Buffer, ...] = ()
    children: tuple[Any, ...] = ()
    elements: Any = None
    hidden_bytes: int = 0
    is_whole: bool = True
