"""Files in folders whose names are columns, read without any of their columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jupyter_memkit.techniques.chunked import chunked
from tests.techniques.chunked.bodies import make_body


def write_folders(folder: Path, suffix: str) -> None:
    """Write 500 rows for each of two keys."""
    table = pd.DataFrame({"v": range(500)})
    for key in ("a", "b"):
        part = folder / f"key={key}"
        part.mkdir()
        if suffix == "csv":
            table.to_csv(part / "part.csv", index=False)
        else:
            table.to_parquet(part / "part.parquet")


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("code", ["len(df)", "df.shape[0]"])
def test_rows_are_counted(tmp_path: Path, backend: str, suffix: str, code: str) -> None:
    """A cell that uses no column sees all rows."""
    write_folders(tmp_path, suffix)
    chunks = chunked(tmp_path, rows=100, columns=[], backend=backend)
    assert chunks.map(make_body(code)).run("sum").value == 1_000


@pytest.mark.parametrize(
    ("backend", "kind"),
    [("pandas", "category"), ("polars", "Categorical"), ("arrow", "dictionary")],
)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_key_as_category(tmp_path: Path, backend: str, kind: str, suffix: str) -> None:
    """The column of the folders can be read as categories, like those of files."""
    write_folders(tmp_path, suffix)
    chunks = chunked(tmp_path, rows=400, types={"key": "category"}, backend=backend)
    for chunk in chunks:
        keys = chunk["key"]
        assert str(getattr(keys, "dtype", getattr(keys, "type", None))).startswith(kind)
        values = keys.to_pylist() if backend == "arrow" else keys.to_list()
        assert set(values) <= {"a", "b"}
