"""Objects of classes derived from built-in types are measured completely."""

from __future__ import annotations

import enum
import sys
from typing import Any, NamedTuple

import pytest

from jupyter_memkit.measure.sizes import sizeof

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
