"""Objects of classes derived from built-in types are measured completely."""

from __future__ import annotations

import enum
import os
import struct
import sys
import time
from typing import Any, NamedTuple

import pytest

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.allocation import find_layout

# From 3.12 on the reference to the attributes is before the object, with another.
_RAW_BYTES = 112 if sys.version_info >= (3, 12) else 96


class Count(int):
    """A number with attributes."""


class Raw(bytes):
    """Bytes with attributes."""


class Level(enum.IntEnum):
    """A number with a name."""

    LOW = 5


class Pair(NamedTuple):
    """What a class of two fields derives from."""

    left: Any
    right: Any


class Point(Pair):
    """A named tuple with attributes."""


@pytest.mark.parametrize("value", [Count(5), Raw(b"x" * 9), Level.LOW, Point(1, 2)])
def test_nothing_hides(value: Any) -> None:
    """A class written in Python hides nothing, whatever it derives from."""
    assert sizeof(value).exact


@pytest.mark.skipif(sys.version_info < (3, 11), reason="attributes lie elsewhere")
@pytest.mark.parametrize(
    ("value", "n_bytes"), [(Count(5), 64), (Raw(b"x" * 31), _RAW_BYTES)]
)
def test_fields_of_subclasses(value: Any, n_bytes: int) -> None:
    """The reference to the attributes of a subclass is a part of its objects."""
    assert sizeof(value).bytes == n_bytes


@pytest.mark.parametrize("kind", [os.stat_result, os.terminal_size, time.struct_time])
def test_fields_that_a_tuple_does_not_show(kind: Any) -> None:
    """A struct sequence has a reference for each of its fields, shown or not."""
    hidden = kind.n_fields - kind.n_sequence_fields
    assert find_layout(kind).surplus_bytes == hidden * struct.calcsize("P")
