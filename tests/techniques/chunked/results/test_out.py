"""Streaming values to a file: all of them, and each once."""

from __future__ import annotations

import hashlib
import math
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.out import FileSink
from tests.techniques.chunked.killing import SAVE_ALWAYS, run_until_killed

ENDINGS = ["parquet", "csv", "tsv", "arrow", "jsonl"]
READERS: dict[str, Any] = {
    "parquet": pd.read_parquet,
    "csv": pd.read_csv,
    "tsv": lambda path: pd.read_csv(path, sep="\t"),
    "arrow": lambda path: pa.ipc.open_file(path).read_all().to_pandas(),
    "jsonl": lambda path: pd.read_json(path, lines=True),
}


# Lines are written at once, and rows of the other formats in groups of 131,072.
LINES = frozenset(("csv", "tsv", "jsonl"))


@pytest.fixture
def orders(ending: str) -> pd.DataFrame:
    """Return a table of two groups of rows and a part of a third."""
    n = np.arange(30_000 if ending in LINES else 300_000)
    return pd.DataFrame(
        {
            "id": n,
            "text": np.array(["plain", 'with "quotes", and commas', "é\nline"])[n % 3],
            "price": np.where(n % 7 == 0, np.nan, n / 7),
        }
    )


def write(path: Path, values: Iterable[Any]) -> Path:
    """Write values to a file."""
    sink = FileSink(path, resumable=False)
    for value in values:
        sink.add(value)
    result = sink.finish()
    sink.close()
    return result


def split(frame: pd.DataFrame, rows: int) -> list[pd.DataFrame]:
    """Cut a table into chunks."""
    return [frame.iloc[start : start + rows] for start in range(0, len(frame), rows)]


