"""Files at URLs, in fsspec's memory and on a real web server."""

from __future__ import annotations

import pickle
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import fsspec
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.delimited import DelimitedSource
from jupyter_memkit.techniques.chunked.sources.remote import (
    RemotePath,
    find_remote_files,
    is_url,
    opened,
)
from tests.techniques.chunked.sources.engine import chunks_of, load_from

FRAME = pd.DataFrame({"id": range(5_000), "label": [f"row {i}" for i in range(5_000)]})


@pytest.fixture
def memory() -> Iterator[Any]:
    """The file system in memory, empty before and after."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


class Files(ThreadingHTTPServer):
    """A web server with a few files that counts the bytes it sends."""

    def __init__(self, *, gives_ranges: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.gives_ranges = gives_ranges
        self.contents: dict[str, bytes] = {}
        self.sent_bytes = 0

    def url(self, name: str) -> str:
        """Return the URL of a file."""
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(BaseHTTPRequestHandler):
    """Serves files, and parts of them."""

    server: Files
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        """Answer with the headers of a file."""
        self.answer(with_body=False)

    def do_GET(self) -> None:
        """Send a file, or a part of it."""
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        """Send the requested part."""
        content = self.server.contents.get(self.path.strip("/"))
        if content is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is not None and self.server.gives_ranges:
            start = int(asked[1])
            end = min(int(asked[2] or len(content)) + 1, len(content))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
            content = content[start:end]
        else:
            self.send_response(200)
        if self.server.gives_ranges:
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{len(content)}"')
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.server.sent_bytes += len(content)
            self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Log nothing."""


@pytest.fixture(params=[True])
def server(request: pytest.FixtureRequest) -> Iterator[Files]:
    """A web server on this machine."""
    with Files(gives_ranges=request.param) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def read_csv(path: RemotePath) -> DelimitedSource:
    """Return the source that reads a remote CSV file."""
    return DelimitedSource(path=cast("Path", path), separator=",")


def test_csv_on_a_server(server: Files) -> None:
    """The chunks of a file on a server are the frame that pandas reads from it."""
    server.contents["a.csv"] = FRAME.to_csv(index=False).encode()
    source = read_csv(RemotePath(server.url("a.csv")))
    chunks = list(chunks_of(source, rows=2_000, backend="pandas"))
    assert [len(chunk) for chunk in chunks] == [2_000, 2_000, 1_000]
    pd.testing.assert_frame_equal(pd.concat(chunks), FRAME)
    assert source.name == "a.csv"


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "csv.zip", "csv.bz2"])
def test_compressions(memory: Any, ending: str, tmp_path: Path) -> None:
    """Compressed files are decompressed while they are read."""
    FRAME.to_csv(tmp_path / f"a.{ending}", index=False)
    memory.pipe(f"/a.{ending}", (tmp_path / f"a.{ending}").read_bytes())
    source = read_csv(RemotePath(f"memory://a.{ending}"))
    chunks = list(chunks_of(source, rows=2_000, backend="pandas"))
    pd.testing.assert_frame_equal(pd.concat(chunks), FRAME)


def test_continues(memory: Any) -> None:
    """Reading can continue in the middle of a remote file."""
    memory.pipe("/a.csv", FRAME.to_csv(index=False).encode())
    source = read_csv(RemotePath("memory://a.csv"))
    whole = load_from(source, None, 1_000)
    first = FRAME.to_csv(index=False).encode().find(b"\n100,") + 1
    rest = load_from(source, first, 1_000)
    assert pa.concat_tables(rest).equals(pa.concat_tables(whole).slice(100))


def test_only_what_is_needed_is_fetched(server: Files) -> None:
    """Only the footer and the columns of a row group of a Parquet file are fetched."""
    table = pa.table({name: range(1_000_000) for name in ("a", "b", "c", "d")})
    sink = pa.BufferOutputStream()
    parquet.write_table(
        table, sink, row_group_size=250_000, compression="none", use_dictionary=False
    )
    server.contents["a.parquet"] = sink.getvalue().to_pybytes()
    path = RemotePath(server.url("a.parquet"))
    with opened(path) as where, parquet.ParquetFile(where, pre_buffer=False) as file:
        part = file.read_row_group(2, columns=["b"])
    assert part["b"][0].as_py() == 500_000
    assert server.sent_bytes < len(server.contents["a.parquet"]) / 4


def test_local_files_are_left_to_pyarrow(tmp_path: Path) -> None:
    """A local path is passed to pyarrow as it is."""
    with opened(tmp_path / "a.parquet") as where:
        assert where == tmp_path / "a.parquet"


