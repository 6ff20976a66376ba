"""The repr and the JSON of records."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.records import Record, to_plain


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
