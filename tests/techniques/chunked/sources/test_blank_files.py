"""Text files without content, among others and alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from tests.techniques.chunked.sources.compressing import compress

CONTENT = {".csv": "a\n1\n", ".tsv": "a\n1\n", ".jsonl": '{"a": 1}\n', ".txt": "one\n"}


@pytest.mark.parametrize("compression", ["", ".gz", ".bz2", ".xz", ".zst", ".zip"])
@pytest.mark.parametrize("suffix", CONTENT)
@pytest.mark.parametrize("name", ["a", "c", "e"])
def test_among_others(tmp_path: Path, suffix: str, compression: str, name: str) -> None:
    """A file of no bytes has no rows, wherever it is among the others."""
    for other in "bd":
        compress(tmp_path / f"{other}{suffix}{compression}", CONTENT[suffix].encode())
    compress(tmp_path / f"{name}{suffix}{compression}", b"")
    assert sum(map(len, chunked(tmp_path))) == 2


@pytest.mark.parametrize("content", [b"\n", b"\r\n \r\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("suffix", CONTENT)
def test_blank_lines(tmp_path: Path, suffix: str, content: bytes) -> None:
    """Blank lines are rows only if all lines are."""
    (tmp_path / f"a{suffix}").write_bytes(content)
    (tmp_path / f"b{suffix}").write_text(CONTENT[suffix])
    n_rows = 1 + (content.count(b"\n") if suffix == ".txt" else 0)
    assert sum(map(len, chunked(tmp_path))) == n_rows


@pytest.mark.parametrize("suffix", CONTENT)
def test_alone(tmp_path: Path, suffix: str) -> None:
    """If no file has content, this is said."""
    for name in "ab":
        (tmp_path / f"{name}{suffix}").write_bytes(b"")
    for source in (tmp_path, tmp_path / f"a{suffix}"):
        with pytest.raises(SourceError, match="is empty; there is nothing to run over"):
            list(chunked(source))


def test_with_options(tmp_path: Path) -> None:
    """The same is true with options of the reader."""
    (tmp_path / "a.csv").write_text("a;b\n1;2\n")
    (tmp_path / "b.csv").write_bytes(b"")
    (found,) = chunked(tmp_path, backend="pandas", read={"sep": ";"})
    pd.testing.assert_frame_equal(found, pd.DataFrame({"a": [1], "b": [2]}))
