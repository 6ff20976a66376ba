"""The ends of lines, whatever the quotes."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.delimited import cut, line_ends
from jupyter_memkit.techniques.chunked.sources.delimited.cut import cut_lines
from jupyter_memkit.techniques.chunked.sources.delimited.line_ends import LineEnds
from tests.steady import STEADY

TEXTS = st.text(st.sampled_from('ab, """\r\n'), max_size=60)


def find_ends(data: bytes) -> list[int]:
    """Return the ends of lines, found character by character as pandas does."""
    ends, state = [], "start"
    for number, letter in enumerate(data.decode()):
        if state == "inside":
            state = "closed" if letter == '"' else "inside"
        elif letter == '"' and state in {"start", "closed"}:
            state = "inside"
        elif letter in ",\r\n":
            state = "start"
            is_pair = data[number : number + 2] == b"\r\n"
            if letter != "," and not is_pair:
                ends.append(number + 1)
        else:
            state = "field"
    return ends


@STEADY
@given(TEXTS, st.integers(1, 12), st.sampled_from((1, 2, 3, 7, 1_000)))
def test_blocks_end_where_lines_do(text: str, size: int, part: int) -> None:
    """Blocks of every size are whole lines, and together they are the stream."""
    data = text.encode()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(line_ends, "_PART_BYTES", part)
        blocks, error = [], None
        try:
            for view in cut_lines(io.BytesIO(data), lambda: size, LineEnds(","), "a"):
                blocks.append(bytes(view))  # noqa: PERF401 - it may end early
        except SourceError as raised:
            error = str(raised)
    ends = find_ends(data)
    done = 0
    for block in blocks[: -1 if error is None else None]:
        done += len(block)
        assert done in ends
    if error is None:
        assert b"".join(blocks) == data
    else:
        # Only a value whose quote is never closed is left.
        assert "EOF inside string" in error
        assert find_ends(data + b'"\n')[-1:] == [len(data) + 2]


@pytest.mark.parametrize(
    "content",
    [
        b'1,a 5" pipe\n' * 40_000,
        b'1,"' + b"x\n" * 400_000 + b'"\n',
        b'1,"a\r\nb"\r\n' * 40_000,
        b"1,2\r" * 100_000,
        b'"1",""""\n' * 40_000,
    ],
    ids=["inch", "one cell", "CRLF in quotes", "CR", "quotes"],
)
def test_each_byte_is_scanned_once(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cutting takes linear time whatever the quotes: no byte is inspected again."""
    seen = []
    scan = LineEnds.scan

    def count(self: LineEnds, data: bytes, start: int, end: int) -> None:
        seen.append(end - start)
        scan(self, data, start, end)

    monkeypatch.setattr(LineEnds, "scan", count)
    blocks = cut_lines(io.BytesIO(content), lambda: 4_096, LineEnds(","), "a")
    assert sum(map(len, blocks)) == len(content)
    assert sum(seen) == len(content)


@pytest.mark.parametrize("last", ["3,4", '3,"4"', '"3\n",4', "3,4\r"])
def test_last_line_without_end(last: str) -> None:
    """It is in one block with the lines before it, not a block of one row."""
    content = f"1,2\n{last}".encode()
    blocks = cut_lines(io.BytesIO(content), lambda: 4_096, LineEnds(","), "a")
    assert [bytes(block) for block in blocks] == [content]


def test_quoted_lines_are_cut_at_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a quoted value ends near the end of a block, the rest is not inspected."""
    content = b'1,"a ""b"" c",2\n' * 100_000
    seen = []
    scan = LineEnds.scan

    def count(self: LineEnds, data: bytes, start: int, end: int) -> None:
        seen.append(end - start)
        scan(self, data, start, end)

    monkeypatch.setattr(LineEnds, "scan", count)
    monkeypatch.setattr(line_ends, "_PART_BYTES", 1 << 10)
    blocks = cut_lines(io.BytesIO(content), lambda: 256 << 10, LineEnds(","), "a")
    assert all(bytes(view).endswith(b' c",2\n') for view in blocks)
    assert 0 < sum(seen) < len(content) // 100


def test_line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote that is never closed ends the run before the memory is full."""
    monkeypatch.setattr(cut, "_MOST_LINE_BYTES", 1 << 20)
    stream = io.BytesIO(b'a,"' + b"x" * (4 << 20))
    with pytest.raises(SourceError, match=r"a line is longer than 1 MiB.*quoting=3"):
        list(cut_lines(stream, lambda: 4_096, LineEnds(","), "a.csv"))
    assert stream.tell() < 4 << 20
