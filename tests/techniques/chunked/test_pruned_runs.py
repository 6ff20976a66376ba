"""Runs of ``%%chunked`` that read only the columns that the cell uses."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.cells.columns.missing import find_missing
from jupyter_memkit.techniques.chunked import ChunkedSummary

N_ROWS = 1_000


@pytest.fixture(autouse=True)
def sales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Write a table to files in the current folder."""
    monkeypatch.chdir(tmp_path)
    n = np.arange(N_ROWS)
    frame = pd.DataFrame(
        {"store": n % 3, "year": 2_000 + n % 5, "max": n, "q": n % 7, "of": "year"}
    )
    frame.to_csv("sales.csv", index=False)
    frame.to_parquet("sales.parquet")
    return frame


def run(shell: InteractiveShell, cell: str, options: str = "") -> ChunkedSummary:
    """Run a cell that succeeds over the table, and return its summary."""
    line = f"%%chunked sales.csv --rows 300 {options}"
    result = shell.run_cell(f"{line}\n{cell}")
    result.raise_error()
    summary: object = result.result
    assert isinstance(summary, ChunkedSummary)
    return summary


def test_statistics_by_name(shell: InteractiveShell, sales: pd.DataFrame) -> None:
    """A statistic that is named by a string is computed over all columns."""
    numbers = sales.drop(columns="of")
    numbers.to_csv("sales.csv", index=False)
    whole = run(shell, 'chunk.agg("sum")', "--reduce sum")
    assert dict(whole.value) == dict(numbers.agg("sum"))
    groups = run(shell, 'chunk.groupby("store").agg("sum")', "--reduce sum")
    expected = numbers.groupby("store").agg("sum")
    pd.testing.assert_frame_equal(groups.value[expected.columns], expected)


def test_columns_named_like_methods(
    shell: InteractiveShell, sales: pd.DataFrame
) -> None:
    """``chunk.max`` is the method; only ``chunk["max"]`` is the column."""
    both = run(shell, "chunk[['q', 'max']].max()", "--reduce max")
    assert (dict(both.value), both.columns) == ({"q": 6, "max": 999}, ("max", "q"))
    assert run(shell, "chunk.max", "--collect").columns is None
    one = run(shell, "chunk['max'].sum()", "--reduce sum")
    assert (one.value, one.columns) == (sales["max"].sum(), ("max",))


def test_functions_that_get_the_frame(
    shell: InteractiveShell, sales: pd.DataFrame
) -> None:
    """A function that takes the frame sees all columns."""
    numbers = sales.drop(columns="of")
    numbers.to_csv("sales.csv", index=False)
    shell.run_cell("def row_total(d): return d.sum(axis=1)").raise_error()
    assigned = run(shell, "chunk.assign(t=row_total).t.sum()", "--reduce sum")
    assert assigned.value == numbers.sum(axis=1).sum()
    chosen = 'chunk.loc[lambda d: d.notna().sum(axis=1) > 3, "q"].sum()'
    assert run(shell, chosen, "--reduce sum").value == numbers.q.sum()


def test_keys_in_a_variable(shell: InteractiveShell, sales: pd.DataFrame) -> None:
    """Keys in a constant variable are found, and so are lists of keys and series."""
    shell.user_ns["keys"] = ["store", "year"]
    groups = run(shell, "chunk.groupby(keys).q.sum()", "--reduce sum")
    pd.testing.assert_series_equal(
        groups.value, sales.groupby(["store", "year"]).q.sum()
    )
    assert groups.columns == ("store", "year", "q")
    mixed = 'chunk.groupby(["store", chunk.year // 2]).q.sum()'
    expected = sales.groupby(["store", sales.year // 2]).q.sum()
    pd.testing.assert_series_equal(run(shell, mixed, "--reduce sum").value, expected)


def test_texts_that_name_the_chunk(shell: InteractiveShell) -> None:
    """A query whose text contains the name of the chunk sees all columns."""
    shell.run_cell("import duckdb").raise_error()
    cell = 'len(duckdb.sql("select * from chunk").df().columns)'
    assert run(shell, cell, "--collect").value == [5] * 4


def test_columns_by_type(shell: InteractiveShell) -> None:
    """A selection by type sees all columns."""
    shell.user_ns["pl"] = pl
    cell = "chunk.select(pl.col(pl.Int64)).width"
    assert run(shell, cell, "--backend polars --collect").value == [4] * 4


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("source", ["sales.csv", "sales.parquet"])
def test_rows_alone(shell: InteractiveShell, source: str, backend: str) -> None:
    """A cell that uses no column gets all rows."""
    line = f"%%chunked {source} --backend {backend} --rows 300 --reduce sum"
    result = shell.run_cell(f"{line}\nlen(chunk)")
    result.raise_error()
    summary: Any = result.result
    assert (summary.value, summary.columns) == (N_ROWS, ())


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("index_col=store", "store"),
        ("index_col=0", "store"),
        ("parse_dates=['year']", None),
        ("sep=,", None),
    ],
)
def test_options_that_name_columns(
    shell: InteractiveShell, option: str, expected: str | None
) -> None:
    """Columns that the options of the reader need are always read."""
    summary = run(
        shell, "chunk.q.sum(), chunk.index.name", f"--read {option} --collect"
    )
    assert [name for _, name in summary.value] == [expected] * 4
    assert summary.columns == (("q",) if option == "sep=," else None)


