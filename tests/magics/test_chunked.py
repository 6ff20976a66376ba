"""``%%chunked`` in a shell."""

from __future__ import annotations

import re
import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from jupyter_memkit.magics.chunked.magic import ChunkedMagics
from jupyter_memkit.show.chunked import build_report
from jupyter_memkit.techniques.chunked import ChunkedSummary
from jupyter_memkit.techniques.chunked.results.combine import OPERATIONS


@pytest.fixture(autouse=True)
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Write a table of 1,000 orders to files in the current folder."""
    monkeypatch.chdir(tmp_path)
    n = np.arange(1_000)
    frame = pd.DataFrame({"cat": np.array(["a", "b", "c"])[n % 3], "qty": n})
    frame.to_csv("orders.csv", index=False)
    frame.to_csv("my orders.csv", index=False)
    frame.to_parquet("orders.parquet")
    return frame


def run(shell: InteractiveShell, cell: str) -> ExecutionResult:
    """Run a cell and return IPython's result."""
    result: ExecutionResult = shell.run_cell(cell, store_history=True)
    return result


def summarise(shell: InteractiveShell, cell: str) -> ChunkedSummary:
    """Run a cell that succeeds and return its summary."""
    result = run(shell, cell)
    result.raise_error()
    summary: object = result.result
    assert isinstance(summary, ChunkedSummary)
    return summary


@pytest.mark.parametrize("path", ["orders.csv", "'my orders.csv'", '"orders.parquet"'])
def test_group_sum(shell: InteractiveShell, orders: pd.DataFrame, path: str) -> None:
    """A sum by group over chunks equals that of the whole table."""
    body = "df.groupby('cat').qty.sum()"
    line = f"%%chunked {path} --rows 300 --as df --reduce sum --into revenue"
    summary = summarise(shell, f"{line}\n{body}")
    expected = orders.groupby("cat").qty.sum()
    pd.testing.assert_series_equal(shell.user_ns["revenue"], expected)
    assert (summary.chunks, summary.rows, summary.value) == (4, 1_000, None)


def test_side_effects(shell: InteractiveShell) -> None:
    """Without a reduction, the result is the names that the cell sets."""
    shell.user_ns["seen"] = []
    summary = summarise(
        shell, "%%chunked orders.csv --rows 400\nlast = len(chunk)\nseen.append(last);"
    )
    assert (shell.user_ns["seen"], shell.user_ns["last"]) == ([400, 400, 200], 200)
    assert summary.value is None


def test_value_without_into(shell: InteractiveShell) -> None:
    """With a reduction but no name, the result contains the value."""
    assert summarise(shell, "%%chunked orders.csv --reduce sum\nlen(chunk)").value == (
        1_000
    )


def test_collect(shell: InteractiveShell) -> None:
    """The values are returned as a list on request."""
    line = "%%chunked orders.csv --rows 400 --collect --into sizes"
    summarise(shell, f"{line}\nlen(chunk);")
    assert shell.user_ns["sizes"] == [400, 400, 200]


def test_reduce_with_own_function(shell: InteractiveShell) -> None:
    """A reduction may be a user's function."""
    run(shell, "def longest(so_far, value):\n    return max(so_far, value)")
    line = "%%chunked orders.csv --rows 400 --reduce longest --into size"
    summarise(shell, f"{line}\nlen(chunk)")
    assert shell.user_ns["size"] == 400


@pytest.mark.parametrize("value", ["Path('orders.csv')", "'orders.csv'", "[1] * 1000"])
def test_source_from_variable(shell: InteractiveShell, value: str) -> None:
    """A variable may hold a path or the data."""
    run(shell, f"from pathlib import Path\ndata = {value}")
    assert summarise(shell, "%%chunked data --rows 400\nchunk").rows == 1_000


def test_variable_wins_over_file(shell: InteractiveShell) -> None:
    """A variable hides a file of the same name, unless it is quoted."""
    Path("data").mkdir()
    run(shell, "data = [1, 2]")
    assert summarise(shell, "%%chunked data\nchunk").rows == 2
    error = run(shell, "%%chunked 'data'\nchunk").error_in_exec
    assert str(error) == "the folder data has no files; check its name"


def test_path_with_variable(shell: InteractiveShell, tmp_path: Path) -> None:
    """Variables in braces are filled in, as in every magic."""
    shell.user_ns["folder"] = tmp_path
    assert summarise(shell, "%%chunked {folder}/orders.csv\nchunk").rows == 1_000


