"""Lines that do not begin an object, which pyarrow counts as rows or crashes at."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.json_lines.line_starts import (
    count_objects,
)

OBJECT = b'{"a": 1, "b": {"c": [null]}}\n'


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("line", [b"null", b" \tnull ", b"null\r", b"null null"])
@pytest.mark.parametrize("before", [0, 1, 2, 8])
def test_null(tmp_path: Path, backend: str, line: bytes, before: int) -> None:
    """A null is refused wherever it is: in the sample, or first in a chunk."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(OBJECT * before + line + b"\n" + OBJECT * 3)
    with pytest.raises(SourceError, match=f"^line {before + 1} of a.jsonl is invalid"):
        list(chunked(path, rows=2, backend=backend))


def test_late_null(tmp_path: Path) -> None:
    """A null that no sample has is refused when its chunk is read."""
    path = tmp_path / "a.jsonl"
    flat = b'{"a": 1}\n' * 300_000
    path.write_bytes(flat + b"null\n" + flat)
    with pytest.raises(SourceError, match=r"line 300001 .*it is null, not an object"):
        list(chunked(path, rows=100_000))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("null", "null"),
        ("true", "a Boolean"),
        ("1", "an integer"),
        ("1.5", "a float"),
        ('"x"', "a string"),
        ("[1]", "a list"),
    ],
)
def test_other_values(tmp_path: Path, value: str, kind: str) -> None:
    """A value that is not an object is named."""
    path = tmp_path / "a.jsonl"
    path.write_text(f"{value}\n")
    sentence = f"(it is {kind}, not an object); repair it to have one JSON object"
    with pytest.raises(SourceError, match=re.escape(sentence)):
        list(chunked(path))


def test_form_feed(tmp_path: Path) -> None:
    """What only Python counts as a blank makes a line invalid."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(OBJECT + b"\x0c\n" + OBJECT)
    with pytest.raises(SourceError, match=r"line 2 of a.jsonl is invalid"):
        list(chunked(path))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b"\n \t\r\n", b"\n  "])
def test_valid_lines(tmp_path: Path, end: bytes) -> None:
    """Blank lines and indented objects are fine, and blank lines are not rows."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(end.join([OBJECT.strip()] * 50))
    assert chunked(path, rows=20).map(lambda chunk: chunk.a.sum()).reduce("sum") == 50


def test_lone_carriage_return(tmp_path: Path) -> None:
    """An object with a lone CR is read, though pyarrow would end a part there."""
    path = tmp_path / "a.jsonl"
    path.write_bytes((b'{"x": "%s", "a":\rnull}\n' % (b"x" * 100)) * 30_000)
    assert sum(chunk.a.isna().sum() for chunk in chunked(path)) == 30_000


def test_any_bytes() -> None:
    """The count agrees with one that looks at each line, around windows too."""
    chosen = random.Random(7)
    pieces = [b"{", b"{}", b"n", b" ", b"\t", b"\n", b"\r\n", b"\r", b"{" * 262_143]
    for _ in range(3_000):
        weights = [*[4] * 8, 0.1]
        block = b"".join(chosen.choices(pieces, weights, k=chosen.randrange(1, 12)))
        rest = block.replace(b"\r\n", b"\n")
        lines = [line.strip(b" \t\r") for line in rest.split(b"\n")]
        count = sum(map(bool, lines))
        begin = all(line.startswith(b"{") for line in lines if line)
        has_lone = b"\r" in rest.removesuffix(b"\r")
        wanted = count if count and begin and not has_lone else None
        assert count_objects(block) == wanted, block
