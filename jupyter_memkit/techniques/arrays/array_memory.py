"""Finds whose memory the values of a numpy array are in."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.parts import DISK
from jupyter_memkit.measure.sizes.registry import name_type


def find_owner(array: Any) -> Any:
    """Return the array that an array is a view of, or itself."""
    import numpy as np  # noqa: PLC0415 - the array is numpy's

    owner = array
    # The attributes of a subclass can be its own code.
    while issubclass(type(base := np.ndarray.base.__get__(owner)), np.ndarray):
        owner = base
    return owner


def owns_memory(owner: Any) -> bool:
    """Return whether an array owns its memory, rather than, for example, a tensor."""
    import numpy as np  # noqa: PLC0415 - as above

    if type(owner) is not np.ndarray:
        return False
    if owner.base is None:
        return bool(owner.flags.owndata)
    # Created by pyarrow for the columns of a frame, and writeable only if unshared. Any
    # other object could have a `__repr__` of the user's.
    is_capsule = name_type(type(owner.base)) == "PyCapsule"
    return is_capsule and repr(owner.base).startswith('<capsule object "arrow::Buffer"')


def is_mapped(array: Any) -> bool:
    """Return whether the memory of an array is a mapped file."""
    # To look for a file takes too long for each of thousands of columns.
    return not owns_memory(find_owner(array)) and (
        sizeof(array).elsewhere.get(DISK, 0) > 0
    )