def test_magics_in_the_cell(shell: InteractiveShell) -> None:
    """Magics work in the cell."""
    cell = "%%chunked orders.csv --rows 400\nplace = %pwd\n!true"
    summarise(shell, cell)
    assert shell.user_ns["place"] == str(Path.cwd())


def test_chunk_name_is_restored(shell: InteractiveShell) -> None:
    """The chunk's name exists only while the cell runs, even if it fails."""
    summarise(shell, "%%chunked orders.csv\nchunk")
    assert "chunk" not in shell.user_ns
    for body in ("df", "del df", "df = 1/0"):
        shell.user_ns["df"] = "mine"
        run(shell, f"%%chunked orders.csv --as df\n{body}")
        assert shell.user_ns["df"] == "mine"


def test_stop(shell: InteractiveShell) -> None:
    """StopChunks ends the run and keeps the result so far."""
    run(shell, "from jupyter_memkit import StopChunks")
    body = "if chunk.index[0] >= 400:\n    raise StopChunks\nlen(chunk)"
    line = "%%chunked orders.csv --rows 200 --reduce sum --into n"
    assert summarise(shell, f"{line}\n{body}").chunks == 2
    assert shell.user_ns["n"] == 400


FAILING = """%%chunked orders.csv --rows 300 --reduce sum --into n

if chunk.index[0] >= 600:
    raise {error}
len(chunk)"""


@pytest.mark.parametrize(
    ("error", "verb"),
    [("ZeroDivisionError", "failed"), ("KeyboardInterrupt", "was interrupted")],
)
def test_error_keeps_the_result(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    error: str,
    verb: str,
) -> None:
    """After an error or Ctrl-C the result so far is kept, and a message says so."""
    result = run(shell, FAILING.format(error=error))
    assert type(result.error_in_exec).__name__ == error
    assert shell.user_ns["n"] == 600
    sentence = f"chunk 3 (rows 600 to 899) {verb}; the result of 2 chunks is kept in n"
    assert capsys.readouterr().err.splitlines()[0] == sentence


def test_traceback_points_at_the_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback shows the user's line, numbered from the top of the cell."""
    result = run(shell, FAILING.format(error="ZeroDivisionError"))
    error = result.error_in_exec
    assert error is not None
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    assert traceback is not None
    assert traceback.tb_lineno == 4
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "----> 4     raise ZeroDivisionError" in shown


@pytest.mark.parametrize(
    ("options", "body", "kept"),
    [
        ("--rows 300", "x = 1 // (600 - chunk.index[0])", "2 chunks were completed"),
        ("--rows 600", "x = 1 // (600 - chunk.index[0])", "1 chunk was completed"),
        ("--rows 300", "1 / 0", "no chunk was completed"),
        (
            "--rows 300 --collect",
            "1 // (600 - chunk.index[0])",
            "the result of 2 chunks is lost; --into NAME would keep it",
        ),
    ],
)
def test_error_without_into(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    options: str,
    body: str,
    kept: str,
) -> None:
    """The message does not promise a result that is not kept."""
    run(shell, f"%%chunked orders.csv {options}\n{body}")
    assert capsys.readouterr().err.splitlines()[0].endswith(f"failed; {kept}")


