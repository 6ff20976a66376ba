"""Converting lists to arrays: every value exactly, or an error."""

from __future__ import annotations

import datetime as dt
import math
import sys
from array import array
from collections import deque, namedtuple
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.to_numpy import to_numpy
from tests.steady import STEADY

NAN = math.nan
CYCLE: list[Any] = []
CYCLE.append(CYCLE)
Point = namedtuple("Point", "x y")  # noqa: PYI024 - what users have
# The type of characters until Python 3.12, and from 3.13 on.
CHARACTERS: Any = "u" if sys.version_info < (3, 13) else "w"


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, -3], "i8"),
        ([1, 2**64 - 1], "u8"),
        ([True, False], "?"),
        ([1.5, NAN, -0.0], "f8"),
        ([1, 2.5, 2**53], "f8"),
        ([1, 2.5, 1j], "c16"),
        (["a", "bcd"], "U3"),
        (["half \ud800", "a"], "U6"),
        ([b"a", b"bcd"], "S3"),
        ([dt.date(2026, 1, 1)], "M8[D]"),
        ([dt.datetime(2026, 1, 1, 1, 2, 3, 4)], "M8[us]"),  # noqa: DTZ001 - as numpy has
        ([dt.timedelta(days=1, microseconds=1)], "m8[us]"),
        ([np.float32(1.5), np.float32(2)], "f4"),
        ([np.int8(1), 2], "i8"),
        (((1, 2), [3, 4], deque([5, 6])), "i8"),
        ([[[1.5], [2.5]]], "f8"),
        (deque([1, 2]), "i8"),
        (array("h", [1, 2]), "i2"),
        (array(CHARACTERS, "ab"), "U1"),
        ([np.array([1, 2], "u1"), np.array([3, 4], "u1")], "u1"),
    ],
    ids=str,
)
def test_exact(values: Any, dtype: str) -> None:
    """Each kind of value gets a dtype that holds it, and is equal afterwards."""
    packed = to_numpy(values)
    assert packed.dtype == np.dtype(dtype)
    assert str(packed.tolist()) == str(np.array(values, dtype=object).tolist()) or (
        packed.ravel().tolist() == np.array(values, dtype=object).ravel().tolist()
    )


@STEADY
@given(
    st.lists(
        st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=20)),
        min_size=1,
    )
)
def test_equal_or_refused(values: list[Any]) -> None:
    """Values that are not refused are equal afterwards, and of the same kind."""
    try:
        packed = to_numpy(values)
    except MemkitError:
        return
    for before, after in zip(values, packed.tolist(), strict=True):
        assert before == after or before != before  # noqa: PLR0124 - NaN
        assert isinstance(before, bool) == isinstance(after, bool)
        assert isinstance(before, str) == isinstance(after, str)


