"""Reads the attributes that are stored in an object, without running its code."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro


def read_attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object's attributes, slots included.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> next(read_attributes(SimpleNamespace(a=1)))
    ('a', 1)
    """
    with contextlib.suppress(AttributeError, TypeError):
        yield from dict(object.__getattribute__(owner, "__dict__")).items()
    for base in read_mro(type(owner)):
        for name, slot in read_dict(base).items():
            if type(slot) is types.MemberDescriptorType:
                try:
                    yield name, slot.__get__(owner)
                except AttributeError:
                    continue
