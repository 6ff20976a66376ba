"""Lists of objects in one buffer."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_memkit import MemkitError, SerializedList
from tests.steady import STEADY

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each) | st.tuples(each),
    max_leaves=5,
)


@STEADY
@given(st.lists(VALUES), st.slices(10))
def test_reads_like_the_list(values: list[Any], part: slice) -> None:
    """Elements, slices, the length and the order are those of the list."""
    packed = SerializedList(values)
    assert len(packed) == len(values)
    assert list(packed) == values
    assert packed[part] == values[part]
    assert [packed[-place - 1] for place in range(len(values))] == values[::-1]
    assert list(pickle.loads(pickle.dumps(packed))) == values


def test_copies() -> None:
    """A change of an element that was read does not change the list."""
    packed = SerializedList([{"label": 1}])
    packed[0]["label"] = 2
    assert packed[0] == {"label": 1}
    assert repr(packed).startswith("<SerializedList of 1 in ")


@pytest.mark.parametrize("place", [2, -3])
def test_out_of_range(place: int) -> None:
    """A place outside of the list is an IndexError, as for a list."""
    with pytest.raises(IndexError):
        SerializedList([1, 2])[place]


def test_element_that_cannot_be_pickled() -> None:
    """The error names the element."""
    with pytest.raises(MemkitError, match="element 1 cannot be pickled"):
        SerializedList([1, threading.Lock()])
