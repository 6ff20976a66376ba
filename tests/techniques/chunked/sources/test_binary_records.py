"""Files of records of one size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from tests.techniques.chunked.sources.contract import (
    check_small,
    check_source,
    pieces_of,
)

FIELDS = [("id", "<i4"), ("price", "<f8")]
RECORDS = np.array([(i, i / 2) for i in range(1_000)], dtype=FIELDS)


@pytest.mark.parametrize("dtype", [FIELDS, str(FIELDS), np.dtype(FIELDS)])
def test_records(tmp_path: Path, dtype: Any) -> None:
    """The records are those of the file, with a dtype as a list or as text."""
    path = tmp_path / "a.bin"
    path.write_bytes(RECORDS.tobytes())
    check_source(path, RECORDS.tolist(), {"dtype": dtype})
    check_small(path, {"dtype": dtype})


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("<i4", np.arange(2_000, dtype="<i4")),
        (">u2", np.arange(2_000, dtype=">u2")),
        ("2<f4", np.arange(4_000, dtype="<f4").reshape(2_000, 2)),
        ("<i2,<f4", np.zeros(2_000, "<i2,<f4")),
    ],
)
def test_dtypes(tmp_path: Path, dtype: str, expected: Any) -> None:
    """Any dtype that numpy accepts as text describes records, after a header too."""
    path = tmp_path / "a.dat"
    path.write_bytes(b"header" + expected.tobytes())
    check_source(path, expected.tolist(), {"dtype": dtype, "offset": 6})


def test_columns(tmp_path: Path) -> None:
    """Only the requested fields are read."""
    path = tmp_path / "a.bin"
    path.write_bytes(RECORDS.tobytes())
    source = open_source(path, {"dtype": FIELDS})
    assert source.columns() == ("id", "price")
    (first, *_) = [piece.load() for piece in pieces_of(source, columns=("price",))]
    assert first.dtype.names == ("price",)


@pytest.mark.parametrize(
    ("size", "options", "sentence"),
    [
        (16, {}, "a.bin does not describe its records; use --read dtype=f8 or"),
        (
            17,
            {"dtype": "f8"},
            r"17 bytes .* not a multiple of the 8 bytes of one \(1 are left",
        ),
        (
            3,
            {"dtype": "f8", "offset": 9},
            "a.bin is shorter than the offset of 9 bytes",
        ),
        (16, {"dtype": "f9"}, "numpy has no dtype 'f9' .*; use --read dtype=f8"),
        (16, {"dtype": "[('a'"}, r"numpy has no dtype \"\[\('a'\" .*; use --read"),
        (16, {"dtype": "S0"}, "records of 'S0' have no bytes; use --read dtype=f8"),
        (16, {"dtype": "O"}, "a.bin holds Python objects"),
        (16, {"dtype": "f8", "offset": -1}, "offset is -1; use --read offset=N"),
        (16, {"dtype": "f8", "offset": "x"}, "offset is 'x'; use --read offset=N"),
        (16, {"dtpe": "f8"}, "no reader option 'dtpe'; did you mean dtype?"),
        (0, {"dtype": "f8"}, "a.bin has no rows; there is nothing to run over"),
    ],
)
def test_refused(tmp_path: Path, size: int, options: Any, sentence: str) -> None:
    """Options that do not describe complete records are rejected, with a remedy."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(size))
    with pytest.raises(SourceError, match=sentence):
        chunked(path, read=options).map(len).run("sum")
