"""Finds the large blocks of memory that an object consists of.

A model can be freed while an optimizer still holds its parameters, so these blocks are
watched, and not only the object.
"""

from __future__ import annotations

import contextlib
import gc
import types
import weakref
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from jupyter_memkit.measure.models.held import find_storage, is_tensor_type
from jupyter_memkit.measure.sizes.elements import count_elements
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.kinds import Kind, Kinds
from jupyter_memkit.measure.sizes.mapped_files import find_file_at, find_mapped_files
from jupyter_memkit.measure.sizes.parts import DISK, RAM, UNTOUCHED, Buffer, Parts
from jupyter_memkit.measure.sizes.untouched import count_copied

# Smaller blocks are not worth a search for what holds them.
_LEAST_BYTES = 1024 * 1024
# Larger values are collections of data rather than models; they take long to visit.
_MOST_OBJECTS = 100_000
# Each takes about a microsecond, even if millions lead to the same few objects.
_MOST_REFERENCES = 300_000

# They lead from an object to whatever its code uses.
_CODE = (
    types.CellType,
    types.FrameType,
    types.FunctionType,
    types.GeneratorType,
    types.MethodType,
)


@dataclass(frozen=True, slots=True)
class LargePart:
    """A block of memory, held weakly.

    Attributes
    ----------
    owner : weakref.ref
        The object that lives as long as the block: an array, or a tensor's storage.
    part : weakref.ref
        The array or the tensor.
    own_bytes : int
        The size of the object without its buffers.
    buffers : tuple of Buffer
        What it uses in memory, which it may share with other parts.
    """

    owner: weakref.ref[Any]
    part: weakref.ref[Any]
    own_bytes: int
    buffers: tuple[Buffer, ...]

    @property
    def alive(self) -> list[Any]:
        """The objects that still exist; empty if the memory is free."""
        return [each for each in (self.owner(), self.part()) if each is not None]

    @property
    def is_large(self) -> bool:
        """Whether it is worth a search for what holds it."""
        shown = sum(buffer.bytes for buffer in self.buffers)
        return self.own_bytes + shown >= _LEAST_BYTES


def find_large_parts(value: Any, ends: Collection[Any] = ()) -> list[LargePart]:
    """Return the large blocks of memory of an object.

    Parameters
    ----------
    value : object
        The object: a model, a frame, a container of them. Its attributes and elements
        are followed, but not the functions that it refers to.
    ends : collection of object
        Objects that are not part of it.

    Returns
    -------
    list of LargePart
        The blocks of at least 1 MiB in the first 100,000 objects, or behind the first
        300,000 references.

    Examples
    --------
    >>> find_large_parts({"small": [1.5, 2.5]})
    []
    """
    kinds = Kinds()
    # The objects are kept, so that no address is reused.
    seen = {id(end): end for end in ends}
    found: list[LargePart] = []
    waiting = [value]
    references = 0
    while waiting and len(seen) < _MOST_OBJECTS and references < _MOST_REFERENCES:
        references += 1
        part = waiting.pop()
        kind = kinds[type(part)]
        is_code = kind.is_program or contains_identical(_CODE, type(part))
        if is_code or id(part) in seen:
            continue
        seen[id(part)] = part
        if kind.sizer is not None:
            # Whatever the sizer of a library raises, the object is then no part.
            with contextlib.suppress(Exception):
                waiting += _add_block(part, kind, found)
        if kind.has_referents and _count(part, kind) < _MOST_OBJECTS:
            waiting += gc.get_referents(part)
    return _leave_out_mapped(found)


def _leave_out_mapped(parts: list[LargePart]) -> list[LargePart]:
    """Leave out the buffers in mapped files, whose pages the system takes back."""
    files = find_mapped_files() if parts else []
    if not files:
        return parts

    def is_in_memory(buffer: Buffer) -> bool:
        file = find_file_at(buffer.address, files) if buffer.device == RAM else None
        if file is None:
            return True
        return file.is_copied and count_copied(buffer.address, buffer.bytes) > 0

    kept = (
        replace(part, buffers=tuple(filter(is_in_memory, part.buffers)))
        for part in parts
    )
    return [part for part in kept if part.is_large]


def _add_block(part: Any, kind: Kind, found: list[LargePart]) -> tuple[Any, ...]:
    """Add the block of an object, and return the objects that it refers to."""
    assert kind.sizer is not None, "the type has a sizer"
    parts = kind.sizer(part)
    if not isinstance(parts, Parts):
        return ()
    # The storage without the graph, which may refer to other models.
    storage = find_storage(part) if is_tensor_type(type(part)) else None
    large = LargePart(
        owner=weakref.ref(part if storage is None else storage),
        part=weakref.ref(part),
        own_bytes=parts.own_bytes,
        buffers=tuple(
            buffer for buffer in parts.buffers if buffer.device not in (DISK, UNTOUCHED)
        ),
    )
    if large.is_large:
        found.append(large)
    return parts.children


def _count(part: Any, kind: Kind) -> int:
    return 0 if kind.container is None else count_elements(kind.container, part)