def test_backend_that_is_not_loaded(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first run, before any import, reads as few columns as later ones."""
    # Libraries cannot be unloaded here, so check that the backend is loaded.
    loaded: list[bool] = []

    def load(_backend: str) -> None:
        loaded.append(True)

    monkeypatch.setattr("jupyter_memkit.techniques.chunked.pruning.load_backend", load)
    assert run(shell, "chunk.q.sum()").columns == ("q",)
    assert loaded == [True]


# The texts in a column choose columns that no code shows.
SECRET = "len(chunk[chunk.of])"


@pytest.mark.parametrize("options", ["", "--on-error skip", "--workers 1"])
def test_starts_over_with_all_columns(shell: InteractiveShell, options: str) -> None:
    """A cell without effects that fails without a column runs again with all."""
    summary = run(shell, SECRET, f"--reduce sum --no-rehearsal {options}")
    assert (summary.value, summary.columns) == (N_ROWS, None)
    assert (summary.chunks, summary.rows, summary.skipped) == (4, N_ROWS, ())
    (note,) = summary.notes
    assert "failed without year" in note
    remedy = re.search("--columns [a-z,]+", note)
    assert remedy is not None
    assert run(shell, SECRET, f"--reduce sum {remedy[0]}").value == N_ROWS


def test_a_rehearsal_finds_that_columns_are_missing(shell: InteractiveShell) -> None:
    """A cell that fails without a column in the rehearsal reads all from the start."""
    summary = run(shell, SECRET, "--reduce sum")
    assert (summary.value, summary.columns, summary.chunks) == (N_ROWS, None, 4)
    (note,) = summary.notes
    assert note.startswith("All columns are read")
    result = shell.run_cell(
        "%%chunked sales.csv --reduce sum\nchunk[chunk.of].q.mean()"
    )
    assert "a mean does not add up" in str(result.error_in_exec)


@pytest.mark.parametrize("options", ["", "--on-error skip"])
def test_effects_are_not_repeated(shell: InteractiveShell, options: str) -> None:
    """A cell with effects does not run twice; the error has the remedy."""
    shell.user_ns["seen"] = []
    cell = f"seen.append(len(chunk)); {SECRET}"
    result = shell.run_cell(f"%%chunked sales.csv --rows 300 {options}\n{cell}")
    error = result.error_in_exec
    assert isinstance(error, KeyError)
    assert shell.user_ns["seen"] == [300]
    remedy = re.search("--columns [a-z,]+", " ".join(error.__notes__))
    assert remedy is not None
    shell.user_ns["seen"].clear()
    run(shell, cell, remedy[0])
    assert shell.user_ns["seen"] == [300, 300, 300, 100]


def test_errors_of_the_users_own(shell: InteractiveShell) -> None:
    """An error that names no unread column is unchanged."""
    result = shell.run_cell("%%chunked sales.csv\n{}['other']; chunk.q.sum()")
    error = result.error_in_exec
    assert isinstance(error, KeyError)
    assert "--columns" not in str(getattr(error, "__notes__", ""))


def test_which_column_is_missing() -> None:
    """The column is found in the errors of each library, but not in other errors."""
    frame = pd.DataFrame({"a": [1]})

    def fail(function: Any) -> Exception:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - each has its own
            function()
        return raised.value

    polars, arrow = pl.from_pandas(frame), pl.from_pandas(frame).to_arrow()
    for function in (
        lambda: frame["q"],
        lambda: frame.q,
        lambda: frame[["a", "q"]],
        lambda: frame[["q"]],
        lambda: frame.groupby("q"),
        lambda: polars["q"],
        lambda: polars.select(pl.col("q")),
        lambda: arrow["q"],
        lambda: arrow.select(["q"]),
    ):
        assert find_missing(fail(function), ["x", "q"]) == "q"
    assert find_missing(ValueError("'q'"), ["q"]) is None
    assert find_missing(KeyError("qq"), ["q"]) is None
    assert find_missing(KeyError(SimpleNamespace()), ["q"]) is None
