"""Objects have capacity for the attributes of other objects of their class."""

from __future__ import annotations

import sys

import pytest

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.allocation import _SHARED_VALUES_BYTES
from jupyter_memkit.measure.sizes.shared_keys import count_array_bytes, count_places

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="every object has a dict"
)

# After this many objects, new ones of the class get no spare capacity.
MANY = 50
POINTER_BYTES = 8


class Row:
    """A class whose first object has more attributes than the others."""

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
    """The array holds every attribute that an object of the class had, and one more."""
    kind, _rows = make_rows(more)
    assert count_places(kind) == 3 + more + 1


def test_attributes_of_others() -> None:
    """Capacity for attributes that only another object has is part of the size."""
    _, narrow = make_rows(0)
    _, wide = make_rows(20)
    room_bytes = sizeof(wide[1:]).bytes - sizeof(narrow[1:]).bytes
    assert MANY * 20 * POINTER_BYTES <= room_bytes <= MANY * 24 * POINTER_BYTES


def test_opened_objects() -> None:
    """A dict of the attributes counts, and no attribute counts twice."""
    _, rows = make_rows(20)
    # The names of the attributes are found with the first.
    vars(rows[0])
    closed_bytes = sizeof(rows).bytes
    for row in rows[2::2]:
        vars(row)
    assert sizeof(rows).bytes - closed_bytes == pytest.approx(MANY // 2 * 64, abs=64)


class Mapping(dict):  # type: ignore[type-arg]  # a dict with attributes
    """An object whose attributes are in a dict that shares its keys."""


def make_mappings(count: int) -> list[Mapping]:
    """Make such objects with one attribute each."""
    found = [Mapping() for _ in range(count)]
    for each in found:
        vars(each)["name"] = None
    return found


def test_array_of_a_dict() -> None:
    """The header around the values of a key-sharing dict is part of its size."""
    places = dict.__sizeof__(vars(make_mappings(1)[0])) - dict.__basicsize__
    places //= POINTER_BYTES
    if places * POINTER_BYTES not in _SHARED_VALUES_BYTES:
        pytest.skip("such an array is as large as the keys of a dict of its own")
    each = (
        sizeof(make_mappings(2 * MANY)).bytes - sizeof(make_mappings(MANY)).bytes
    ) / MANY
    least = sizeof(Mapping()).bytes + sizeof({}).bytes
    assert each >= least + count_array_bytes(places)


def test_dicts_of_objects() -> None:
    """The array in an object does not count for the dict of its attributes."""
    _, rows = make_rows(20)
    dicts = [vars(row) for row in rows]
    beside_bytes = sizeof([rows, dicts]).bytes - sizeof(rows).bytes
    assert beside_bytes == pytest.approx(sizeof([None] * len(dicts)).bytes, abs=128)


def test_values_of_a_dict() -> None:
    """The values of a dict are found even if they lie in an object."""
    _, rows = make_rows(0)
    vars(rows[0])["a"] = bytearray(100_000)
    assert sizeof(vars(rows[0])).bytes > 100_000