def digest(path: Path) -> str:
    """Return a digest of the content of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_records_with_missing_texts(tmp_path: Path) -> None:
    """Records of pandas have NaN for a missing text, which is written as missing."""
    frame = pd.DataFrame({"id": [1, 2, 3], "text": ["a", None, "b"]})
    values = [frame.to_dict("records"), frame[1:2].to_dict("records")]
    values[0][1]["text"] = math.nan
    read = pd.read_parquet(write(tmp_path / "out.parquet", values))
    assert read.text.isna().tolist() == [False, True, False, True]


@pytest.mark.parametrize("ending", ENDINGS)
def test_reads_back(orders: pd.DataFrame, tmp_path: Path, ending: str) -> None:
    """Reading the file returns the rows that were written."""
    path = write(tmp_path / f"a.{ending}", split(orders, len(orders) // 4))
    pd.testing.assert_frame_equal(READERS[ending](path), orders)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_bytes_do_not_depend_on_the_chunks(
    orders: pd.DataFrame, tmp_path: Path, ending: str
) -> None:
    """The same rows give the same bytes, however they are cut, resumed or not."""
    paths = [
        write(tmp_path / f"{rows}.{ending}", split(orders, rows))
        for rows in (1_300, 13_000, 131_072, 300_000)
    ]
    state = None
    for number, chunk in enumerate(split(orders, len(orders) // 7 + 2_000)):
        sink = FileSink(tmp_path / f"resumed.{ending}", resumable=True)
        if number:
            sink.restore(state)
        sink.add(chunk)
        state = sink.save()
        # Rows after the last save are lost, as when the process is killed.
        sink.add(chunk)
        sink.close()
    sink = FileSink(tmp_path / f"resumed.{ending}", resumable=True)
    sink.restore(state)
    paths.append(sink.finish())
    sink.close()
    assert len({digest(path) for path in paths}) == 1
    assert len(list(tmp_path.iterdir())) == len(paths)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": [1, 2]}),
        pd.DataFrame({"a": [1, 2]}, index=[7, 8]),
        pd.Series([1, 2], name="a"),
        pl.DataFrame({"a": [1, 2]}),
        pa.table({"a": [1, 2]}),
        pa.record_batch({"a": [1, 2]}),
        [{"a": 1}, {"a": 2}],
        np.array([(1,), (2,)], dtype=[("a", "i8")]),
        pd.DataFrame({"a": pd.Categorical([1, 2])}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_kinds_of_values(tmp_path: Path, value: Any) -> None:
    """Frames and rows of all libraries are written with their columns."""
    path = write(tmp_path / "a.csv", [value, value])
    assert path.read_text() == "a\n1\n2\n1\n2\n"


def test_index_with_names(tmp_path: Path) -> None:
    """An index with a name becomes a column."""
    frame = pd.DataFrame({"cat": ["x", "y", "x"], "qty": [1, 2, 3]})
    path = write(tmp_path / "a.csv", [frame.groupby("cat").qty.sum()])
    assert path.read_text() == "cat,qty\nx,4\ny,2\n"


@pytest.mark.parametrize("value", [5, "text", [1, 2], np.ones(3), None, {"a": 1}])
def test_values_that_are_not_tables(tmp_path: Path, value: Any) -> None:
    """A value that is not a table is rejected, with the values that would be."""
    with pytest.raises(ReduceError, match=r"--out cannot write \w+; end the cell with"):
        FileSink(tmp_path / "a.csv", resumable=False).add(value)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            [{"a": 1}, {"b": 1}],
            "--out got the columns b after a; give the value of every",
        ),
        ([{"a": 1}, {"a": "x"}], "--out got string after int64 in the column 'a'"),
        ([{"a": 1}, {"a": 1.5}], "--out got double after int64 in the column 'a'"),
    ],
)
def test_values_that_differ(
    tmp_path: Path, values: list[dict[str, Any]], sentence: str
) -> None:
    """A value with other columns or types is rejected, and the others are kept."""
    sink = FileSink(tmp_path / "a.csv", resumable=False)
    sink.add([values[0]])
    with pytest.raises(ReduceError) as raised:
        sink.add([values[1]])
    assert str(raised.value).startswith(sentence)
    assert sink.finish().read_text() == "a\n1\n"


def test_values_that_fit(tmp_path: Path) -> None:
    """Integers and missing values get the type of their column."""
    values: list[Any] = [
        [{"a": 1.5, "b": 1}],
        [{"a": 2, "b": None}],
        [{"b": 3, "a": 0.0}],
    ]
    path = write(tmp_path / "a.csv", values)
    assert path.read_text() == "a,b\n1.5,1\n2.0,\n0.0,3\n"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.xlsx", "a.xlsx has an unsupported extension; use one of"),
        ("none/a.csv", "to write to; create it first"),
        ("folder.csv", "is a folder; use the path of a file"),
    ],
)
def test_bad_paths(tmp_path: Path, name: str, sentence: str) -> None:
    """A file that cannot be written is rejected before anything runs."""
    (tmp_path / "folder.csv").mkdir()
    calls: list[Any] = []
    with pytest.raises(MemkitError) as raised:
        chunked([1]).map(calls.append).run(out=tmp_path / name)
    assert sentence in str(raised.value)
    assert calls == []


def fail_late(chunk: list[int]) -> list[dict[str, int]]:
    """Return rows, but fail on the second chunk."""
    if chunk[0]:
        raise KeyboardInterrupt
    return [{"a": item} for item in chunk]


@pytest.mark.parametrize("ending", ENDINGS)
def test_run_that_ends_early(tmp_path: Path, ending: str) -> None:
    """A run that ends early leaves the old file as it was, and nothing beside it."""
    path = tmp_path / f"a.{ending}"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        chunked([0, 1], rows=1).map(fail_late).run(out=path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def open_sink(path: Path, *, resumable: bool, value: int) -> FileSink:
    """Return a sink that has begun to write a file."""
    sink = FileSink(path, resumable=resumable)
    sink.add([{"a": value}])
    return sink


@pytest.mark.parametrize("ending", ENDINGS)
def test_two_runs_write_one_file(tmp_path: Path, ending: str) -> None:
    """Runs that write one file at the same time do not disturb each other."""
    path = tmp_path / f"a.{ending}"
    sinks = [open_sink(path, resumable=False, value=value) for value in (1, 2)]
    for number, sink in enumerate(sinks):
        sink.add([{"a": 10 * (number + 1)}])
        sink.finish()
        sink.close()
        assert READERS[ending](path).a.tolist() == [number + 1, 10 * (number + 1)]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_two_runs_that_can_be_resumed(tmp_path: Path, ending: str) -> None:
    """Only one run can write the rows that a later one resumes with."""
    path = tmp_path / f"a.{ending}"
    first = open_sink(path, resumable=True, value=1)
    state = first.save()
    message = f"another run is writing {path.name}; wait until it ends, or use another"
    with pytest.raises(MemkitError, match=message):
        open_sink(path, resumable=True, value=2)
    second = FileSink(path, resumable=True)
    with pytest.raises(MemkitError, match=message):
        second.restore(state)
    second.close()
    first.close()
    second.restore(state)
    second.finish()
    second.close()
    assert READERS[ending](path).a.tolist() == [1]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize("ending", ENDINGS)
def test_run_that_starts_over(tmp_path: Path, ending: str, resumable: bool) -> None:
    """A run that starts over leaves no rows and no open file of its first try."""
    path = tmp_path / f"a.{ending}"
    sink = open_sink(path, resumable=resumable, value=1)
    sink.reset()
    sink.add([{"b": "text"}])
    sink.finish()
    sink.close()
    assert READERS[ending](path).to_dict("list") == {"b": ["text"]}
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterable[Path]:
    """A disk of 64 KiB, if the test may create one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system can be made by root on Linux alone")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("ending", ENDINGS)