def test_broken_file_keeps_the_result(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken line ends the run with a sentence, and the result so far is kept."""
    lines = Path("orders.csv").read_text().splitlines()
    lines[999] += ",9"
    Path("orders.csv").write_text("\n".join(lines))
    result = run(
        shell, "%%chunked orders.csv --rows 300 --collect --into sizes\nlen(chunk)"
    )
    assert type(result.error_in_exec).__name__ == "UsageError"
    assert str(result.error_in_exec).startswith("orders.csv has an error in line 1000")
    assert shell.user_ns["sizes"] == [300, 300]
    message_line = capsys.readouterr().err.splitlines()[0]
    assert message_line == (
        "reading chunk 3 (from row 600) failed; the result of 2 chunks is kept in sizes"
    )


def test_error_of_memkit_in_the_cell(shell: InteractiveShell) -> None:
    """An error of our API in the user's own code is raised unchanged."""
    run(shell, "import jupyter_memkit as memkit")
    result = run(shell, "%%chunked orders.csv\nmemkit.chunked('none.csv')")
    assert type(result.error_in_exec).__name__ == "SourceError"


@pytest.mark.parametrize(
    ("line", "body", "sentence"),
    [
        ("", "1", "there is nothing to read; give a path, such as"),
        ("ordrs.csv", "1", "did you mean orders.csv?"),
        ("nothing", "1", "nothing is neither a variable nor a file"),
        ("range(9)", "1", "range(9) is an expression; assign it to a variable"),
        ("number", "1", "the int is not a source of chunks"),
        ("empty.csv", "1", "empty.csv is empty; there is nothing to run over"),
        ("header.csv", "1", "header.csv has no rows; there is nothing to run over"),
        ("no.parquet", "1", "no.parquet is not a complete Parquet file"),
        ("orders.csv --rows 0", "1", "'0' is not a whole number of at least 1"),
        ("orders.csv --rows few", "1", "'few' is not a whole number of at least 1"),
        ("orders.csv --as 1st", "1", "'1st' is not a name"),
        ("orders.csv --into class", "1", "'class' is not a name"),
        (
            "orders.csv --reduce nonsense",
            "1",
            "'nonsense' is neither a reduction nor a function; give --reduce",
        ),
        ("orders.csv --reduce sum", "x = 1", "no value for --reduce"),
        ("orders.csv --collect", "x = 1", "no value for --collect"),
        ("orders.csv --into y", "1", "add --reduce OP for one result"),
        ("orders.csv --reduce sum --collect", "1", "give only one of them"),
        (
            "orders.csv --reduce mean",
            "1",
            "combining the mean of each chunk does not give the mean of all the data",
        ),
        ("orders.csv --reduce sum", "chunk.qty.median()", "a median does not add up"),
        (
            "orders.csv --columns quty",
            "1",
            "no column 'quty'; did you mean qty?",
        ),
        ("orders.csv --columns a,,b", "1", "contains an empty name"),
        ("orders.csv --memory much", "1", "'much' is not a size"),
        ("orders.csv --backend spark", "1", "there is no backend 'spark'; use one of"),
        ("orders.csv --on-error ignore", "1", "--on-error takes stop, skip or retry=N"),
        ("orders.csv --only 3", "1", "did not skip chunk 3 (skipped: none)"),
        ("orders.csv --read sep", "1", "'sep' is not KEY=VALUE"),
        ("orders.csv", "chunk.to_csv('a.csv')", "each chunk would write a.csv anew"),
        (
            "orders.csv --read sep=;,decimal=,",
            "1",
            "write --read sep=; --read decimal=,",
        ),
        ("'*.tsv'", "1", "no file matches *.tsv"),
        ("--sql 'select 1'", "1", "a query needs both"),
        ("--sql 'select 1' --connection con", "1", "there is no variable con"),
        ("orders.csv --reduce sum", "'text'", "sum does not support str"),
        ("'orders.csv", "1", "the quote ' is not closed"),
        ("orders.csv --bogus", "1", "has no option --bogus"),
        ("orders.csv", "await something()", "cannot await; await in a separate cell"),
    ],
)
def test_bad_input(
    shell: InteractiveShell, line: str, body: str, sentence: str
) -> None:
    """A usage error is one sentence with the remedy, and the namespace is unchanged."""
    Path("empty.csv").touch()
    Path("header.csv").write_text("a,b\n")
    Path("no.parquet").write_text("no")
    shell.user_ns["number"] = 5
    before = {name for name in shell.user_ns if not name.startswith("_")}
    error = run(shell, f"%%chunked {line}\n{body}").error_in_exec
    assert type(error).__name__ == "UsageError"
    assert sentence in str(error)
    assert {name for name in shell.user_ns if not name.startswith("_")} == before


@pytest.mark.parametrize(
    "body",
    [
        "chunk.qty.mean()",
        "round(chunk['qty'].std(), 3)",
        "chunk.groupby('cat').qty.mean()",
        "chunk.groupby(['cat'])['qty'].agg(['mean', 'var'])",
        "chunk.groupby('cat').agg({'qty': 'mean'})",
        "chunk.agg({'qty': 'std'})",
        "chunk.cat.nunique()",
        "chunk.qty.agg('mean')",
        "chunk.groupby('cat').qty.nunique()",
        "chunk.groupby('cat').qty.max()",
        "chunk.qty.median()",
        "chunk.groupby('cat').qty.quantile(0.9)",
        "chunk.qty.nlargest(3)",
    ],
)
def test_line_that_replaces(
    shell: InteractiveShell, orders: pd.DataFrame, body: str
) -> None:
    """The line that an error suggests computes the statistic of the whole."""
    line = "%%chunked orders.csv --rows 300 --reduce"
    error = str(run(shell, f"{line} sum\n{body}").error_in_exec)
    found = re.search(
        r"use --reduce merge, and end the cell with (.*), after (import .*)", error
    )
    assert found, error
    if "approx" in found[1]:
        pytest.importorskip("datasketches")
    run(shell, found[2]).raise_error()
    value: Any = summarise(shell, f"{line} merge\n{found[1]}").value
    expected = eval(body, {"chunk": orders})
    got = value.iloc[0] if isinstance(value, pd.Series) else value
    if "nlargest" in body:
        assert list(got) == list(expected)
    else:
        is_approximate = "approx" in found[1]
        np.testing.assert_allclose(
            np.ravel(np.asarray(got, float)),
            np.ravel(np.asarray(expected, float)),
            rtol=0.02 if is_approximate else 1e-3,
        )


def test_late_type_with_an_effect(shell: InteractiveShell) -> None:
    """A type that appears late ends a cell with side effects, with the remedy."""
    Path("late.csv").write_text("a\n" + "1\n" * 250 + "0.5\n")
    run(shell, "import pandas as pd; seen = []")
    run(shell, "reader = pd.read_csv('late.csv', chunksize=100)")
    line = "%%chunked reader --rows 100 --backend pandas"
    error = run(shell, f"{line}\nseen.append(len(chunk))").error_in_exec
    shell.user_ns["reader"].close()
    assert str(error).startswith("a of the pandas reader is int64 in earlier")
    assert str(error).endswith(
        "use --types a=float64; the cell may have an effect (seen.append), so the "
        "run does not repeat the first 200 rows: undo the effects on those rows, then "
        "run the cell again with --types a=float64"
    )
    assert shell.user_ns["seen"] == [100, 100]


def test_workers(shell: InteractiveShell, orders: pd.DataFrame) -> None:
    """A cell runs in other processes with the functions and modules that it uses."""
    run(shell, "import math\nrate = 2\ndef scale(x):\n    return x * rate")
    line = "%%chunked orders.csv --rows 300 --workers 2 --reduce sum --into total"
    summary = summarise(shell, f"{line}\nmath.floor(scale(chunk.qty.sum()))")
    assert shell.user_ns["total"] == 2 * orders.qty.sum()
    assert (summary.chunks, summary.workers) == (4, 2)


@pytest.mark.usefixtures("dask_leaves_nothing")
def test_dask(shell: InteractiveShell, orders: pd.DataFrame) -> None:
    """The same cell runs on a Dask cluster, which is closed at the end."""
    run(shell, "import dask")
    line = "%%chunked orders.csv --rows 300 --workers 1 --on dask --reduce sum"
    summary = summarise(shell, f"{line} --into total\nchunk.groupby('cat').qty.sum()")
    expected = orders.groupby("cat").qty.sum()
    pd.testing.assert_series_equal(shell.user_ns["total"], expected)
    assert (summary.chunks, summary.rows, summary.workers) == (4, 1_000, 1)


@pytest.mark.ml
def test_ray(
    shell: InteractiveShell, orders: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same cell runs on the user's Ray cluster, and an error shows its own line."""
    pytest.importorskip("ray")
    run(shell, "import ray\nray.init(address='local', num_cpus=1, log_to_driver=False)")
    line = "%%chunked orders.csv --rows 300 --on ray --reduce sum"
    summary = summarise(shell, f"{line} --into total\nchunk.groupby('cat').qty.sum()")
    expected = orders.groupby("cat").qty.sum()
    pd.testing.assert_series_equal(shell.user_ns["total"], expected)
    assert (summary.chunks, summary.rows, summary.workers) == (4, 1_000, 1)
    line = line.replace("--reduce sum", "--collect")
    error = run(shell, f"{line}\n\n1 / int(chunk.qty.min() - 300)").error_in_exec
    run(shell, "ray.shutdown()")
    assert isinstance(error, ZeroDivisionError)
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "----> 3 1 / int(chunk.qty.min() - 300)" in shown
    assert "jupyter_memkit" not in shown


def test_workers_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """The traceback marks the line of the cell, and shows no frame of a worker."""
    line = "%%chunked orders.csv --rows 300 --workers 2 --collect"
    error = run(shell, f"{line}\n\n1 / int(chunk.qty.min() - 300)").error_in_exec
    assert isinstance(error, ZeroDivisionError)
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "----> 3 1 / int(chunk.qty.min() - 300)" in shown
    assert "jupyter_memkit" not in shown


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("total += len(chunk)\n1", "accumulates in total"),
        ("lock\nlen(chunk)", "lock cannot be sent to another process"),
    ],
)
def test_workers_refuse(shell: InteractiveShell, body: str, sentence: str) -> None:
    """A cell that cannot run in another process is refused with the remedy."""
    shell.user_ns.update(total=0, lock=threading.Lock())
    line = "%%chunked orders.csv --workers 2 --reduce sum"
    error = run(shell, f"{line}\n{body}").error_in_exec
    assert type(error).__name__ == "UsageError"
    assert sentence in str(error)


