"""The types of all rows are found before a cell that must not run twice."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.reading_ahead import read_ahead_types
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from tests.techniques.chunked.bodies import make_body

N_ROWS = 400_000


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """Write a file of integers with one float, outside of all samples."""
    lines = [f"{i % 10}{i:06}" for i in range(N_ROWS)]
    size, head = 8 * N_ROWS, 1 << 20
    place = head + (size - head) // 64 * 20 + 4_000
    lines[place // 8] = "1234.50"
    path = tmp_path / "late.csv"
    path.write_text("\n".join(["a", *lines]) + "\n")
    return path


def test_types_of_all_rows(late: Path) -> None:
    """The types hold the values of all rows, and no error is raised on the way."""
    source = open_source(late)
    settings: Any = chunked(late)._settings
    settled = read_ahead_types(source, settings)
    request = settled.request(source, settled.plan_rows(source))
    assert request.types["a"] == "float64"


def test_nothing_is_written_twice(late: Path, tmp_path: Path) -> None:
    """A cell that writes to a database writes every row once."""
    connection = sqlite3.connect(tmp_path / "a.db")
    body = make_body(
        "df.head(5).to_sql('s', con, if_exists='append', index=False)", con=connection
    )
    summary = chunked(late, rows=100_000).map(body).run()
    count = connection.execute("select count(*) from s").fetchone()[0]
    connection.close()
    assert (summary.rows, count, summary.notes) == (N_ROWS, 20, ())


def test_pure_cell_is_not_delayed(late: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the run can start over, nothing is read before it."""

    def refuse(*_args: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(
        "jupyter_memkit.techniques.chunked.mapped.read_ahead_types", refuse
    )
    chunked(late, rows=100_000).map(make_body("df.a.sum()")).run("sum")


def test_resumed_run_that_starts_over(late: Path, tmp_path: Path) -> None:
    """A run that resumed, but then started over, did not resume any rows."""
    body = make_body(
        "df.a.sum() * (1 // int(df.a[:1].sum() != 100_000 or ready))", ready=False
    )
    job = chunked(late, rows=100_000).map(body)
    with pytest.raises(ZeroDivisionError):
        job.run("sum", resume=tmp_path / "progress", rehearsal=False)
    body.namespace["ready"] = True
    summary = job.run("sum", resume=tmp_path / "progress", rehearsal=False)
    assert (summary.rows, summary.resumed_rows) == (N_ROWS, 0)
    (note,) = summary.notes
    assert note.startswith("Started over at row 200,000, which showed that a is float")


def test_counts_as_time_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The duration in the summary includes reading the types of all rows."""
    clock = [0.0]

    def settle(_source: Any, settings: Any) -> Any:
        clock[0] += 50
        return settings

    monkeypatch.setattr(
        "jupyter_memkit.techniques.chunked.mapped.read_ahead_types", settle
    )
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    body = make_body("seen.append(len(df))", seen=[])
    assert chunked([1, 2, 3]).map(body).run().duration_s == 50
