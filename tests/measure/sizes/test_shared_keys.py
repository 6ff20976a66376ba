"""Objects have room for the attributes of others of their class."""

from __future__ import annotations

import sys

import pytest

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.shared_keys import count_places

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="every object has a dict"
)

# So many objects take the room to spare from all that come after them.
MANY = 50
POINTER_BYTES = 8


class Row:
    """An object of which the first has more attributes than the others."""

    def __init__(self, more: int = 0) -> None:
        self.a = self.b = self.c = None
        for number in range(more):
            setattr(self, f"more{number}", None)


def make_rows(more: int) -> tuple[type, list[Row]]:
    """Make objects of a class of their own."""
    kind = type("Row", (Row,), {})
    first = kind(more)
    return kind, [first, *(kind() for _ in range(MANY))]


@pytest.mark.parametrize("more", [0, 5])
def test_places(more: int) -> None:
    """There is a place for each attribute that one object has had, and one to spare."""
    kind, _rows = make_rows(more)
    assert count_places(kind) == 3 + more + 1


def test_attributes_of_others() -> None:
    """The room for what only another object has is a part of the size."""
    _, narrow = make_rows(0)
    _, wide = make_rows(20)
    room_bytes = sizeof(wide[1:]).bytes - sizeof(narrow[1:]).bytes
    assert MANY * 20 * POINTER_BYTES <= room_bytes <= MANY * 24 * POINTER_BYTES


def test_opened_objects() -> None:
    """A dict that stands for the attributes counts, and no attribute counts twice."""
    _, rows = make_rows(20)
    # The names of the attributes are found with the first.
    vars(rows[0])
    closed_bytes = sizeof(rows).bytes
    for row in rows[2::2]:
        vars(row)
    assert sizeof(rows).bytes - closed_bytes == pytest.approx(MANY // 2 * 64, abs=64)
