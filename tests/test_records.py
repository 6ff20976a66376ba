"""The repr and the JSON of records."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit as memkit
from jupyter_memkit.records import Record, to_plain
from jupyter_memkit.techniques.chunked.position import ChunkInfo


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Record):
    """A record with all kinds of values."""

    peak_bytes: int
    share: float
    path: Path
    names: frozenset[str]
    value: Any


class Hostile:
    """A value whose code must not run."""

    def __repr__(self) -> str:
        """Fail."""
        raise AssertionError


def test_json_of_any_value() -> None:
    """Any value is converted, even infinity and objects whose code must not run."""
    taken = Taken(
        peak_bytes=2048,
        share=float("inf"),
        path=Path("x"),
        names=frozenset("ba"),
        value=Hostile(),
    )
    assert json.loads(json.dumps(taken.to_dict(), allow_nan=False)) == {
        "peak_bytes": 2048,
        "share": None,
        "path": "x",
        "names": ["a", "b"],
        "value": "<Hostile>",
    }
    assert repr(taken) == (
        "Taken(peak=2.0 KiB, share=inf, path='x', names=2 items, value=<Hostile>)"
    )


def test_circle() -> None:
    """Converting a value that contains itself terminates."""
    circle: list[Any] = []
    circle.append(circle)
    json.dumps(to_plain(circle))


@pytest.mark.parametrize(
    "line",
    [
        *("memls --all", "memls", "memkit", "memkit processes", "memkit advice"),
        *("memleaks", "memleaks data", "memfree", "memsnap", "memsnap a"),
        *("memsnap now now", "unload --list", "gc_pause status", "gc_pause report"),
        *("spill", "isolated", "shrink data --dry-run", "to_numpy rows"),
    ],
)
def test_records_of_magics(shell: InteractiveShell, line: str) -> None:
    """Every result of a magic converts to JSON, and has a repr of a line or two."""
    shell.run_cell("import numpy\ndata = numpy.arange(1000)\nrows = [1, 2, 3]")
    name, _, rest = line.partition(" ")
    record: Any = shell.run_line_magic(name, rest)
    json.dumps(record.to_dict(), allow_nan=False)
    assert len(repr(record)) < 1000
    assert " object at 0x" not in repr(record)


# The arguments of the magics that need some.
LINES = {
    "gc_pause": "status",
    "mem": "len(rows)",
    "memit": "len(rows)",
    "shrink": "data --dry-run",
    "to_numpy": "rows",
    "unload": "--list",
}
CELLS = {"chunked": "rows --collect"}


def test_every_magic(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result of every magic, of those to come too, converts to JSON."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # %memplot writes a file.
    shell.run_cell("import numpy\ndata = numpy.arange(1000)\nrows = [1, 2, 3]")
    ours = {
        (kind, name)
        for kind, magics in shell.magics_manager.magics.items()
        for name, call in magics.items()
        if str(getattr(call, "__module__", "")).startswith("jupyter_memkit.")
    }
    assert len(ours) > 15
    for kind, name in sorted(ours):
        result: Any = (
            shell.run_line_magic(name, LINES.get(name, ""))
            if kind == "line"
            else shell.run_cell_magic(name, CELLS.get(name, ""), "len(rows)\n")
        )
        if result is not None:
            json.dumps(result.to_dict(), allow_nan=False)


def test_every_data_class() -> None:
    """Every data class that the package offers is a record, and so is `chunk_info`."""
    offered = [getattr(memkit, name) for name in memkit.__all__]
    kinds = [each for each in (*offered, ChunkInfo) if dataclasses.is_dataclass(each)]
    assert memkit.Parts in kinds
    assert all(issubclass(kind, Record) for kind in kinds)  # type: ignore[arg-type]
    parts = memkit.Parts(own_bytes=1, children=(Hostile(),), elements=Hostile())
    json.dumps(parts.to_dict(), allow_nan=False)
