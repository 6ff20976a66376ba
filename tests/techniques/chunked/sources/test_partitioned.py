"""Files in folders whose names are columns, read without any of their columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jupyter_memkit.techniques.chunked import chunked
from tests.techniques.chunked.test_rehearsal import make_body


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("code", ["len(df)", "df.shape[0]"])
def test_rows_are_counted(tmp_path: Path, backend: str, suffix: str, code: str) -> None:
    """A cell that uses no column sees all rows."""
    for key in ("a", "b"):
        folder = tmp_path / f"key={key}"
        folder.mkdir()
        table = pd.DataFrame({"v": range(500)})
        if suffix == "csv":
            table.to_csv(folder / "part.csv", index=False)
        else:
            table.to_parquet(folder / "part.parquet")
    chunks = chunked(tmp_path, rows=100, columns=[], backend=backend)
    assert chunks.map(make_body(code)).run("sum").value == 1_000
