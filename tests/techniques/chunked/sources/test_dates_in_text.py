"""Dates in CSV files are those that pandas reads in the whole file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange

# More rows than the sample has.
N = 13_000
LATE = 12_500
DAYS: list[Any] = list(pd.date_range("2024-01-01", periods=N, freq="h"))


def write(path: Path, text: Callable[[int], str]) -> Path:
    """Write a table with a column of dates."""
    lines = (f"{text(i)},{i % 7},{i}\n" for i in range(N))
    path.write_text("d,k,v\n" + "".join(lines))
    return path


def read(path: Path, options: dict[str, Any], **settings: Any) -> pd.DataFrame:
    """Return the chunks of a file together; the remedy of an error is followed."""
    settings = {"rows": 3_000, "backend": "pandas", "read": options, **settings}
    try:
        chunks = list(chunked(path, **settings))
    except TypeChange as change:
        chunks = list(chunked(path, types=change.types, **settings))
    whole: pd.DataFrame = pd.concat(chunks)
    return whole


@pytest.mark.filterwarnings("ignore:Could not infer format")
@pytest.mark.parametrize(
    ("text", "options"),
    [
        # The first value decides that the month comes first, also where chunks begin.
        (lambda i: f"{i % 12 + 1 if i < 9_000 else i % 28 + 1:02}/05/2024", {}),
        (lambda i: f"01/{i % 28 + 1:02}/2024", {}),
        (lambda i: f"{i % 28 + 1:02}/01/2024", {"dayfirst": True}),
        (lambda i: f"{DAYS[i]:%Y%m%d}", {}),
        (lambda i: f"{DAYS[i]:%b %Y}", {}),
        (lambda i: f"{DAYS[i]:%d.%m.%y}", {"date_format": {"d": "%d.%m.%y"}}),
        (lambda i: str(DAYS[i] if i % 2 else DAYS[i].date()), {"date_format": "mixed"}),
        (lambda i: f"{DAYS[i]}+02:00", {}),
        (lambda i: f"{DAYS[i]}+0{1 + (i > LATE)}:00", {}),
        (lambda i: f"{DAYS[i]}Z" if i >= 3_000 else "", {}),
        (lambda i: str(DAYS[i]) if i >= LATE else "", {}),
        (lambda i: "" if 3_000 <= i < 6_000 else str(DAYS[i]), {}),
        (lambda _: "", {}),
        # Numbers that are no dates stay text.
        (lambda i: f"{i}.5", {}),
        (lambda i: "0" if i == 5 else f"{DAYS[i]:%Y%m%d}", {}),
        (lambda i: "none" if i == LATE else str(DAYS[i]), {}),
        (lambda i: "none" if i == 5 else str(DAYS[i]), {}),
        (lambda i: "none" if i == LATE else str(DAYS[i]), {"na_values": ["none"]}),
        (lambda i: str(DAYS[i].date() if i < LATE else DAYS[i]), {}),
        (lambda i: f"{DAYS[i]}.5{'0' * 8 * (i == LATE)}", {"date_format": "ISO8601"}),
        (lambda i: str(DAYS[i]), {"dtype_backend": "pyarrow"}),
        (lambda i: str(DAYS[i]), {"engine": "python"}),
    ],
)
def test_column(tmp_path: Path, text: Callable[[int], str], options: Any) -> None:
    """The chunks of a column of dates are those of the whole file, or its text."""
    options = {"parse_dates": ["d"], **options}
    path = write(tmp_path / "a.csv", text)
    pd.testing.assert_frame_equal(read(path, options), pd.read_csv(path, **options))
    one = read(path, options, columns=["v"])
    pd.testing.assert_frame_equal(one, pd.read_csv(path, **options)[["v"]])


@pytest.mark.parametrize(
    "options",
    [
        {"parse_dates": True, "index_col": "d"},
        {"parse_dates": ["d"], "index_col": ["d", "k"], "dayfirst": True},
        {"parse_dates": ["d"], "index_col": ["k", "d"]},
    ],
    ids=str,
)
def test_index(tmp_path: Path, options: dict[str, Any]) -> None:
    """Levels of an index have the dates of the whole file, or the run ends."""
    months = write(tmp_path / "a.csv", lambda i: f"{i % 12 + 1:02}/05/2024")
    pd.testing.assert_frame_equal(read(months, options), pd.read_csv(months, **options))
    path = write(
        tmp_path / "b.csv", lambda i: f"{i % 12 + 1 if i < LATE else 13:02}/05/2024"
    )
    if options.get("dayfirst"):
        pd.testing.assert_frame_equal(read(path, options), pd.read_csv(path, **options))
        return
    with pytest.raises(SourceError, match="leave out --read index_col"):
        read(path, options)


def test_columns_with_one_name(tmp_path: Path) -> None:
    """Of columns with one name, one may have dates and the other text."""
    path = tmp_path / "a.csv"
    path.write_text("d,d\n" + "2024-01-02,2024-01-03\n" * 90)
    options: dict[str, Any] = {"parse_dates": ["d.1"]}
    found = read(path, options, rows=20)
    pd.testing.assert_frame_equal(found, pd.read_csv(path, **options))