def test_folder_and_pattern(memory: Any) -> None:
    """A folder stands for its files except hidden ones, a pattern for its matches."""
    for name in ("b.csv", "a.csv", "k=1/c.csv", "_log", ".hidden/d.csv"):
        memory.pipe(f"/data/{name}", b"x\n1\n")
    folder = find_remote_files("memory://data")
    assert [path.name for path in folder] == ["a.csv", "b.csv", "c.csv"]
    assert "k=1" in folder[-1].parts
    pattern = find_remote_files("memory://data/*.csv")
    assert [path.name for path in pattern] == ["a.csv", "b.csv"]
    assert [path.open().read() for path in pattern] == [b"x\n1\n"] * 2
    chain = find_remote_files("simplecache::memory://data/*.csv")
    assert [str(path) for path in chain] == [
        "simplecache::memory:///data/a.csv",
        "simplecache::memory:///data/b.csv",
    ]
    with pytest.raises(
        SourceError, match=r"no file can be reached at memory://data/\*\.txt"
    ):
        find_remote_files("memory://data/*.txt")


def test_path(memory: Any) -> None:
    """A remote path has the parts of a path, can be pickled, and hides secrets."""
    path = RemotePath("https://me:secret@host/k=1/a.csv.gz?signature=secret")
    assert (path.name, path.stem, path.suffix) == ("a.csv.gz", "a.csv", ".gz")
    assert str(path) == "https://host/k=1/a.csv.gz"
    memory.pipe("/a.csv", b"x\n1\n")
    assert pickle.loads(pickle.dumps(RemotePath("memory://a.csv"))).stat().st_size == 4


def test_change_is_noticed(memory: Any, server: Files) -> None:
    """The state of a file differs after a change, by time or by the server's tag."""
    for path, write in (
        (RemotePath("memory://a.csv"), lambda data: memory.pipe("/a.csv", data)),
        (
            RemotePath(server.url("a.csv")),
            lambda data: server.contents.update({"a.csv": data}),
        ),
    ):
        write(b"x\n1\n")
        before = path.stat()
        assert path.stat().st_mtime_ns == before.st_mtime_ns
        write(b"x\n1\n2\n")
        after = path.stat()
        assert after.st_size == before.st_size + 2
        assert after.st_mtime_ns != before.st_mtime_ns


@pytest.mark.parametrize("server", [False], indirect=True)
def test_server_without_parts(server: Files) -> None:
    """A server that sends only complete files is rejected, with a remedy."""
    server.contents["a.csv"] = b"x\n1\n"
    path = RemotePath(server.url("a.csv"))
    with pytest.raises(SourceError, match="cannot send parts of it; put simplecache::"):
        path.open()
    with pytest.raises(SourceError, match="does not report its size; download it"):
        _ = path.stat().st_size
    with pytest.raises(SourceError, match="does not report when it changed"):
        _ = path.stat().st_mtime_ns
    cached = find_remote_files(f"simplecache::{server.url('a.csv')}")
    assert [path.open().read() for path in cached] == [b"x\n1\n"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "memory://nowhere.csv",
            "no file can be reached at memory://nowhere.csv; check",
        ),
        ("nix://a.csv", r"nix://a\.csv cannot be read \(Protocol not known: nix\)"),
        ("hdfs-of-mine://a.csv", "Protocol not known.*, or put simplecache:: before"),
        ("http://127.0.0.1:9/a.csv", r"reached at http://127\.0\.0\.1:9/a\.csv"),
    ],
)
def test_refused(url: str, said: str) -> None:
    """A file that cannot be read raises an error of one sentence with a remedy."""
    with pytest.raises(SourceError, match=said):
        RemotePath(url).open()


@pytest.mark.parametrize("name", ["a.arrow", "a.h5", "a.npz", "a.bin"])
def test_formats_that_need_a_path(memory: Any, name: str) -> None:
    """A file that is read only from a disk is refused by its format, not as broken."""
    memory.pipe(f"/{name}", b"x")
    with pytest.raises(SourceError, match=rf"^{re.escape(name)} is .*; download it"):
        chunked(f"memory://{name}")


def test_missing_on_a_server(server: Files) -> None:
    """A file that a server does not have is reported as missing."""
    with pytest.raises(
        SourceError, match=r"no file can be reached at .*; check its spelling"
    ):
        find_remote_files(server.url("*.csv"))
    with pytest.raises(SourceError, match=r"no file can be reached at .*a\.csv; check"):
        RemotePath(server.url("a.csv")).open()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/a.csv", True),
        ("https://host/a.csv", True),
        ("simplecache::s3://bucket/a.csv", True),
        ("data/a.csv", False),
        ("C:\\data\\a.csv", False),
        ("C://data/a.csv", False),
        ("file:///data/a.csv", False),
        (Path("a.csv"), False),
    ],
)
def test_is_url(text: Any, expected: bool) -> None:
    """URLs are distinguished from paths."""
    assert is_url(text) is expected
