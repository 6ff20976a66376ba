"""Files of unsupported formats: each remedy is followed."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked

TABLE = pd.DataFrame({"a": range(10), "b": 0.5})


def read_first(remedy: str) -> Any:
    """Return the value that the remedy assigns."""
    call = re.search(r"(?:table|reader) = (pandas\..+\)) \(supported", remedy)
    assert call is not None, remedy
    return eval(call[1].replace("sep=...", "sep='|'"), {"pandas": pd})


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.json", lambda path: TABLE.to_json(path, orient="records")),
        ("a.pkl", TABLE.to_pickle),
        ("a.psv", lambda path: TABLE.to_csv(path, sep="|", index=False)),
    ],
)
def test_remedy(tmp_path: Path, name: str, write: Callable[[Path], object]) -> None:
    """What the error shows reads all rows."""
    write(tmp_path / name)
    with pytest.raises(SourceError, match=f"{name} has an unsupported ext") as error:
        chunked(tmp_path / name)
    source = read_first(str(error.value))
    assert chunked(source, rows=4).map(len).reduce("sum") == len(TABLE)


def test_database(tmp_path: Path) -> None:
    """A file of SQLite is read through a connection."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        TABLE.to_sql("rows", connection, index=False)
    with pytest.raises(SourceError, match="--connection con") as error:
        chunked(path)
    call = re.search(r"con = (sqlite3\.connect\(.+?\)),", str(error.value))
    assert call is not None
    with closing(eval(call[1])) as connection:
        chunks = chunked(connection, sql="SELECT * FROM rows", rows=4)
        assert chunks.map(len).reduce("sum") == len(TABLE)


def test_lines_of_objects(tmp_path: Path) -> None:
    """JSON lines in a file named .json are read under the name that is shown."""
    path = tmp_path / "a.json"
    path.write_text("".join(f"{json.dumps({'a': n})}\n" for n in range(10)))
    with pytest.raises(SourceError, match=r"read if it is called a\.jsonl"):
        chunked(path)
    renamed = path.rename(tmp_path / "a.jsonl")
    assert chunked(renamed).map(len).reduce("sum") == 10


def test_archive(tmp_path: Path) -> None:
    """An archive whose name does not show the format is read under another name."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a\n1\n2\n")
    with pytest.raises(SourceError, match=r"such as a\.csv\.zip"):
        chunked(path)
    renamed = path.rename(tmp_path / "a.csv.zip")
    assert chunked(renamed).map(len).reduce("sum") == 2
