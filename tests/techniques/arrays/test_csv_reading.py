"""The advice on reading a file with small dtypes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.show.csv_reading import build_report
from jupyter_memkit.techniques.arrays.csv_reading.advice import advise_reading


def write(path: Path, n_rows: int, **options: Any) -> pd.DataFrame:
    """Write a table and return it."""
    numbers = np.arange(n_rows)
    frame = pd.DataFrame(
        {
            "id": numbers,
            "qty": numbers % 100,
            "price": numbers / 7,
            "colour": np.array(["red", "blue"])[numbers % 2],
            "sold": pd.date_range("2026", periods=n_rows, freq="min"),
            "rating": np.where(numbers % 3, numbers % 5, np.nan),
            "same": "x",
        }
    )
    frame.to_csv(path, index=False, **options)
    return frame


def test_small_file(tmp_path: Path) -> None:
    """The code reads the file with the advised dtypes, keeping every value."""
    path = tmp_path / "orders.csv"
    frame = write(path, 1000)
    advice = advise_reading(str(path))
    assert (advice.rows, advice.complete) == (1000, True)
    read = eval(advice.code, {"pd": pd})
    assert dict(read.dtypes.astype(str)) == {
        "id": "int16",
        "qty": "int8",
        "price": "float64",
        "colour": "category",
        "sold": str(read["sold"].dtype),
        "rating": "Int8",
        "same": "category",
    }
    assert read["sold"].dtype.kind == "M"
    assert (read["id"] == frame["id"]).all()
    assert (read["sold"] == frame["sold"]).all()
    assert read["rating"].isna().tolist() == frame["rating"].isna().tolist()
    notes = {part.label: part.note for part in advice.parts if part.note}
    assert notes == {
        "sold": "dates and times",
        "rating": "whole numbers, some of them missing",
        "same": "always the same value; leave it out if you can",
    }


def test_large_file(tmp_path: Path) -> None:
    """A large file is sampled up to its end, and integers get room to grow."""
    path = tmp_path / "orders.csv"
    write(path, 120_000)
    advice = advise_reading(str(path))
    assert (advice.rows < 120_000, advice.complete) == (True, False)
    dtypes = {part.label: part.after_dtype for part in advice.parts}
    # Twice 99 does not fit into int8; the last number is about 120,000.
    assert (dtypes["id"], dtypes["qty"]) == ("int32", "int16")
    report = build_report(advice).text()
    assert f"From a sample of {advice.rows:,} rows" in report
    assert "pandas raises an error" in report
    assert advice.code in report


def test_delimiter(tmp_path: Path) -> None:
    """Another delimiter is detected, and used in the code."""
    path = tmp_path / "orders.csv"
    write(path, 100, sep=";")
    advice = advise_reading(str(path))
    assert "sep=';'" in advice.code
    assert eval(advice.code, {"pd": pd}).shape == (100, 7)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.csv", None, "cannot be read: No such file"),
        ("empty.csv", b"", "is empty"),
        ("head.csv", b"a,b\n", "no rows below its first line"),
        ("table.parquet", b"PAR1", "contains its dtypes"),
        ("packed.csv", b"a\n\x1f\x8b\xff", "is not UTF-8 text"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "pandas cannot read .* as CSV"),
    ],
)
def test_refused(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    """A file that cannot be read is reported in one sentence."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MemkitError, match=sentence):
        advise_reading(str(path))