def test_out(shell: InteractiveShell, orders: pd.DataFrame) -> None:
    """The file has the rows that the cell selects from all chunks."""
    line = "%%chunked orders.csv --rows 300 --out chosen.parquet"
    summary = summarise(shell, f"{line}\nchunk[chunk.qty > 500]")
    assert summary.value == Path("chosen.parquet").absolute()
    expected = orders[orders.qty > 500].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet("chosen.parquet"), expected)


def test_query(shell: InteractiveShell, orders: pd.DataFrame) -> None:
    """The rows of a query are read in chunks, as frames."""
    shell.user_ns["connection"] = connection = sqlite3.connect(":memory:")
    orders.to_sql("orders", connection, index=False)
    query = '--sql "select cat, qty from orders" --connection connection'
    line = f"%%chunked {query} --rows 300 --reduce sum --into total"
    summary = summarise(shell, f"{line}\nchunk.groupby('cat').qty.sum()")
    expected = orders.groupby("cat").qty.sum()
    pd.testing.assert_series_equal(shell.user_ns["total"], expected)
    assert summary.chunks == 4
    connection.close()


def test_plan(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run reports what would be read, and does not run the cell."""
    shell.user_ns["seen"] = []
    cell = "%%chunked orders.parquet --dry-run\nseen.append(chunk.qty.sum())"
    run(shell, cell).raise_error()
    shown = capsys.readouterr().out
    assert "orders.parquet: what %%chunked would do" in shown
    assert re.search(r"rows +1,000\n +columns +qty \(of 2\)\n +backend +pandas", shown)
    assert shell.user_ns["seen"] == []


def test_columns_that_the_cell_uses(shell: InteractiveShell) -> None:
    """Only the columns in the cell's code are read, and are reported."""
    line = "%%chunked orders.csv --reduce sum"
    assert summarise(shell, f"{line}\nchunk.qty.sum()").columns == ("qty",)
    assert summarise(shell, f"{line}\nchunk[['qty']]\nlen(chunk)").columns == ("qty",)
    assert summarise(shell, "%%chunked orders.csv\nx = chunk").columns is None


def test_chunk_info(shell: InteractiveShell) -> None:
    """A cell can read the position of its chunk while it runs."""
    line = "%%chunked orders.csv --rows 400 --collect"
    body = "(chunk_info.number, chunk_info.first_row, chunk_info.rows)"
    value = summarise(shell, f"{line}\n{body}").value
    assert value == [(1, 0, 400), (2, 400, 400), (3, 800, 200)]
    assert "chunk_info" not in shell.user_ns


def test_skipped_chunks(shell: InteractiveShell, orders: pd.DataFrame) -> None:
    """Chunks on which the cell fails are skipped, listed, and rerun by number."""
    body = "\n1 // int(chunk.qty.min() != 300 or ready)\nchunk.qty.sum()"
    shell.user_ns["ready"] = False
    line = "%%chunked orders.csv --rows 300 --reduce sum"
    first = summarise(shell, f"{line} --on-error skip{body}")
    assert [chunk.number for chunk in first.skipped] == [2]
    assert "skipped 2" in build_report(first).text()
    assert "--only 2 runs the skipped chunks again" in build_report(first).text()
    shell.user_ns["ready"] = True
    rest = summarise(shell, f"{line} --only 2{body}")
    assert first.value + rest.value == orders.qty.sum()


@pytest.mark.parametrize("change", ["another folder", "another content"])
def test_skipped_chunks_of_another_file(
    shell: InteractiveShell, orders: pd.DataFrame, change: str
) -> None:
    """Chunks that were skipped in one file are not looked for in another."""
    path = Path("a", "orders.csv")
    path.parent.mkdir()
    orders.to_csv(path, index=False)
    line = "--rows 300 --on-error skip\n1 // int(chunk.qty.min() != 300)"
    summarise(shell, f"%%chunked {path} {line}")
    if change == "another folder":
        path = Path("orders.csv")
    else:
        path.write_text("cat,qty\n" + "a,1\n" * 1_000)
    error = run(shell, f"%%chunked {path} --only 2\n1").error_in_exec
    assert isinstance(error, UsageError)
    assert "did not skip chunk 2 (skipped: none)" in str(error)


def test_skipped_chunks_of_what_cannot_be_compared(shell: InteractiveShell) -> None:
    """Where nothing shows whether the data changed, their name in the line counts."""
    shell.user_ns.update(first=iter(range(9)), second=iter(range(9)))
    cell = "--rows 3 --on-error skip\n1 // (chunk[0] - 3)"
    summarise(shell, f"%%chunked first {cell}")
    assert run(shell, "%%chunked second --only 2\n1").error_in_exec is not None
    shell.user_ns["first"] = iter(range(9))
    summary = summarise(shell, "%%chunked first --only 2 --reduce sum\nsum(chunk)")
    assert summary.value == 3 + 4 + 5


def test_syntax_error(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A syntax error is the user's own, with its line in the cell."""
    error = run(shell, "%%chunked orders.csv\nx = 1\nreturn x").error_in_exec
    assert isinstance(error, SyntaxError)
    assert error.lineno == 3
    assert "return x" in capsys.readouterr().out


def test_nested(shell: InteractiveShell) -> None:
    """A chunk can itself be run over in chunks, under the same name."""
    cell = "%%chunked orders.csv --rows 500 --reduce sum --into n\n"
    cell += "%%chunked chunk --rows 200 --collect --into sizes\nlen(chunk)"
    run(shell, "def add(so_far, value): return so_far")
    summarise(shell, cell.replace("sum", "add"))
    assert shell.user_ns["sizes"] == [200, 200, 100]
    assert "chunk" not in shell.user_ns


def test_progress(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long run shows its rows; no thread is left, and a short run shows nothing."""
    threads = threading.active_count()
    summarise(shell, "%%chunked orders.csv --rows 300\nchunk;")
    assert capsys.readouterr().err == ""
    now = iter(range(0, 1_000, 5))
    clock = SimpleNamespace(monotonic=lambda: next(now))
    monkeypatch.setattr("jupyter_memkit.show.progress.time", clock)
    monkeypatch.setattr("tqdm.std.time", lambda: next(now))
    summarise(shell, "%%chunked orders.parquet --rows 300\nchunk;")
    assert "300/1.00k" in capsys.readouterr().err
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    ("value", "exact", "expected"),
    [
        (
            None,
            True,
            "rows in 1.5 s\n  peak    3.0 KiB, of which the run took 1.0 KiB\n",
        ),
        (7, True, "KiB used\n  value   7"),
        (
            [0] * 70,
            True,
            "KiB used\n  value   list of length 70\nThe value is the summary's",
        ),
        (None, False, "the run took 1.0 KiB (sampled)"),
    ],
)
def test_report(value: Any, exact: bool, expected: str) -> None:
    """A summary shows its counts, its peak, and its value in one line."""
    summary = ChunkedSummary(
        source="orders.csv",
        budget_bytes=4_096,
        chunks=1,
        rows=2_000,
        duration_s=1.5,
        before_bytes=2_048,
        peak_bytes=3_072,
        exact=exact,
        value=value,
    )
    assert expected in build_report(summary).text()


def test_help() -> None:
    """The help starts with what the magic does, and lists every option."""
    help_text: Any = ChunkedMagics.chunked.__doc__
    first = help_text.split("\n\n")[2]
    assert first == "Run the cell once per chunk of data that is too large for memory."
    for option in ("--rows N", "--as NAME", "--into NAME", "--reduce OP", "Examples"):
        assert option in help_text


def test_help_names_every_reduction(shell: InteractiveShell) -> None:
    """The help lists all reductions, although it imports nothing."""
    text = shell.magics_manager.magics["cell"]["chunked"].__doc__
    assert f"{', '.join(OPERATIONS)}, or the name" in " ".join(text.split())


def test_types_that_never_agree(shell: InteractiveShell) -> None:
    """A column for which no common type exists ends the run, with the remedy."""
    days = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=3)})
    days.astype(str).to_parquet("1.parquet")
    days.to_parquet("2.parquet")
    result = run(shell, "%%chunked '[12].parquet' --reduce sum --into n\nlen(chunk)")
    assert isinstance(result.error_in_exec, UsageError)
    assert "no type holds both; leave it out" in str(result.error_in_exec)
