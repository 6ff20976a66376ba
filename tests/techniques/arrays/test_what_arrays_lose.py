"""Converting to arrays keeps what containers and values have besides, or refuses."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.shrink import shrink
from jupyter_memkit.techniques.arrays.to_numpy import to_numpy
from jupyter_memkit.techniques.arrays.type_names import name_one

Point = namedtuple("Point", "x y")  # noqa: PYI024 - what users have
Pair = namedtuple("Pair", "x y")  # noqa: PYI024 - as above
# The second of two times that a clock showed when it was put back.
AGAIN = dt.datetime(2026, 10, 25, 2, 30, fold=1)  # noqa: DTZ001 - as numpy has


class Rows(list[Any]):
    """A list that may have attributes."""


def test_kinds_of_dicts() -> None:
    """A dict of lists becomes a dict of the same kind."""
    columns = to_numpy(defaultdict(list, a=[1]))
    assert type(columns) is defaultdict
    assert columns.default_factory is list
    assert columns["a"].tolist() == [1]
    assert type(to_numpy(OrderedDict(a=[1]))) is OrderedDict
    assert type(to_numpy({"a": [1]})) is dict


def test_named_tuples() -> None:
    """Named tuples become a structured array, whose fields have their names."""
    records = to_numpy([Point(1, 0.5), Point(2, 1.5)])
    assert records.dtype.names == ("x", "y")
    assert records.tolist() == [(1, 0.5), (2, 1.5)]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (Point(1, 2), r"a Point, whose fields have names .* give tuple\(it\)"),
        ([Point(1, 2), Pair(1, 2)], "the first row is a Point, but others are not"),
        ([[Point(1, 2)]], "contains Point objects"),
        (deque([1], maxlen=5), r"a deque of at most 5 values, .* give list\(it\)"),
        ({"a": deque([1], maxlen=5)}, "in 'a': it is a deque of at most 5 values"),
        (Rows([1]), r"a Rows, which may hold more than its values; give list\(it\)"),
        ([Rows([1])], "contains Rows objects"),
        ([[1], Rows([1])], "row 1 is 'Rows', but other rows are sequences"),
        ([AGAIN], r"2026-10-25 02:30:00 with fold=1, .*; keep the list"),
        ([None, AGAIN], "with fold=1"),
    ],
    ids=str,
)
def test_refused(values: Any, sentence: str) -> None:
    """What an array cannot keep is named, and refused."""
    with pytest.raises(MemkitError, match=sentence):
        to_numpy(values, missing=float("nan"))


@pytest.mark.parametrize("others", [[], [AGAIN.replace(fold=0)]], ids=["one", "two"])
def test_times_in_arrays_of_objects(others: list[Any]) -> None:
    """Shrinking keeps an array or a column with a time that no dtype holds."""
    times = [AGAIN, *others] * 1000
    array = np.array(times, dtype=object)
    assert shrink(array) is array
    column = pd.Series(times, dtype=object)
    assert shrink(column) is column


def test_times_of_several_zones() -> None:
    """Shrinking keeps a column with times of two zones that have the same offset."""
    days = [dt.timedelta(number) for number in range(1000)]
    hour = dt.timedelta(hours=1)
    for zones in (
        [ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Paris")],
        [dt.timezone(hour, "a"), dt.timezone(hour, "b")],
    ):
        starts = [dt.datetime(2026, 1, 1, tzinfo=zone) for zone in zones]
        times = [starts[day.days % 2] + day for day in days]
        column = pd.Series(times, dtype=object)
        assert shrink(column) is column
    # Parsing creates an equal zone for each time.
    start = "2026-01-01T00:00:00+01:00"
    parsed = [dt.datetime.fromisoformat(start) + day for day in days]
    assert shrink(pd.Series(parsed, dtype=object)).dt.tz == dt.timezone(hour)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[(each, f"an {each}") for each in ("int", "EA", "ObjectProxy", "SVC", "Any")],
        *[(each, f"an {each}") for each in ("Unknown", "Upper", "MLPRegressor", "X")],
        *[(each, f"a {each}") for each in ("Rows", "list", "Union", "UserList", "GPU")],
        *[(each, f"a {each}") for each in ("ufunc", "uint8", "Series", "MaskedArray")],
    ],
)
def test_articles(name: str, expected: str) -> None:
    """The article of a type's name fits its sound."""
    assert name_one(type(name, (), {})()) == expected