def test_full_disk(
    orders: pd.DataFrame, small_disk: Path, ending: str, resumes: bool
) -> None:
    """A full disk raises an error of one sentence, and leaves no partial file."""
    path = small_disk / f"a.{ending}"
    job = chunked(orders, rows=60_000).map(lambda chunk: chunk)
    resume = small_disk / "progress" if resumes else None
    with pytest.raises(MemkitError, match="free space, or use another f"):
        job.run(out=path, resume=resume)
    assert not path.exists()
    if not resumes:
        assert list(small_disk.iterdir()) == []


SCRIPT = f"""
{SAVE_ALWAYS}
import sys, time
from jupyter_memkit.techniques.chunked import chunked

def expensive(chunk):
    time.sleep(0.005)
    if "--to-be-killed" in sys.argv and chunk.index[0] >= 15_000:
        time.sleep(600)
    return chunk[chunk.qty > 300]

chunked(sys.argv[1], rows=400).map(expensive).run(out=sys.argv[2], resume=sys.argv[3])
"""


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_killed_runs_write_the_same(tmp_path: Path, ending: str) -> None:
    """However often the process is killed, the file is that of a complete run."""
    rng = random.Random(5)
    source, progress = tmp_path / "orders.csv", tmp_path / "progress"
    lines = (f"{i},{i * 7 % 1_000}" for i in range(20_000))
    source.write_text("id,qty\n" + "\n".join(lines) + "\n")
    outs = [tmp_path / f"{name}.{ending}" for name in ("whole", "killed")]
    arguments = [
        [sys.executable, "-c", SCRIPT, str(source), str(out), str(progress)]
        for out in outs
    ]
    subprocess.run(arguments[0], check=True)
    for rows in sorted(rng.sample(range(400, 15_000), 3)):
        run_until_killed([*arguments[1], "--to-be-killed"], progress, rows)
        assert not outs[1].exists()
    subprocess.run(arguments[1], check=True)
    assert digest(outs[0]) == digest(outs[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["orders.csv", outs[0].name, outs[1].name]
    )