def test_smallest_texts() -> None:
    """One long string among short ones does not make all of them long."""
    texts = ["a", "b" * 100_000, "zero\0"]
    packed = to_numpy(texts)
    assert packed.nbytes < 1000
    assert packed.tolist() == texts


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1, None], "contains None once; replace it with the option missing"),
        ([1, "a"], "several types: int .1 value., str .1 value."),
        ([True, 1], "several types: bool"),
        ([10**30, 1], "an integer of 31 digits"),
        ([-(2**63) - 1], "an integer of 19 digits"),
        ([-1, 2**63], "an integer of 19 digits"),
        ([2**53 + 1, 0.5], "floats and 9007199254740993"),
        ([[1, 2], [3]], "the rows are ragged: row 1 has length 1"),
        ([[1, 2], 3], "row 1 is 'int', but other rows are sequences"),
        ([1, [2]], "the rows are ragged: a list is among single values"),
        ([], "an empty list"),
        ([[], []], "its rows are empty"),
        (CYCLE, "one of them contains itself"),
        ([Decimal(1)], "contains Decimal objects"),
        ([b"a\0"], "bytes that end with a null byte"),
        (
            [dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)],
            "numpy does not support time zones",
        ),
        ([dt.timedelta.max], "out of numpy's range in microseconds"),
        ([np.zeros(2), np.zeros(3)], "arrays of 2 different dtypes or shapes"),
        ([np.zeros(2), 1], "arrays and other values"),
        (range(3), "a range, which takes no memory"),
        ({1, 2}, "a set, which has no order"),
        (5, "an int, not a list"),
        (np.zeros(3), "ndarray is already compact"),
        (pd.Series([1]), "Series is already compact; %shrink"),
        (pd.Series([1]).rolling(1), "a Rolling, not a list"),
        (pd.Index([1]), "an Index, not a list"),
        (np.float64(1), "a float64, not a list"),
        ({}, "an empty dict"),
        ({"a": 1}, "'a' contains an int"),
        ({"a": [1], "b": [1, None]}, "in 'b': it contains None once"),
        ([{"a": 1}, {"b": 1}], "row 1 has other keys"),
        ([{1: 2}], "the key 1 cannot name a field"),
        ([{}], "its dicts are empty"),
        ([{"a": "b" * 10_000}, {"a": "c"}], "strings of very different lengths"),
        (iter([1]), "not a list, tuple"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_refused(values: Any, sentence: str) -> None:
    """Values that no dtype can hold exactly are refused in one sentence."""
    with pytest.raises(MemkitError, match=sentence):
        to_numpy(values)


@pytest.mark.parametrize(
    ("values", "missing", "expected"),
    [
        ([1, None], NAN, [1.0, NAN]),
        ([1, None], -1, [1, -1]),
        ([1.5, None, "n/a", 2.5], NAN, [1.5, NAN, NAN, 2.5]),
        (["a", None, "b"], "", ["a", "", "b"]),
        ([None, None], 0.0, [0.0, 0.0]),
        ([dt.date(2026, 1, 1), None], NAN, [dt.date(2026, 1, 1), None]),
        ([[1, None], [None, 2]], 0, [[1, 0], [0, 2]]),
        ([True, None], False, [True, False]),
    ],
)
def test_missing(values: Any, missing: Any, expected: list[Any]) -> None:
    """None, and values unlike most, become the given replacement."""
    assert str(to_numpy(values, missing=missing).tolist()) == str(expected)


def test_missing_of_another_kind() -> None:
    """A replacement of another kind is refused."""
    with pytest.raises(MemkitError, match="no dtype can hold int and str together"):
        to_numpy([1, None], missing="none")
    with pytest.raises(MemkitError, match="contains floats and"):
        to_numpy([2**53 + 1, None], missing=NAN)


def test_containers() -> None:
    """Dicts of lists become dicts of arrays, lists of dicts structured arrays."""
    columns = to_numpy({"a": [1, 2], "b": ["x", "yz"]})
    assert {key: each.dtype.str for key, each in columns.items()} == {
        "a": "<i8",
        "b": "<U2",
    }
    records = to_numpy([{"a": 1, "b": "x"}, {"a": 2, "b": "yz"}])
    assert records.dtype.names == ("a", "b")
    assert records.tolist() == [(1, "x"), (2, "yz")]


def test_frame() -> None:
    """A frame has a column for each key, or each position in a row."""
    expected = {"x": [1, 2], "y": ["a", "b"]}
    by_key = to_numpy([{"x": 1, "y": "a"}, {"x": 2, "y": "b"}], frame=True)
    assert by_key.to_dict("list") == expected
    assert to_numpy(expected, frame=True).to_dict("list") == expected
    by_name = to_numpy([Point(1, "a"), Point(2, "b")], frame=True)
    assert by_name.to_dict("list") == expected
    assert to_numpy([(1, "a")], frame=True).to_dict("list") == {0: [1], 1: ["a"]}
    assert to_numpy([1, 2], frame=True).to_dict("list") == {0: [1, 2]}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([(1, 2), (3,)], "its rows are ragged"),
        ({"a": [1], "b": [1, 2]}, "its lists have different lengths"),
        ({"a": [[1, 2]]}, "'a' contains rows"),
    ],
)
def test_frame_refused(values: Any, sentence: str) -> None:
    """A frame of unequal columns is refused."""
    with pytest.raises(MemkitError, match=sentence):
        to_numpy(values, frame=True)


def test_progress() -> None:
    """Long lists report progress, and can be interrupted between blocks."""
    steps: list[int] = []
    to_numpy(list(range(50_000)), progress=steps.append)
    assert steps == sorted(steps)
    assert (len(steps) > 3, steps[-1]) == (True, 50_000)


@pytest.mark.parametrize(
    ("missing", "numbers", "texts"),
    [
        (None, [1.0, np.nan], ["x", None]),
        (np.nan, [1.0, np.nan], ["x", None]),
        ("", [1.0, np.nan], ["x", ""]),
        (0, [1, 0], ["x", None]),
    ],
)
def test_none_in_frames(missing: Any, numbers: list[Any], texts: list[Any]) -> None:
    """In a frame None is missing among strings and numbers, or replaced."""
    frame = to_numpy(
        [{"n": 1, "t": "x"}, {"n": None, "t": None}], missing=missing, frame=True
    )
    expected = pd.DataFrame({"n": numbers, "t": texts})
    pd.testing.assert_frame_equal(frame, expected.astype(frame.dtypes))
    assert str(frame["n"].dtype) == ("int64" if missing == 0 else "float64")


def test_none_among_other_values_in_frames() -> None:
    """Booleans with None are kept, and times have NaT."""
    values = {"b": [True, None], "d": [dt.date(2024, 1, 2), None]}
    frame = to_numpy(values, frame=True)
    assert frame["b"].tolist() == [True, None]
    assert frame["d"].isna().tolist() == [False, True]


@pytest.mark.parametrize("kind", [np.datetime64, np.timedelta64])
def test_times_of_several_units(kind: Any) -> None:
    """Times of several units are exact, or refused with a remedy that works."""
    far, fine = kind(400 * 365, "D"), kind(1, "ns")
    near = [kind(3, "D"), fine, kind("NaT", "D")]
    packed = to_numpy(near)
    assert packed.tolist()[:2] == [kind(3, "D").astype(packed.dtype).item(), 1]
    assert np.isnat(packed[2])
    with pytest.raises(MemkitError, match=r"out of the range .*\.astype\('.8\[us\]'\)"):
        to_numpy([far, fine])
    rounded = [each.astype(f"{packed.dtype.char}8[us]") for each in (far, fine)]
    assert to_numpy(rounded)[0] == far
