"""Types that are obvious from the values are those that pyarrow finds."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from pyarrow import csv

from jupyter_memkit.techniques.chunked.sources.delimited.first_guess import guess_types
from jupyter_memkit.techniques.chunked.sources.delimited.same_as_pandas import OPTIONS

VALUES = [
    *("1", "-7", "007", "1.5", "-0.25", "1e5", "+5", " 1", "1 ", "0x10", "1.", ".5"),
    *("123456789012345678901234567890", "1.12345678901234567890", "a", "x y", "5d"),
    *("", "NA", "nan", "NaN", "Null", "None", "N/A", "n/a", "inf", "-inf", "Infinity"),
    *("true", "True", "FALSE", "2024-01-02", "12:30", "2024-01-02 12:30", "é", "a.b-c"),
    *("Inf", "_", "-", "12:30:01", "10 000", "nap", "tru", "infernal"),
]


def find_type(values: list[str], types: dict[str, pa.DataType]) -> pa.DataType:
    """Return the type of a column of values that pyarrow reads."""
    lines = "".join(f"{value},0\n" for value in values).encode()
    options = csv.ConvertOptions(column_types=types, **OPTIONS)
    names = csv.ReadOptions(column_names=["a", "b"])
    table = csv.read_csv(io.BytesIO(lines), read_options=names, convert_options=options)
    return table.schema.field("a").type


@pytest.mark.parametrize("value", VALUES)
def test_guess_is_what_pyarrow_finds(value: str) -> None:
    """A column that can be read as a guessed type has that type without the guess."""
    for middle in VALUES:
        values = [value, middle, value]
        lines = "".join(f"{each},0\n" for each in values).encode()
        types = guess_types(lines, ["a", "b"], ",")
        try:
            found = find_type(values, types)
        except pa.ArrowInvalid:
            continue  # Nothing is guessed then.
        assert found == find_type(values, {})


def test_plain_values_are_guessed() -> None:
    """Numbers and words have a guess, but values of ambiguous type have none."""
    lines = b"1,1.5,ab,2024-01-02,,1\n2,2.5,cd,2024-01-03,,x\n"
    assert guess_types(lines, [*"abcdef"], ",") == {
        "a": pa.int64(),
        "b": pa.float64(),
        "c": pa.string(),
    }
    assert not guess_types(b'"1",2\n', ["a", "b"], ",")
    assert not guess_types(b"1,2,3\n", ["a", "b"], ",")
