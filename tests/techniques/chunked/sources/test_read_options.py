"""Options of pandas' reader for missing values, and for tables in text files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked


@pytest.mark.parametrize("option", ["keep_default_na", "na_filter"])
@pytest.mark.parametrize("empty", ["NA", "", "None"])
def test_text_that_would_be_missing(tmp_path: Path, option: str, empty: str) -> None:
    """Text that stands for nothing elsewhere is text, beside words and numbers."""
    path = tmp_path / "a.csv"
    lines = [
        f"{number},{empty if number % 7 == 3 else number},x{number},{empty}"
        for number in range(4_000)
    ]
    path.write_text("\n".join(["a,b,c,d", *lines]))
    options: dict[str, Any] = {option: False}
    found = pd.concat(list(chunked(path, rows=700, backend="pandas", read=options)))
    pd.testing.assert_frame_equal(found, pd.read_csv(path, **options))


@pytest.mark.parametrize("option", [{"keep_default_na": False}, {"thousands": "'"}])
def test_wide_integers(tmp_path: Path, option: dict[str, Any]) -> None:
    """Integers of more than 64 bits are refused as before."""
    path = tmp_path / "a.csv"
    path.write_text(f"a,b\n{2**70},1\n3,4\n")
    with pytest.raises(SourceError, match="more than 64 bits in a"):
        list(chunked(path, rows=700, backend="pandas", read=option))


@pytest.mark.parametrize(
    "options", [{"sep": r"\s+"}, {"delimiter": " ", "skipinitialspace": True}]
)
def test_table_in_a_text_file(tmp_path: Path, options: dict[str, Any]) -> None:
    """The error for a table in a text file names the reader, which works."""
    path = tmp_path / "a.txt"
    path.write_text("a b\n" + "".join(f"{n}  {n * 2}\n" for n in range(400)))
    with pytest.raises(SourceError) as raised:
        list(chunked(path, rows=70, read=options))
    call = re.search(
        r"use reader = (pandas\.read_csv\(.*\)) and %%chunked reader$",
        str(raised.value),
    )
    assert call is not None
    reader = eval(call[1], {"pandas": pd})
    assert chunked(reader).map(lambda chunk: chunk.b.sum()).reduce("sum") == 159_600
