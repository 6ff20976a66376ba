"""JSON lines, in frames and tables."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import json as arrow_json

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from tests.techniques.chunked.sources.compressing import compress
from tests.techniques.chunked.sources.contract import check_small, check_source

Row = dict[str, Any]


def make_row(number: int) -> Row:
    """Return an object with values of all types."""
    return {
        "id": number,
        "price": number / 2,
        "name": f'the "{number}" \u00e9\\"',
        "code": f"00{number}",
        "ok": number % 2 == 0,
        "when": "2024-05-06T07:08:09",
        "place": {"x": number, "tags": ["a"] * (number % 3)},
    }


ROWS = [make_row(number) for number in range(1_000)]


def write(path: Path, rows: list[Row]) -> Path:
    """Write a file with one object per line."""
    compress(path, "".join(json.dumps(row) + "\n" for row in rows).encode())
    return path


def write_late(path: Path, late: dict[int, Row], n_rows: int = 20_000) -> Path:
    """Write a compressed file with changed rows after its head, which is the sample."""
    rows = [{"a": number, "pad": "x" * 250} for number in range(n_rows)]
    for number, row in late.items():
        rows[number].update(row)
    return write(path, rows)


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst", ".zip"])
def test_chunks_are_the_file(tmp_path: Path, suffix: str) -> None:
    """The chunks together are the frame that pandas reads, plain or compressed."""
    path = write(tmp_path / f"a.jsonl{suffix}", ROWS)
    frame = pd.concat(list(chunked(path, rows=130)))
    expected = pd.DataFrame(ROWS)
    frame["place"] = [
        {**place, "tags": list(place["tags"])} for place in frame["place"]
    ]
    pd.testing.assert_frame_equal(frame, expected)


def test_contract(tmp_path: Path) -> None:
    """The file can be read from any place on, and in other processes."""
    rows = [{name: row[name] for name in row if name != "when"} for row in ROWS]
    check_source(write(tmp_path / "a.jsonl", rows), rows)
    check_source(write(tmp_path / "a.ndjson.gz", rows), rows)


def test_pieces_are_small(tmp_path: Path) -> None:
    """A piece for another process has the position of its lines, not the lines."""
    check_small(write(tmp_path / "a.jsonl", ROWS))


def test_empty_lines(tmp_path: Path) -> None:
    """Empty lines are not rows, even if the rows of a chunk are fixed."""
    rows = [{"a": number} for number in range(500)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n\n".join(map(json.dumps, rows)) + "\n \n\n")
    check_source(path, rows)


def test_types_of_the_libraries(tmp_path: Path) -> None:
    """The frames of each library have the types that it finds in the whole file."""
    late: dict[int, Row] = {15_000: {"a": None}, 19_000: {"b": True}}
    path = write_late(tmp_path / "a.jsonl", {0: {"b": False}, **late})
    expected = pd.read_json(path, lines=True, dtype=False)
    expected["b"] = expected["b"].where(expected["b"].notna(), float("nan"))
    frame = pd.concat(list(chunked(path, read={"sample": "all"}, backend="pandas")))
    pd.testing.assert_frame_equal(frame, expected[list(frame.columns)])
    table = pa.concat_tables(chunked(path, read={"sample": "all"}, backend="arrow"))
    assert table.equals(arrow_json.read_json(path).select(table.column_names))
    polars = pl.concat(list(chunked(path, backend="polars")))
    assert polars.equals(pl.read_ndjson(path).select(polars.columns))


def test_dates(tmp_path: Path) -> None:
    """Dates are dates in Arrow, and text in the other libraries, as they read them."""
    path = write(tmp_path / "a.jsonl", ROWS)
    (table,) = chunked(path, backend="arrow", rows=2_000)
    assert table["when"].type == pa.timestamp("s")
    (frame,) = chunked(path, backend="polars", rows=2_000)
    assert frame["when"].dtype == pl.String
    assert frame.equals(pl.read_ndjson(path))
    wanted = chunked(
        path, backend="pandas", types={"when": "datetime64[ns]"}, rows=2_000
    )
    assert next(iter(wanted))["when"].dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    ("backend", "late", "types"),
    [
        ("pandas", {"a": 0.5}, {"a": "float64"}),
        ("pandas", {"a": None}, {"a": "float64"}),
        ("arrow", {"a": 0.5}, {"a": "double"}),
        ("polars", {"a": 0.5}, {"a": "double"}),
        ("pandas", {"n": "x"}, {"n": "str"}),
        ("arrow", {"n": 1}, {"n": "int64"}),
        ("arrow", {"d": "no date"}, {"d": "string"}),
    ],
)
def test_late_types(
    tmp_path: Path, backend: str, late: Row, types: dict[str, str]
) -> None:
    """A value that does not fit raises an error with the type that does."""
    first = {"n": None, "d": "2024-05-06"}
    path = write_late(tmp_path / "a.jsonl.gz", {0: first, 15_000: late}, 16_000)
    with pytest.raises(TypeChange) as raised:
        list(chunked(path, backend=backend, rows=5_000))
    assert raised.value.types == types
    chunks = list(chunked(path, backend=backend, rows=5_000, types=types))
    kinds = {tuple(map(str, kinds_of(chunk))) for chunk in chunks}
    assert len(kinds) == 1


def kinds_of(chunk: Any) -> list[Any]:
    """Return the types of the columns of a chunk."""
    if isinstance(chunk, pa.Table):
        return list(chunk.schema.types)
    return list(chunk.dtypes)


def test_late_column(tmp_path: Path) -> None:
    """A key that appears late is rejected with two remedies, and both work."""
    path = write_late(tmp_path / "a.jsonl.gz", {15_000: {"b": 1}}, 16_000)
    with pytest.raises(SourceError) as raised:
        list(chunked(path, rows=5_000))
    assert str(raised.value) == (
        "a.jsonl.gz has b in the lines from 15001 on, but not in its sample; use "
        "--read sample=all, or --columns a,pad"
    )
    whole = pd.concat(list(chunked(path, rows=5_000, read={"sample": "all"})))
    assert whole["b"].sum() == 1
    assert whole["b"].dtype == "float64"
    chosen = pd.concat(list(chunked(path, rows=5_000, columns=["a", "pad"])))
    assert len(chosen) == 16_000


def test_late_key_of_nested_object(tmp_path: Path) -> None:
    """A nested key that appears late is rejected, and the remedy works."""
    rows = [{"o": {"x": i, "pad": "x" * 30}} for i in range(40_000)]
    rows[39_000]["o"]["y"] = 1
    path = write(tmp_path / "a.jsonl.gz", rows)
    with pytest.raises(SourceError, match="use --read sample=all"):
        list(chunked(path, rows=10_000, backend="arrow"))
    chunks = chunked(path, rows=10_000, backend="arrow", read={"sample": "all"})
    assert pa.concat_tables(chunks)["o"][39_000].as_py()["y"] == 1


def test_columns(tmp_path: Path) -> None:
    """Only the requested columns are read; without any, the rows are still counted."""
    path = write(tmp_path / "a.jsonl", ROWS)
    frame = pd.concat(list(chunked(path, rows=130, columns=["ok", "id"])))
    assert list(frame.columns) == ["ok", "id"]
    assert len(pd.concat(list(chunked(path, rows=130, columns=[])))) == len(ROWS)


def test_categories(tmp_path: Path) -> None:
    """A column becomes categories on request, in tables too."""
    rows = [{"c": random.Random(i).choice("ab")} for i in range(500)]
    path = write(tmp_path / "a.jsonl", rows)
    frames = list(chunked(path, rows=130, types={"c": "category"}))
    assert {str(frame["c"].dtype) for frame in frames} == {"category"}
    tables = chunked(path, rows=130, types={"c": "category"}, backend="arrow")
    assert all(pa.types.is_dictionary(table["c"].type) for table in tables)


def test_long_line(tmp_path: Path) -> None:
    """A line that is longer than the parts of a block is a row like any other."""
    rows = [{"a": "x" * 3_000_000}, {"a": "y"}]
    check_source(write(tmp_path / "a.jsonl", rows), rows)


def test_several_files(tmp_path: Path) -> None:
    """Files are one table of floats if one of them has floats."""
    write(tmp_path / "a.jsonl", [{"a": 1}])
    write(tmp_path / "b.jsonl", [{"a": 0.5}])
    for backend, kind in (("pandas", "float64"), ("arrow", "double")):
        chunks = list(chunked(tmp_path, backend=backend))
        assert [str(kinds_of(chunk)[0]) for chunk in chunks] == [kind]
        assert [len(chunk) for chunk in chunks] == [2]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.jsonl is empty; there is nothing to run over"),
        (b"\n \n", "a.jsonl has no rows; there is nothing to run over"),
        (
            b'{"a": 1}\n{"a": \n',
            r"line 2 of a.jsonl is invalid \(Expecting value.*; repair it",
        ),
        (
            b'{"a": 1}\n[1]\n',
            r"line 2 of a.jsonl is invalid \(it is a list, not an object\)",
        ),
        (
            b'{"a": 1}\n{"a": "\xff"}\n',
            r"line 2 of a.jsonl is invalid \(it is not UTF-8",
        ),
        (b'{"a": 1}{"a": 2}\n\n', "line 1 of a.jsonl is invalid .*one JSON object"),
        (b'{\n"a": 1\n}\n', "line 1 of a.jsonl is invalid .*one JSON object per line"),
    ],
)
def test_bad_file(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file that is not JSON lines raises an error with the line and a remedy."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        chunked(path).map(len).reduce("sum")


def test_broken_behind_the_sample(tmp_path: Path) -> None:
    """An invalid line is reported by its number when its chunk is read, not before."""
    path = write_late(tmp_path / "a.jsonl", {})
    lines = path.read_bytes().split(b"\n")
    lines[14_999] = b"{broken"
    path.write_bytes(b"\n".join(lines))
    job = chunked(path, rows=5_000).map(len)
    with pytest.raises(SourceError, match=r"line 15000 of .* is invalid "):
        job.reduce("sum")
    assert job.summary is not None
    assert job.summary.rows == 10_000


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_kinds_that_differ(tmp_path: Path, suffix: str) -> None:
    """Numbers and text in a column are objects in pandas, and the error says how."""
    rows = [{"a": i if i % 3 else f"x{i}", "b": i} for i in range(1_000)]
    early = write(tmp_path / f"early.jsonl{suffix}", rows)
    late = write_late(tmp_path / f"late.jsonl{suffix}", {15_000: {"a": "x"}}, 16_000)
    whole = pd.read_json(early, lines=True, dtype=False)
    frame = pd.concat(list(chunked(early, rows=130, backend="pandas")))
    pd.testing.assert_frame_equal(frame, whole)
    if suffix:
        with pytest.raises(TypeChange) as raised:
            list(chunked(late, rows=5_000, backend="pandas"))
        assert str(raised.value) == (
            "a of late.jsonl.gz is int64 in earlier rows and mixed in row 15,000; use "
            "--types a=mixed"
        )
    chunks = chunked(late, rows=5_000, backend="pandas", types={"a": "mixed"})
    whole = pd.read_json(late, lines=True, dtype=False)
    pd.testing.assert_frame_equal(pd.concat(list(chunks)), whole)


@pytest.mark.parametrize("backend", ["arrow", "polars"])
def test_mixed_types_in_other_libraries(tmp_path: Path, backend: str) -> None:
    """Other libraries reject such a column, and each remedy works."""
    rows = [{"a": i if i % 3 else f"x{i}", "b": i} for i in range(1_000)]
    path = write(tmp_path / "a.jsonl", rows)
    with pytest.raises(SourceError) as raised:
        list(chunked(path, backend=backend))
    assert str(raised.value) == (
        "a.jsonl has values of different types in a; use --columns b, or --backend "
        "pandas"
    )
    assert sum(map(len, chunked(path, backend=backend, columns=["b"]))) == 1_000
    late = write_late(tmp_path / "b.jsonl.gz", {15_000: {"a": "x"}}, 16_000)
    with pytest.raises(SourceError, match="values of different types in a column"):
        list(chunked(late, rows=5_000, backend=backend))
    chosen = chunked(late, rows=5_000, backend=backend, columns=["pad"])
    assert sum(map(len, chosen)) == 16_000


def test_numbers_of_64_bits(tmp_path: Path) -> None:
    """Integers of 64 bits keep all digits, even if they appear late."""
    rows = [{"a": 2**63 + i} for i in range(500)]
    early = write(tmp_path / "early.jsonl", rows)
    frame = pd.concat(list(chunked(early, rows=130)))
    assert frame["a"].dtype == "uint64"
    assert frame["a"].tolist() == [2**63 + i for i in range(500)]
    late = write_late(tmp_path / "a.jsonl.gz", {15_000: {"a": 2**63 + 1}}, 16_000)
    with pytest.raises(TypeChange, match="use --types a=uint64"):
        list(chunked(late, rows=5_000))
    frame = pd.concat(list(chunked(late, rows=5_000, types={"a": "uint64"})))
    assert int(frame["a"].max()) == 2**63 + 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sample": "some"}, "sample is 'some'; use --read sample=all"),
        ({"smaple": "all"}, "no reader option 'smaple'; did you mean sample?"),
    ],
)
def test_bad_option(tmp_path: Path, options: Row, sentence: str) -> None:
    """An invalid option is rejected, with the valid ones."""
    path = write(tmp_path / "a.jsonl", ROWS)
    with pytest.raises(SourceError, match=sentence):
        list(chunked(path, read=options))


def test_scan_of_a_large_file(tmp_path: Path) -> None:
    """The columns and types of a scan can hold the values of all parts."""
    pad = "x" * 200
    rows: list[Row] = [
        {"a": i, "d": "2024-05-06", "o": {"x": i}, "pad": pad} for i in range(100_000)
    ]
    rows[50_000]["gone"] = True
    rows[99_000].update({"a": 0.5, "d": "no date", "o": {"y": "z"}, "late": 1})
    path = write(tmp_path / "a.jsonl", rows)
    for backend, kinds in (
        ("arrow", ["double", "string", "string", "bool", "int64"]),
        ("pandas", ["float64", "str", "str", "object", "float64"]),
    ):
        chunks = chunked(path, rows=40_000, backend=backend, read={"sample": "all"})
        for chunk in chunks.map(lambda chunk: chunk):
            types = dict(zip(names_of(chunk), map(str, kinds_of(chunk)), strict=True))
            del types["o"]
            if backend == "pandas":
                types["d"] = types["pad"] = "str"  # pandas 2 calls it object.
            assert types == dict(
                zip(["a", "d", "pad", "gone", "late"], kinds, strict=True)
            )


def names_of(chunk: Any) -> list[str]:
    """Return the names of the columns of a chunk."""
    return list(chunk.column_names if isinstance(chunk, pa.Table) else chunk.columns)


def test_mixed_in_parts_of_a_large_file(tmp_path: Path) -> None:
    """A scan detects a column with numbers in one part and text in another."""
    rows: list[Row] = [{"a": i, "pad": "x" * 200} for i in range(100_000)]
    for row in rows[90_000:]:
        row["a"] = "x"
    path = write(tmp_path / "a.jsonl.gz", rows)
    frame = pd.concat(list(chunked(path, read={"sample": "all"}, backend="pandas")))
    assert frame["a"].map(type).value_counts().to_dict() == {int: 90_000, str: 10_000}


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("sample", ["head", "all"])
@pytest.mark.parametrize(
    "values",
    [[1, 2], [2**63, 1], ["x", 1], [{"c": 1}, 2], [None, {"c": 1}]],
    ids=str,
)
def test_byte_order_mark(
    tmp_path: Path, suffix: str, sample: str, values: list[Any]
) -> None:
    """A byte-order mark is skipped, also where Python has to parse the lines."""
    path = tmp_path / f"a.jsonl{suffix}"
    lines = "".join(json.dumps({"a": value}) + "\n" for value in values)
    compress(path, lines.encode("utf-8-sig"))
    frame = pd.concat(list(chunked(path, backend="pandas", read={"sample": sample})))
    expected = pd.DataFrame({"a": values})
    assert frame.a.dropna().tolist() == expected.a.dropna().tolist()


@pytest.mark.parametrize("content", [b"{", b"\n", b"\xef\xbb\xbf", b"{}", b"1"])
def test_short_file(tmp_path: Path, content: bytes) -> None:
    """A file that is shorter than a byte-order mark is explained, read at once too."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a.jsonl (is|has)"):
        list(chunked(path, read={"sample": "all"}))
