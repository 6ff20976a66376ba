"""CSV and TSV files, with the columns and types that pandas gives for the whole file.

The file is cut into blocks of whole lines, so that memory is bounded by the block, and
each block is parsed by pyarrow on all cores. What pyarrow refuses pandas parses: a
block that is broken means the same, and is refused in the same place.
"""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    Request,
    TypeChange,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces
from jupyter_memkit.techniques.chunked.sources.dtypes import holds, widen
from jupyter_memkit.techniques.chunked.sources.files import (
    file_fingerprint,
    import_library,
)
from jupyter_memkit.techniques.chunked.sources.reader import iterate_reader

SEPARATORS = {".csv": ",", ".tsv": "\t"}
COMPRESSIONS = frozenset({".gz", ".bz2", ".xz", ".zip", ".zst"})

# Of a file the types are told by its head and by looks at places all over it.
_HEAD_BYTES = 1 << 20
_LOOK_BYTES = 16 << 10
_LOOKS = 64

# What pandas takes for a missing value.
_MISSING = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
    *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]

# Types of pandas for columns that are read as text.
_OF_TEXT = frozenset({"str", "object", "category"})

_QUOTE = ord('"')
_CACHED_BYTES = 128 << 10

_UNREADABLE = (EOFError, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)

_BROKEN_LINE = re.compile(r"(Expected \d+ fields) in line (\d+), (saw .+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedSource:
    """A CSV or TSV file, plain or compressed.

    Parameters
    ----------
    path : Path
        The file.
    separator : str
        What is between two values.
    options : mapping
        Options of ``pandas.read_csv``; with any, pandas reads the file.
    """

    path: Path
    separator: str
    options: Mapping[str, Any] = field(default_factory=dict)
    # Counting the lines would be to read the whole file.
    total_rows: None = None
    backend: str = FROM_FILES

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @property
    def row_bytes(self) -> float:
        """The bytes of a line, from the head of the file."""
        with explaining(self.path), open_bytes(self.path) as stream:
            head = stream.read(_HEAD_BYTES)
        return len(head) / max(1, head.count(b"\n"))

    def columns(self) -> tuple[str, ...]:
        """Return the names in the first line, as pandas tells doubles apart."""
        if self.options:
            return tuple(self._read_sample(nrows=0).columns)
        return tuple(self._layout("pandas").names)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of the columns, from a sample of the whole file."""
        if self.options:
            return {}
        return self._layout(backend).types

    def fingerprint(self) -> Any:
        """Return the file's size and time of change."""
        return file_fingerprint(self.path)

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Cut the file into blocks of whole lines."""
        layout = self._layout(request.backend) if not self.options else None
        if layout is None or layout.has_index:
            yield from self._read_by_pandas(request)
            return
        layout = layout.choose(request)
        if request.exact or isinstance(request.start, list):
            start, skipped = request.start or (None, 0)
            asked = dataclasses.replace(
                request, start=start, end=None, exact=False, portable=False
            )
            yield from cut_pieces(self._cut(layout, asked), request, skipped)
        else:
            yield from self._cut(layout, request)

    def _cut(self, layout: Layout, request: Request) -> Generator[Piece, None, None]:
        plain = self.path.suffix.lower() not in COMPRESSIONS
        with explaining(self.path), open_bytes(self.path) as stream:
            size = self.path.stat().st_size if plain else None
            start = layout.body_start if request.start is None else request.start
            stream.seek(start)
            row_bytes = layout.row_bytes

            def wanted_bytes() -> int:
                if request.end is not None:
                    return int(request.end - start)
                return int(request.rows() * row_bytes)

            for block in cut_lines(stream, wanted_bytes):
                end = start + len(block)
                row_bytes = _measure_row(block, row_bytes)
                yield self._piece(block, layout, start, size, request)
                start = end
                if start == request.end:
                    break

    def _piece(
        self,
        block: memoryview,
        layout: Layout,
        start: int,
        size: int | None,
        request: Request,
    ) -> Piece:
        end, rows = start + len(block), None
        load: Callable[[], Any] = partial(parse_block, block, layout, self.path, start)
        if request.portable:
            rows = _count_rows(block)
            if size is not None and rows is not None:
                load = partial(_load_range, layout, self.path, start, end)
            else:
                table = load()
                load, rows = Loaded(table), len(table)
        return Piece(
            load=load,
            start=start,
            end=end,
            rows=rows,
            fraction=end / size if size else None,
        )

    def _layout(self, backend: str | None) -> Layout:
        with explaining(self.path):
            return _find_layout(self.path, self.separator, backend or "pandas")

    def _read_sample(self, **options: Any) -> Any:
        pandas = import_library("pandas", self.name)
        with explaining(self.path):
            return pandas.read_csv(
                self.path, **{"sep": self.separator, **self.options, **options}
            )

    def _read_by_pandas(self, request: Request) -> Generator[Piece, None, None]:
        options: dict[str, Any] = {"sep": self.separator, **self.options}
        if request.columns is not None and "usecols" not in options:
            options["usecols"] = list(request.columns) or [self.columns()[0]]
        pandas = import_library("pandas", self.name)
        with (
            explaining(self.path),
            pandas.read_csv(self.path, **options, iterator=True) as reader,
        ):
            yield from iterate_reader(reader, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a file's lines hold.

    Attributes
    ----------
    names : list of str
        The columns of the file.
    types : dict of str to str
        Their types, by the backend's names.
    columns : list of str
        The columns to read.
    separator : str
        What is between two values.
    backend : str
        Whose types they are.
    body_start : int
        Where the first line after the names begins, in bytes.
    row_bytes : float
        The bytes of a line.
    has_index : bool
        Whether the lines have one value more than there are names, which pandas
        takes for an index.
    """

    names: list[str]
    types: dict[str, str]
    columns: list[str]
    separator: str
    backend: str
    body_start: int
    row_bytes: float
    has_index: bool = False

    def choose(self, request: Request) -> Layout:
        """Return the layout with the columns and types of a request."""
        columns = self.names if request.columns is None else request.columns
        types = {**self.types, **request.types}
        types.update(dict.fromkeys(request.categories, "category"))
        return Layout(
            names=self.names,
            types={name: types[name] for name in self.names},
            # Rows without any column could not be counted.
            columns=[n for n in self.names if n in set(columns)] or self.names[:1],
            separator=self.separator,
            backend=self.backend,
            body_start=self.body_start,
            row_bytes=self.row_bytes,
        )


def _find_layout(path: Path, separator: str, backend: str) -> Layout:
    """Look at a file's head, and at places all over it."""
    with open_bytes(path) as stream:
        head = bytes(_whole_lines(stream.read(_HEAD_BYTES)))
        body_start = _skip_names(head)
        looks = b""
        if path.suffix.lower() not in COMPRESSIONS:
            looks = _look_around(stream, len(head), path.stat().st_size)
    find = _find_types_of_pandas if backend in {"pandas", "numpy"} else _find_types
    if not head.strip():
        message = f"{path.name} is empty; there is nothing to run over"
        raise SourceError(message)
    try:
        names, types, has_index = find(head + looks, separator, backend, path.name)
    except Exception:
        # A look may begin inside a quoted value.
        if not looks:
            raise
        names, types, has_index = find(head, separator, backend, path.name)
    lines = head[body_start:]
    return Layout(
        names=names,
        types=types,
        columns=names,
        separator=separator,
        backend=backend,
        body_start=body_start,
        row_bytes=len(lines) / max(1, lines.count(b"\n")),
        has_index=has_index,
    )


def _find_types_of_pandas(
    lines: bytes, separator: str, _backend: str, name: str
) -> tuple[list[str], dict[str, str], bool]:
    pandas = import_library("pandas", name)
    # A broken line is told when its chunk is read.
    frame = pandas.read_csv(
        io.BytesIO(lines), sep=separator, low_memory=False, on_bad_lines="skip"
    )
    has_index = not isinstance(frame.index, pandas.RangeIndex)
    types = {column: str(dtype) for column, dtype in frame.dtypes.items()}
    return list(frame.columns), types, has_index


def _find_types(
    lines: bytes, separator: str, backend: str, name: str
) -> tuple[list[str], dict[str, str], bool]:
    csv = import_library("pyarrow.csv", name)
    table = csv.read_csv(
        io.BytesIO(lines),
        parse_options=csv.ParseOptions(
            delimiter=separator,
            newlines_in_values=b'"' in lines,
            invalid_row_handler=lambda _row: "skip",
        ),
        convert_options=csv.ConvertOptions(**_missing(backend)),
    )
    types = {field.name: str(field.type) for field in table.schema}
    if backend == "polars":  # It leaves dates alone unless it is asked.
        types = {
            column: name if name in {"int64", "double", "bool"} else "large_string"
            for column, name in types.items()
        }
    return list(types), types, False


def _missing(backend: str) -> dict[str, Any]:
    """Return the options that say which values are missing."""
    if backend in {"pandas", "numpy"}:
        return {"null_values": _MISSING, "strings_can_be_null": True}
    if backend == "polars":
        return {
            "null_values": [""],
            "strings_can_be_null": True,
            "quoted_strings_can_be_null": False,
        }
    return {}


def _load_range(layout: Layout, path: Path, start: int, end: int) -> Any:
    """Read a block again, in another process, and parse it."""
    with explaining(path):
        block = read_range(path, start, end)
    return parse_block(block, layout, path, start)


def read_range(path: Path, start: int, end: int) -> bytes:
    """Return the bytes of a part of a file.

    Raises
    ------
    SourceError
        When the file ends before the part does.
    """
    with path.open("rb") as stream:
        stream.seek(start)
        block = stream.read(end - start)
    if len(block) < end - start:
        message = f"{path.name} became shorter while it was read; run it again"
        raise SourceError(message)
    return block


def parse_block(block: Any, layout: Layout, path: Path, start: int) -> Any:
    """Return the rows of whole lines as a table of pyarrow.

    Raises
    ------
    SourceError
        When a line is broken.
    TypeChange
        When a value does not fit its column's type.
    """
    arrow = import_library("pyarrow", path.name)
    types = {name: _arrow_type(arrow, layout.types[name]) for name in layout.columns}
    try:
        return _parse_by_arrow(arrow, block, layout, types)
    except arrow.ArrowInvalid as error:
        if layout.backend in {"pandas", "numpy"}:
            return _parse_by_pandas(arrow, block, layout, path, start)
        try:
            table = _parse_by_arrow(arrow, block, layout, {})
        except arrow.ArrowInvalid:
            message = f"{path.name} cannot be parsed ({error}); repair it"
            raise SourceError(message) from error
        raise TypeChange(path.name, _find_changes(layout, table)) from error


def _parse_by_arrow(
    arrow: Any, block: Any, layout: Layout, types: Mapping[str, Any]
) -> Any:
    """Parse lines on all cores, quickly where no value has a line's end in it."""
    csv = import_library("pyarrow.csv", "CSV")

    def parse(*, newlines_in_values: bool) -> Any:
        return csv.read_csv(
            arrow.py_buffer(block),
            read_options=csv.ReadOptions(
                column_names=layout.names,
                # Parts of the block, for each core to have some.
                block_size=min(max(1 << 20, len(block) // 4), (1 << 31) - 1),
            ),
            parse_options=csv.ParseOptions(
                delimiter=layout.separator, newlines_in_values=newlines_in_values
            ),
            convert_options=csv.ConvertOptions(
                include_columns=layout.columns,
                column_types=types,
                **_missing(layout.backend),
            ),
        )

    try:
        return parse(newlines_in_values=False)
    except arrow.ArrowInvalid:
        if not _has_quotes(block):
            raise
        # A part that ends within a value is noticed, for then its rows do not add up.
        return parse(newlines_in_values=True)


def _parse_by_pandas(
    arrow: Any, block: Any, layout: Layout, path: Path, start: int
) -> Any:
    pandas = import_library("pandas", path.name)
    texts = {name: str for name, dtype in layout.types.items() if dtype in _OF_TEXT}
    with explaining(path, start):
        frame = pandas.read_csv(
            io.BytesIO(block),
            sep=layout.separator,
            header=None,
            names=layout.names,
            dtype=texts,
            low_memory=False,
        )
        if not isinstance(frame.index, pandas.RangeIndex):
            # Values more than names in the first line, which pandas takes for an index.
            n_names = len(layout.names)
            message = f"Expected {n_names} fields in line 1, saw {n_names + 1} or more"
            raise pandas.errors.ParserError(message)
    frame = frame[layout.columns]
    changes: dict[str, tuple[str, str]] = {}
    for name, dtype in frame.dtypes.items():
        wanted, got = layout.types[name], str(dtype)
        if wanted not in _OF_TEXT and got != wanted and not holds(wanted, got):
            changes[name] = (wanted, widen(wanted, got))
    if changes:
        raise TypeChange(path.name, changes)
    types = [(name, _arrow_type(arrow, layout.types[name])) for name in layout.columns]
    return arrow.Table.from_pandas(
        frame, preserve_index=False, schema=arrow.schema(types)
    )


def _find_changes(layout: Layout, table: Any) -> dict[str, tuple[str, str]]:
    """Return the columns whose types no longer do, with those that do."""
    changes = {}
    for item in table.schema:
        before, after = layout.types[item.name], str(item.type)
        if after not in {before, "null"}:
            both = {before, after}
            wider = "double" if both == {"int64", "double"} else "string"
            if wider != before and not (before == "double" and after == "int64"):
                changes[item.name] = (before, wider)
    return changes


_ARROW_TYPES = {"str": "large_string", "object": "large_string", "string": "string"}


def _arrow_type(arrow: Any, name: str) -> Any:
    if name == "category":
        return arrow.dictionary(arrow.int32(), arrow.string())
    return arrow.type_for_alias(_ARROW_TYPES.get(name, name))


def _has_quotes(block: bytes | memoryview) -> bool:
    """Tell whether a block has quotes; a buffer may have some after its end too."""
    data: Any = block.obj if isinstance(block, memoryview) else block
    found: int = data.find(b'"', 0, len(block))
    return found >= 0


def _measure_row(lines: Any, otherwise: float) -> float:
    """Return the bytes of a line, from the end of a block."""
    tail = bytes(lines[-(64 << 10) :])
    count = tail.count(b"\n")
    return len(tail) / count if count else otherwise


def _count_rows(lines: Any) -> int | None:
    """Count lines where each is a row: without quotes and without empty ones."""
    text = bytes(lines)
    if b'"' in text or b"\n\n" in text or b"\r\n\r\n" in text or text[:1] in b"\r\n":
        return None
    return text.count(b"\n") + (not text.endswith(b"\n"))


def cut_lines(
    stream: IO[bytes], wanted_bytes: Callable[[], int]
) -> Iterator[memoryview]:
    """Read blocks of whole lines, about as long as is wanted.

    Parameters
    ----------
    stream : binary file
        From where it stands.
    wanted_bytes : callable
        Tells before each block how long it is to be.

    Yields
    ------
    memoryview
        The block, which the next one overwrites: fresh memory for each would cost
        more time than to read the file.
    """
    buffer = bytearray()
    rest = 0
    while True:
        # One more for the part of a line that the block before left.
        size = max(wanted_bytes(), 1) + rest
        if size > len(buffer):
            buffer = buffer[:rest] + bytearray(size - rest)
        count = rest + _fill(stream, memoryview(buffer)[rest:size])
        if count == rest:
            break
        end = _end_of_lines(buffer, count)
        if end:
            yield memoryview(buffer)[:end]
        buffer[: count - end] = buffer[end:count]
        rest = count - end
    if rest:
        yield memoryview(buffer)[:rest]


def _fill(stream: IO[bytes], space: memoryview) -> int:
    """Read until the space is full, or the file ends."""
    count = 0
    while count < len(space):
        read = stream.readinto(space[count:])  # type: ignore[attr-defined] # all have it
        if not read:
            break
        count += read
    return count


def _end_of_lines(data: bytes | bytearray, count: int) -> int:
    """Return where the last whole line of so many bytes ends; 0 when there is none.

    A line's end within double quotes is none.
    """
    end = data.rfind(b"\n", 0, count) + 1
    if data.find(b'"', 0, count) < 0:
        return end
    inside = _count_quotes(data, end) % 2
    while end and inside:
        previous = data.rfind(b"\n", 0, end - 1) + 1
        inside ^= data.count(b'"', previous, end) % 2
        end = previous
    return end


def _count_quotes(data: bytes | bytearray, end: int) -> int:
    """Count double quotes, several times faster than ``data.count`` where many are."""
    numpy = import_library("numpy", "quotes")
    text = numpy.frombuffer(data, numpy.uint8, end)
    # In parts that stay in the processor's cache.
    starts = range(0, end, _CACHED_BYTES)
    parts = (text[start : start + _CACHED_BYTES] == _QUOTE for start in starts)
    return sum(map(numpy.count_nonzero, parts))


def _whole_lines(data: bytes) -> bytes:
    return data[: _end_of_lines(data, len(data))] or data


def _skip_names(head: bytes) -> int:
    """Return where the line of names ends, after empty ones and a byte-order mark."""
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    while head[start : start + 1] in {b"\r", b"\n"}:
        start += 1
    end, inside = start, 0
    while True:
        previous, end = end, head.find(b"\n", end) + 1
        if not end:
            return len(head)
        inside ^= head.count(b'"', previous, end) % 2
        if not inside:
            return end


def _look_around(stream: IO[bytes], start: int, size: int) -> bytes:
    """Read lines from places all over a file."""
    step = (size - start) // _LOOKS
    looks = []
    if step <= _LOOK_BYTES:
        stream.seek(start)
        looks.append(stream.read(min(size - start, _LOOKS * _LOOK_BYTES)))
    else:
        for number in range(_LOOKS):
            stream.seek(start + (number + 1) * step - _LOOK_BYTES)
            data = stream.read(_LOOK_BYTES)
            looks.append(data[data.find(b"\n") + 1 : data.rfind(b"\n") + 1])
    return b"".join(looks)


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressed by its ending."""
    suffix = path.suffix.lower()
    with path.open("rb") as raw:
        if suffix == ".zip":
            with zipfile.ZipFile(raw) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    message = (
                        f"{path.name} does not hold one file; "
                        "unpack it and give the path of one"
                    )
                    raise SourceError(message)
                with archive.open(names[0]) as stream:
                    yield stream
        elif suffix == ".zst":
            arrow = import_library("pyarrow", path.name)
            with arrow.CompressedInputStream(raw, "zstd") as stream:
                yield io.BufferedReader(_Forward(stream))
        elif suffix in _OPENERS:
            with _OPENERS[suffix](raw) as stream:
                yield stream
        else:
            yield raw


_OPENERS: dict[str, Callable[[Any], Any]] = {
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}


class _Forward(io.RawIOBase):
    """A stream of pyarrow that can be skipped forwards, as Python's own can."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        distance = offset - self._position if whence == io.SEEK_SET else offset
        if distance < 0:
            raise io.UnsupportedOperation
        while distance > 0:
            data = self._stream.read(min(distance, 1 << 20))
            if not data:
                break
            distance -= len(data)
            self._position += len(data)
        return self._position


@contextmanager
def explaining(path: Path, start: int | None = None) -> Iterator[None]:
    """Turn what is raised for a bad file into a sentence with its remedy.

    Parameters
    ----------
    path : Path
        The file.
    start : int, optional
        Where the block that is parsed begins, in bytes.
    """
    pandas = import_library("pandas", path.name)
    try:
        yield
    except pandas.errors.EmptyDataError as error:
        message = f"{path.name} is empty; there is nothing to run over"
        raise SourceError(message) from error
    except pandas.errors.ParserError as error:
        message = (
            f"{path.name} {_explain_parser(str(error), path, start)}; repair it, "
            "or give --read on_bad_lines=skip"
        )
        raise SourceError(message) from error
    except UnicodeDecodeError as error:
        message = (
            f"{path.name} is not encoded as {error.encoding} ({error.reason}); "
            "give its own encoding, such as --read encoding=latin-1"
        )
        raise SourceError(message) from error
    except _UNREADABLE as error:
        message = (
            f"{path.name} cannot be read to its end ({error}); write or fetch it again"
        )
        raise SourceError(message) from error


def _explain_parser(text: str, path: Path, start: int | None) -> str:
    broken = _BROKEN_LINE.search(text)
    if broken is None:
        return f"cannot be parsed ({text.rpartition('C error: ')[2].strip()})"
    line = int(broken[2])
    if start:
        with open_bytes(path) as stream:
            line += stream.read(start).count(b"\n")
    return f"is broken in line {line} ({broken[1].lower()}, {broken[3].strip()})"
