"""Text and log files, in lists of lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from tests.techniques.chunked.sources.compressing import compress
from tests.techniques.chunked.sources.contract import (
    check_small,
    check_source,
    pieces_of,
)

# With other line ends, quotes that do not end, and empty lines.
LINES = [f'{i} "caf\u00e9 \x0b\u2028' * (i % 5) for i in range(1_000)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst", ".zip"])
def test_lines_are_the_file(tmp_path: Path, suffix: str, line_end: str) -> None:
    """The lines together are those of the file, plain or compressed."""
    path = tmp_path / f"a.log{suffix}"
    compress(path, line_end.join([*LINES, ""]).encode())
    check_source(path, LINES)
    if not suffix:
        check_small(path)


def test_last_line_without_end(tmp_path: Path) -> None:
    """A last line without a line end is a line."""
    path = tmp_path / "a.txt"
    path.write_text("a\n\nb")
    assert list(chunked(path, rows=2)) == [["a", ""], ["b"]]


def test_lone_carriage_return(tmp_path: Path) -> None:
    """The output of a progress bar with carriage returns is one line."""
    path = tmp_path / "a.log"
    path.write_bytes(b"10 %\r20 %\ndone\n")
    assert list(chunked(path)) == [["10 %\r20 %", "done"]]


def test_byte_order_mark(tmp_path: Path) -> None:
    """A byte-order mark is not part of the first line."""
    path = tmp_path / "a.txt"
    path.write_text("a\nb\n", encoding="utf-8-sig")
    check_source(path, ["a", "b"])


def test_encoding(tmp_path: Path) -> None:
    """The chosen encoding is used, and the error for another one has the line."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"ok\n" * 500 + "caf\u00e9\n".encode("latin-1"))
    with pytest.raises(SourceError) as raised:
        list(chunked(path, rows=400))
    assert str(raised.value) == (
        "line 501 of a.txt is not encoded as utf-8 (invalid continuation byte); use "
        "the encoding of the file, such as --read encoding=latin-1, or --read "
        "errors=replace"
    )
    check_source(path, ["ok"] * 500 + ["caf\u00e9"], {"encoding": "latin-1"})
    check_source(path, ["ok"] * 500 + ["caf\ufffd"], {"errors": "replace"})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"encoding": "utf-16"}, "cannot be split into lines as utf-16; convert it"),
        ({"encoding": "utf8x"}, "there is no encoding 'utf8x'; use one such as utf-8"),
        ({"encodign": "utf8"}, "no reader option 'encodign'; did you mean encoding?"),
    ],
)
def test_bad_option(tmp_path: Path, options: dict[str, str], sentence: str) -> None:
    """An invalid option is rejected, with a valid one."""
    path = tmp_path / "a.txt"
    path.write_text("a\n")
    with pytest.raises(SourceError, match=sentence):
        list(chunked(path, read=options))


def test_empty(tmp_path: Path) -> None:
    """An empty file raises an error."""
    (tmp_path / "a.txt").touch()
    with pytest.raises(SourceError, match=r"a\.txt is empty; there is nothing"):
        list(chunked(tmp_path / "a.txt"))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst", ".zip"])
def test_truncated(tmp_path: Path, suffix: str) -> None:
    """A truncated compressed file raises an error, after its complete lines."""
    path = tmp_path / f"a.log{suffix}"
    compress(path, "\n".join(map(str, range(200_000))).encode())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match="cannot be read to its end"):
        list(chunked(path, rows=1_000))


def test_file_that_shrank(tmp_path: Path) -> None:
    """A file that became shorter during a run in other processes raises an error."""
    path = tmp_path / "a.txt"
    path.write_text("a\n" * 1_000)
    pieces = pieces_of(open_source(path), portable=True)
    path.write_text("a\n" * 10)
    with pytest.raises(SourceError, match=r"a\.txt became shorter while it was read"):
        pieces[-1].load()
