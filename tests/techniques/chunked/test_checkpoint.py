"""A run that was killed continues where it stopped."""

from __future__ import annotations

import json
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import SkippedChunk, chunked
from jupyter_memkit.techniques.chunked.checkpoint import Checkpoint, Progress
from tests.techniques.chunked.killing import SAVE_ALWAYS, run_until_killed

# Slow enough to be killed half-way.
SCRIPT = f"""
{SAVE_ALWAYS}
import sys, time
from jupyter_memkit.techniques.chunked import chunked

def body(chunk):
    time.sleep(0.005)
    if "--to-be-killed" in sys.argv and chunk.index[0] >= 30_000:
        time.sleep(600)
    return chunk.groupby("cat").qty.sum() / 7

job = chunked(sys.argv[1], rows=500).map(body)
summary = job.run("sum", resume=sys.argv[2])
print(summary.value.to_json(double_precision=15), summary.resumed_rows)
"""

N_ROWS = 40_000


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table of orders."""
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    lines = (f"{'abc'[i % 3]},{i * 7 % 1_000}" for i in range(N_ROWS))
    path.write_text("cat,qty\n" + "\n".join(lines) + "\n")
    return path


def make_command(path: Path, progress: Path, *options: str) -> list[str]:
    """Return the command that runs the script."""
    return [sys.executable, "-c", SCRIPT, str(path), str(progress), *options]


def run_script(path: Path, progress: Path) -> tuple[Any, int]:
    """Run the script to its end, and return the result and the resumed rows."""
    output = subprocess.check_output(make_command(path, progress), text=True)
    value, resumed_rows = output.rsplit(maxsplit=1)
    return json.loads(value), int(resumed_rows)


def test_killed_runs_resume(orders: Path, tmp_path: Path) -> None:
    """However often the process is killed, the result is that of a complete run."""
    rng = random.Random(3)
    whole, _ = run_script(orders, tmp_path / "whole")
    progress = tmp_path / "progress"
    command = make_command(orders, progress, "--to-be-killed")
    for rows in sorted(rng.sample(range(500, 30_000), 3)):
        run_until_killed(command, progress, rows)
    value, resumed_rows = run_script(orders, progress)
    assert value == whole
    assert rows <= resumed_rows < N_ROWS
    assert list(tmp_path.glob("*progress*")) == []


class Failing:
    """A function that fails once, at a chunk."""

    source = "a cell"

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.seen: list[int] = []

    def __call__(self, chunk: list[int]) -> int:
        """Add the items up."""
        if chunk[0] == self.at:
            raise RuntimeError
        self.seen.append(chunk[0])
        return sum(chunk)


def run_items(function: Any, path: Path, op: Any = "sum", rows: int = 3) -> Any:
    """Run over twelve items, with the progress in a file."""
    return chunked(list(range(12)), rows=rows).map(function).run(op, resume=path)


def test_failed_run_resumes(tmp_path: Path) -> None:
    """After an error, the next run processes only the remaining chunks."""
    path = tmp_path / "progress"
    with pytest.raises(RuntimeError):
        run_items(Failing(at=6), path)
    again = Failing(at=None)
    summary = run_items(again, path)
    assert again.seen == [6, 9]
    assert (summary.value, summary.chunks, summary.rows) == (66, 4, 12)
    assert summary.resumed_rows == 6
    assert "Resumed at row 6" in summary.notes[0]
    assert not path.exists()


def test_failed_run_saves_its_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that fails saves all its progress, even if no save was due."""
    monkeypatch.setattr(Checkpoint, "is_due", lambda _: False)
    path = tmp_path / "progress"
    with pytest.raises(RuntimeError):
        run_items(Failing(at=6), path)
    again = Failing(at=None)
    assert run_items(again, path).value == 66
    assert again.seen == [6, 9]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"op": "max"}, "the reduction"),
        ({"rows": 4}, "what is read"),
        ({"function": "other"}, "the cell"),
    ],
)
def test_changed_run_is_rejected(
    tmp_path: Path, change: dict[str, Any], what: str
) -> None:
    """Another cell or source does not resume the progress of a different run."""
    path = tmp_path / "progress"
    with pytest.raises(RuntimeError):
        run_items(Failing(at=6), path)
    function = Failing(at=None)
    if "function" in change:
        function.source = change.pop("function")
    with pytest.raises(MemkitError) as raised:
        run_items(function, path, **change)
    assert str(raised.value) == (
        f"{what} changed since progress was saved; delete the file to start over, or "
        "undo the change to continue at row 6"
    )
    assert path.exists()
    assert function.seen == []


