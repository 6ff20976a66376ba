"""One variable only replaces another that it equals in everything."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.track.leaks.duplicates import find_duplicates

N = 200_000
NUMBERS = np.arange(N, dtype="f8")


class Foreign:
    """An object whose comparison must not run."""

    def __eq__(self, other: object) -> bool:
        """Fail."""
        pytest.fail("code of the user ran")

    __hash__ = None  # type: ignore[assignment]


def find(one: Any, other: Any) -> list[tuple[str, str]]:
    """Return the duplicates among two values."""
    sizes = {"a": 1 << 21, "b": 1 << 21}
    return list(find_duplicates({"a": one, "b": other}, sizes, math.inf))


def frame(**options: Any) -> pd.DataFrame:
    """Return a frame of two columns."""
    return pd.DataFrame({"x": NUMBERS.copy(), "y": NUMBERS + 1}, **options)


def changed(**attributes: Any) -> pd.DataFrame:
    """Return a frame with other attributes."""
    value = frame()
    for name, attribute in attributes.items():
        setattr(value, name, attribute)
    return value


def frozen(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a copy that cannot be written to."""
    copied = array.copy()
    copied.flags.writeable = False
    return copied


def named_index(name: Any) -> pd.DataFrame:
    """Return a frame whose index has a name."""
    value = frame()
    value.index.name = name
    return value


def no_repeats() -> pd.DataFrame:
    """Return a frame that refuses repeated labels."""
    return frame().set_flags(allows_duplicate_labels=False)


def dated(freq: str | None = "s", **options: Any) -> pd.DataFrame:
    """Return a frame whose index consists of dates."""
    index = pd.date_range("2000", periods=N, freq="s", **options)
    value = frame(index=index)
    if freq is None:
        value.index = pd.DatetimeIndex(np.asarray(value.index))
    return value


LEVELS = pd.MultiIndex.from_product([range(N // 100), range(100)], names=["p", "q"])
SQUARE = np.arange(N, dtype="f8").reshape(400, -1)
TEXTS = [f"row {n}" for n in range(N)]
FIELDS = np.zeros(N, dtype=[("x", "f8"), ("y", "i4")])

DIFFERENT = {
    "attributes": (frame(), changed(attrs={"unit": "km"})),
    "the order of attributes": (
        changed(attrs={1: 2, 3: 4}),
        changed(attrs={3: 4, 1: 2}),
    ),
    "foreign attributes": (
        changed(attrs={"a": Foreign()}),
        changed(attrs={"a": Foreign()}),
    ),
    "the name": (pd.Series(NUMBERS, name="p"), pd.Series(NUMBERS.copy(), name="q")),
    "a foreign name": (
        named_index((0.0, "p")),
        named_index((-0.0, "p")),
    ),
    "the name of the index": (frame(), named_index("day")),
    "the name of the columns": (frame(), frame().rename_axis(columns="c")),
    "the columns": (frame(), frame().rename(columns={"x": "z"})),
    "the type of the columns": (
        frame().set_axis([0, 1], axis=1),
        frame().set_axis([0.0, 1.0], axis=1),
    ),
    "flags": (frame(), no_repeats()),
    "the index": (frame(), frame(index=range(1, N + 1))),
    "the kind of the index": (frame(), frame(index=pd.Index(list(range(N))))),
    "the values of the index": (frame(index=NUMBERS), frame(index=NUMBERS + 1)),
    "the texts of the index": (frame(index=TEXTS), frame(index=TEXTS[::-1])),
    "the frequency": (dated(), dated(None)),
    "the time zone": (dated(tz="UTC"), dated(tz="Europe/Berlin")),
    "levels": (frame(index=LEVELS), frame(index=LEVELS.swaplevel())),
    "the names of levels": (
        frame(index=LEVELS),
        frame(index=LEVELS.set_names(["p", "r"])),
    ),
    "writeable": (NUMBERS.copy(), frozen(NUMBERS)),
    "shape": (NUMBERS.copy(), SQUARE.copy()),
    "order": (SQUARE.copy(), np.asfortranarray(SQUARE)),
    "a negative zero": (np.zeros(N), -np.zeros(N)),
    "units": (NUMBERS.astype("M8[s]"), NUMBERS.astype("M8[ms]")),
    "byte order": (
        NUMBERS.astype("<i8"),
        NUMBERS.astype(">i8").view("<i8").astype(">i8"),
    ),
    "fields": (FIELDS.copy(), FIELDS.astype([("x", "f8"), ("z", "i4")])),
    "metadata": (
        NUMBERS.copy(),
        NUMBERS.astype(np.dtype("f8", metadata={"unit": "km"})),
    ),
    "the user's attribute": (frame(), changed(memo=2.5)),
}


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_different(pair: tuple[Any, Any]) -> None:
    """Values with the same numbers that differ in something are not duplicates."""
    one, other = pair
    assert find(one, other) == []
    assert find(other, one) == []


ALIKE = {
    "array": NUMBERS,
    "matrix": np.asfortranarray(SQUARE),
    "fields": FIELDS,
    "read-only": frozen(NUMBERS),
    "series": pd.Series(NUMBERS, name=("p", 1)),
    "frame": changed(attrs={"unit": ["km", {"n": 1.5}]}),
    "blocks": pd.DataFrame(SQUARE),
    "mixed": pd.DataFrame({"a": NUMBERS, "b": NUMBERS.astype(int), "c": NUMBERS}),
    "dates": pd.DataFrame({"a": NUMBERS.astype("M8[s]"), "b": NUMBERS.astype("M8[s]")}),
    "foreign": named_index(Foreign),
    "dated": dated(),
    "time zone": dated(tz="Europe/Berlin"),
    "levels": frame(index=LEVELS),
    "flags": no_repeats(),
}


@pytest.mark.parametrize("value", ALIKE.values(), ids=ALIKE)
def test_copies(value: Any) -> None:
    """A copy that nothing was changed in is a duplicate."""
    copied = value.copy()
    if isinstance(value, np.ndarray):
        copied = value.copy(order="K")
        copied.flags.writeable = value.flags.writeable
    assert find(value, copied) == [("b", "a")]


CREATED = {
    "default": frame,
    "numbers": lambda: frame(index=NUMBERS.copy()),
    "texts": lambda: frame(index=TEXTS),
    "objects": lambda: frame(index=pd.Index([*range(N - 1), "x"], dtype=object)),
    "dates": dated,
    "dates without a frequency": lambda: dated(None),
    "nullable": lambda: frame(index=pd.array(range(N), dtype="Int64")),
    "levels": lambda: frame(
        index=pd.MultiIndex.from_product([range(N // 100), range(100)])
    ),
}


@pytest.mark.parametrize("create", CREATED.values(), ids=CREATED)
def test_created_twice(create: Any) -> None:
    """Frames that were created in the same way are duplicates."""
    assert find(create(), create()) == [("b", "a")]


def test_equal_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data with the same checksum are compared."""
    monkeypatch.setattr("zlib.crc32", lambda *_: 0)
    assert find(np.zeros(N), np.ones(N)) == []
    assert find(np.ones(N), np.ones(N)) == [("b", "a")]


def test_views_and_files(tmp_path: Any) -> None:
    """An array in a file is not a duplicate, because writes to it go there."""
    np.save(tmp_path / "a.npy", NUMBERS)
    mapped = np.asarray(np.load(tmp_path / "a.npy", mmap_mode="r+"))
    assert find(mapped, NUMBERS.copy()) == []
    assert find(NUMBERS.reshape(2, -1), NUMBERS.reshape(2, -1).copy()) == [("b", "a")]
