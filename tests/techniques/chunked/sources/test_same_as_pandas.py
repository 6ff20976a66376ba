"""Lines that pyarrow parses for pandas, which takes several times as long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited import (
    by_pandas,
    pandas_types,
    sample,
)
from jupyter_memkit.techniques.chunked.sources.delimited.same_as_pandas import (
    may_be_hexadecimal,
)


def read_all(path: Path, **options: Any) -> Any:
    """Return the chunks of a file, joined."""
    return pd.concat(list(chunked(path, rows=100, backend="pandas", **options)))


@pytest.fixture
def only_by_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chunk is parsed by pandas."""

    def fail(*_arguments: object) -> None:
        pytest.fail("pandas parsed the lines")

    monkeypatch.setattr(by_pandas, "_parse_by_pandas", fail)


@pytest.mark.usefixtures("only_by_arrow")
@pytest.mark.parametrize(
    "values",
    [
        *(["N500XJ", "N0X", "N10x"], ["0x1f", "0X2E"], ["1e30", "-2.5E+22", "7"]),
        *(["inf", "-inf", "1.5"], ["Infinity", "0.5"], ["1e400", ".5", "5.", "+1e19"]),
        ["", "1e25", "NA"],
    ],
)
def test_beside_integers(tmp_path: Path, values: list[str]) -> None:
    """Text beside integers may look hexadecimal, and floats may be large."""
    path = tmp_path / "a.csv"
    rows = [f"{number},{value}\n" for number in range(200) for value in values]
    path.write_text("number,value\n" + "".join(rows))
    pd.testing.assert_frame_equal(read_all(path), pd.read_csv(path))


@pytest.mark.usefixtures("only_by_arrow")
def test_prose_in_one_column(tmp_path: Path) -> None:
    """A single column may have blanks within its lines."""
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "a line of words\nand\tanother\n" * 200)
    pd.testing.assert_frame_equal(read_all(path), pd.read_csv(path))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("blank", [" ", "\t", "  \t"])
def test_lines_of_blanks(tmp_path: Path, blank: str, ends: str) -> None:
    """A line of blanks is no row of a single column."""
    path = tmp_path / "a.csv"
    lines = ["text", *["a b"] * 150, blank, "c d", blank]
    path.write_text("".join(line + ends for line in lines), newline="")
    pd.testing.assert_frame_equal(read_all(path), pd.read_csv(path))


@pytest.mark.parametrize("separator", [",", "7", "_", "]"])
def test_hexadecimal_values(separator: str) -> None:
    """They are seen after any separator, and other text with such a pair is not."""
    for value in ("0x1f", "-0X2", '"0x1f"', " 0x1f"):
        assert may_be_hexadecimal(f"a{separator}{value}\n".encode(), separator)
        assert may_be_hexadecimal(f"{value}{separator}a\n".encode(), separator)
    assert not may_be_hexadecimal(f"N50X{separator}a0x\n".encode(), separator)


@pytest.mark.parametrize("value", ["0x1f", " inf", "inf ", "NAN", "nan(1)"])
@pytest.mark.parametrize("numbers", [["7", "8"], ["1.5", "1e30"]])
def test_number_only_for_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, numbers: list[str]
) -> None:
    """A column becomes text where pyarrow would still read a number."""
    monkeypatch.setattr(sample, "HEAD_BYTES", 100)
    monkeypatch.setattr(sample, "_SAMPLE_BYTES", 20)
    monkeypatch.setattr(sample, "_SAMPLES", 1)
    path = tmp_path / "a.csv"
    rows = [f"{number},x\n" for number in numbers * 100]
    path.write_text("number,text\n" + "".join([*rows, f"{value},x\n", *rows]))
    types = {"number": "str"}
    frame = read_all(path, types=types)
    pd.testing.assert_frame_equal(frame, pd.read_csv(path, dtype=types))
    with pytest.raises(TypeChange) as caught:
        read_all(path)
    assert caught.value.types == types


def test_ordinary_texts_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only texts with many digits are looked at one by one."""
    compared: list[str] = []
    monkeypatch.setattr(pandas_types, "is_wide", compared.append)
    frame = pd.DataFrame({"a": ["1", "20", "x"], "b": ["N0X", "a b", None]})
    assert pandas_types.name_types(pd, frame) == {"a": "str", "b": "str"}
    assert compared == []