def test_resumes_with_the_budget_of_the_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run without a given budget resumes in a process with less free memory."""
    source = tmp_path / "numbers.csv"
    source.write_text("n\n" + "12345\n" * 500_000)
    seen: list[int] = []

    def note_start(chunk: Any) -> int:
        first = int(chunk.index[0])
        if first and len(seen) == 1:
            seen.append(-1)
            raise RuntimeError
        seen.append(first)
        return len(chunk)

    def run(budget_bytes: int) -> Any:
        monkeypatch.setattr(
            "jupyter_memkit.techniques.chunked.chunks.default_budget_bytes",
            lambda: budget_bytes,
        )
        job = chunked(source).map(note_start)
        return job.run("sum", resume=tmp_path / "progress")

    with pytest.raises(RuntimeError):
        run(128 << 20)
    summary = run(64 << 20)
    assert (summary.value, summary.budget_bytes) == (500_000, 128 << 20)
    assert seen == [0, -1, summary.resumed_rows]


def test_edited_function_is_rejected(tmp_path: Path) -> None:
    """A function with another body does not resume the progress of the old one."""
    path = tmp_path / "progress"

    def make(factor: int) -> Any:
        def scale(chunk: list[int]) -> int:
            if factor == 1 and chunk[0] == 6:
                raise RuntimeError
            return sum(chunk) * factor

        return scale

    with pytest.raises(RuntimeError):
        run_items(make(1), path)
    with pytest.raises(MemkitError, match="the cell changed since progress was saved"):
        run_items(make(2), path)
    path.unlink()
    assert run_items(make(2), path).value == 132


def test_another_given_budget_is_rejected(tmp_path: Path) -> None:
    """A budget that the user changed cuts other chunks, so the run does not resume."""
    path = tmp_path / "progress"

    def run(function: Any, memory: str) -> None:
        chunks = chunked(list(range(50_000)), memory=memory)
        chunks.map(function).run("sum", resume=path)

    with pytest.raises(RuntimeError):
        run(Failing(at=20_000), "64MB")
    with pytest.raises(MemkitError, match="what is read changed since"):
        run(Failing(at=None), "128MB")


def test_changed_file_is_rejected(orders: Path, tmp_path: Path) -> None:
    """A source file that changed is named."""
    path = tmp_path / "orders.csv"
    path.write_bytes(orders.read_bytes())

    def fail(chunk: Any) -> int:
        if chunk.index[0]:
            raise RuntimeError
        return len(chunk)

    with pytest.raises(RuntimeError):
        chunked(path, rows=1_000).map(fail).run("sum", resume=tmp_path / "progress")
    path.write_bytes(orders.read_bytes() + b"a,1\n")
    with pytest.raises(MemkitError, match="the source changed since progress was"):
        chunked(path, rows=1_000).map(fail).run("sum", resume=tmp_path / "progress")


def test_other_data_of_the_same_shape_are_rejected(tmp_path: Path) -> None:
    """Data in memory with other values are other data."""
    progress = tmp_path / "progress"
    with pytest.raises(RuntimeError):
        chunked(list(range(9)), rows=3).map(Failing(at=6)).run("sum", resume=progress)
    with pytest.raises(MemkitError, match="the source changed since progress was"):
        chunked(list(range(1, 10)), rows=3).map(Failing(at=None)).run(
            "sum", resume=progress
        )


def test_iterator_cannot_be_resumed(tmp_path: Path) -> None:
    """A source that can be read only once is rejected before anything is read."""
    items = iter(range(5))
    with pytest.raises(MemkitError, match="cannot be resumed"):
        chunked(items).map(sum).run("sum", resume=tmp_path / "progress")
    assert next(items) == 0


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps({"a": 1})])
def test_other_files_are_not_overwritten(tmp_path: Path, content: bytes) -> None:
    """A file that holds something else is not overwritten."""
    path = tmp_path / "progress"
    path.write_bytes(content)
    with pytest.raises(MemkitError, match="does not contain the progress of a run"):
        run_items(Failing(at=None), path)
    assert path.read_bytes() == content


def make_progress(sink: Any = None) -> Progress:
    """Return the progress after a chunk."""
    return Progress(
        end=3,
        chunks=1,
        rows=3,
        number=2,
        first_row=3,
        skipped=(),
        types={},
        memory_bytes=1 << 30,
        sink=sink,
    )


def test_unpicklable_results(tmp_path: Path) -> None:
    """Results that cannot be saved raise an error, and the file stays as it was."""
    checkpoint = Checkpoint(tmp_path / "progress", {"the cell": "x"})
    checkpoint.save(make_progress())
    with pytest.raises(MemkitError, match=r"cannot be saved .* leave out --resume"):
        checkpoint.save(make_progress(sink=lambda: None))
    assert checkpoint.load() == make_progress()
    assert [path.name for path in tmp_path.iterdir()] == ["progress"]


def test_missing_folder(tmp_path: Path) -> None:
    """A file that cannot be written raises an error with the remedy."""
    checkpoint = Checkpoint(tmp_path / "none" / "progress", {})
    with pytest.raises(MemkitError, match=r"cannot be saved to .* use another file"):
        checkpoint.save(make_progress())


def test_skipped_chunks_run_again(tmp_path: Path) -> None:
    """Skipped chunks are listed with their place, and can be run separately."""
    path = tmp_path / "a.csv"
    path.write_text("n\n" + "\n".join(map(str, range(100))) + "\n")

    def fail(chunk: Any) -> int:
        if chunk.n.iloc[0] in {20, 60}:
            message = "no twenty"
            raise ValueError(message)
        return int(chunk.n.sum())

    summary = chunked(path, rows=20).map(fail).run("sum", on_error="skip")
    assert summary.chunks == 3
    assert [(s.number, s.first_row, s.rows, s.error) for s in summary.skipped] == [
        (2, 20, 20, "ValueError: no twenty"),
        (4, 60, 20, "ValueError: no twenty"),
    ]
    again = chunked(path, rows=20).map(lambda chunk: int(chunk.n.sum()))
    rest = again.run("sum", only=summary.skipped)
    assert rest.chunks == 2
    assert summary.value + rest.value == sum(range(100))
    assert all(isinstance(chunk, SkippedChunk) for chunk in summary.skipped)


def test_tries() -> None:
    """A chunk that fails is tried as often as the option says."""
    calls = []

    def fail_twice(chunk: list[int]) -> int:
        calls.append(chunk[0])
        if len(calls) < 3:
            raise ConnectionError
        return sum(chunk)

    assert chunked([1, 2]).map(fail_twice).run("sum", tries=3).value == 3
    assert calls == [1, 1, 1]
    calls.clear()
    with pytest.raises(ConnectionError):
        chunked([1, 2]).map(fail_twice).run("sum", tries=2)
