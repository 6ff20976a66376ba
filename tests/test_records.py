"""The repr and the JSON of records."""

from __future__ import annotations

import collections.abc
import dataclasses
import importlib
import json
import re
import tempfile
import types
import typing
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit as memkit
from jupyter_memkit.records import Record, to_plain
from jupyter_memkit.techniques.chunked.position import ChunkInfo
from jupyter_memkit.techniques.gc_pausing.pause import GcPause
from jupyter_memkit.techniques.guard.records import GuardStop


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


def test_repr_of_similar_names() -> None:
    """A field keeps its unit in the repr if another has the name without it."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Programs(Record):
        count: int
        count_bytes: int
        rest_bytes: int

    programs = Programs(count=2, count_bytes=2048, rest_bytes=1024)
    assert repr(programs) == ("Programs(count=2, count_bytes=2.0 KiB, rest=1.0 KiB)")


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


CHILD = re.compile(r"^class \w+\((Record|\w+Error)\)", re.MULTILINE)


def subclasses(base: type[Any]) -> list[type[Any]]:
    """Return all subclasses in the package, of modules that nothing has imported, too.

    Modules without one may need libraries that are not installed.
    """
    root = Path(memkit.__path__[0])
    for path in root.rglob("*.py"):
        if re.search(
            r"^class \w+\((Record|\w+Error)\)", path.read_text(), re.MULTILINE
        ):
            name = path.relative_to(root.parent).with_suffix("")
            importlib.import_module(".".join(name.parts))
    found = [base]
    for kind in found:
        found += kind.__subclasses__()
    return [kind for kind in found[1:] if kind.__module__.startswith("jupyter_memkit.")]


PLAIN = {
    int: 1,
    float: 0.5,
    str: "x",
    bool: True,
    type(None): None,
    Path: Path("x"),
    Any: Hostile(),
    object: Hostile(),
}


def example(hint: Any) -> Any:
    """Return a value of a type; an unknown type fails the test."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in PLAIN:
        made = PLAIN[hint]
    elif typing.is_typeddict(hint):
        made = {name: example(each) for name, each in hints_of(hint).items()}
    elif isinstance(hint, type) and issubclass(hint, Record):
        made = built(hint)
    elif origin is typing.Literal:
        made = inner[0]
    elif origin in (typing.Union, types.UnionType):
        made = example(inner[0])
    elif origin in (tuple, list, set, frozenset):
        made = origin(example(each) for each in inner if each is not Ellipsis)
    else:
        assert origin in (dict, collections.abc.Mapping), f"unknown in JSON: {hint}"
        made = {example(inner[0]): example(inner[1])}
    return made


def hints_of(kind: type) -> dict[str, Any]:
    """Return the types of the fields, also of those imported for the checker only."""
    names = {each.__name__: each for each in Record.__subclasses__()}
    return typing.get_type_hints(kind, localns=names)


def built(kind: type[Record]) -> Record:
    """Return a record of examples, without the code that makes it from real values."""
    record = object.__new__(kind)
    hints = hints_of(kind)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if not field.name.startswith("_"):
            object.__setattr__(record, field.name, example(hints[field.name]))
    return record


@pytest.mark.own_process
def test_every_record() -> None:
    """Every record of the package converts to JSON, with a key for each field."""
    records = subclasses(Record)
    assert len(records) > 60
    # The one that is not a data class, because it changes until it ends.
    assert [each for each in records if not dataclasses.is_dataclass(each)] == [GcPause]
    with memkit.gc_pause() as pause:
        json.dumps(pause.to_dict(), allow_nan=False)
    for kind in set(records) - {GcPause}:
        plain = built(kind).to_dict()
        json.dumps(plain, allow_nan=False)
        names = {each.name for each in dataclasses.fields(kind)}
        assert {name for name in names if not name.startswith("_")} <= plain.keys()


@pytest.mark.own_process
def test_every_error() -> None:
    """Every error converts to JSON with its type and its sentence."""
    kinds: list[type[Any]] = [memkit.MemkitError, memkit.MemoryLimitExceeded]
    for kind in kinds + subclasses(memkit.MemkitError):
        # Some are made of other arguments.
        error: Any = kind.__new__(kind, "a sentence")
        plain = error.to_dict()
        assert plain == {"error": kind.__name__, "message": "a sentence"}
    stopped = memkit.MemoryLimitExceeded("too much")
    stopped.stop = built(GuardStop)
    plain = json.loads(json.dumps(stopped.to_dict()))
    assert plain["error"] == "MemoryLimitExceeded"
    assert plain["mark_bytes"] == 1


def test_every_data_class() -> None:
    """Every data class that the package offers is a record, and so is `chunk_info`."""
    offered = [getattr(memkit, name) for name in memkit.__all__]
    kinds = [each for each in (*offered, ChunkInfo) if dataclasses.is_dataclass(each)]
    assert memkit.Parts in kinds
    assert all(issubclass(kind, Record) for kind in kinds)  # type: ignore[arg-type]
    parts = memkit.Parts(own_bytes=1, children=(Hostile(),), elements=Hostile())
    json.dumps(parts.to_dict(), allow_nan=False)
