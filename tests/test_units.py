"""Quantities, with the test cases that both languages share."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.units import (
    format_bytes,
    format_duration,
    parse_bytes,
    parse_duration,
    read_bytes,
)

CASES = json.loads(
    (Path(__file__).parent / "fixtures" / "format_cases.json").read_text()
)


@pytest.mark.parametrize(("n_bytes", "expected"), CASES["bytes"])
def test_format_bytes(n_bytes: int, expected: str) -> None:
    """Sizes have one decimal in the largest unit that fits."""
    assert format_bytes(n_bytes) == expected


@pytest.mark.parametrize(("duration_s", "expected"), CASES["durations"])
def test_format_duration(duration_s: float, expected: str) -> None:
    """Durations are shown in the customary units."""
    assert format_duration(duration_s) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512MB", 512_000_000),
        ("512 mb", 512_000_000),
        ("1.5GiB", 1610612736),
        ("2G", 2147483648),
        (" 10 kB ", 10_000),
        (".5k", 512),
    ],
)
def test_parse_bytes(text: str, expected: int) -> None:
    """Named decimal units are powers of 1000, the others of 1024."""
    assert parse_bytes(text) == expected


@pytest.mark.parametrize(
    ("text", "meant"), [("500", "500MB"), ("1.5", "1.5MB"), ("500000000", "500000000B")]
)
def test_a_size_without_a_unit(text: str, meant: str) -> None:
    """A number without a unit is refused, and the error suggests a size."""
    with pytest.raises(MemkitError, match=f"no unit; did you mean {meant}\\?"):
        parse_bytes(text)
    assert parse_bytes(meant) > 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("500MB", "500 MB"),
        ("512 mib", "512 MiB"),
        ("2G", "2 GiB"),
        ("64kb", "64 kB"),
        ("100b", "100 B"),
    ],
)
def test_a_size_is_shown_as_it_was_given(text: str, shown: str) -> None:
    """Decimal units stay decimal, even in another process."""
    size = parse_bytes(text)
    assert format_bytes(size) == shown
    assert format_bytes(pickle.loads(pickle.dumps(size))) == shown
    assert format_bytes(size + 0) == format_bytes(int(size))


@pytest.mark.parametrize(
    "text", ["", "MB", "1 megabyte", "-1MB", "1e9", "ten", f"{'9' * 400}GB"]
)
def test_text_that_is_not_a_size(text: str) -> None:
    """The error shows the format of a size."""
    with pytest.raises(MemkitError, match=r"is not a size; write .* 512MB or 1\.5GiB"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90.0),
        ("10min", 600.0),
        ("10 m", 600.0),
        (" 1.5H ", 5400.0),
        ("2d", 172_800.0),
    ],
)
def test_parse_duration(text: str, expected: float) -> None:
    """A duration is a number with a unit."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "min", "-1s", "1h30", "2 weeks"])
def test_text_that_is_not_a_duration(text: str) -> None:
    """The error shows the format of a duration."""
    with pytest.raises(MemkitError, match=r"is not a duration; write .* 10min or 1h"):
        parse_duration(text)


def test_a_duration_without_a_unit() -> None:
    """A number without a unit is refused with a suggestion."""
    with pytest.raises(MemkitError, match=r"'90' has no unit; did you mean 90s\?"):
        parse_duration("90")


def test_zero_has_no_unit() -> None:
    """A zero needs no unit, so that its error is not about one."""
    assert (parse_bytes("0"), parse_duration("0")) == (0, 0)
    assert str(format_bytes(parse_bytes("0"))) == "0 B"


@pytest.mark.parametrize(
    "size", [1.5e9, True, b"2GB", float("nan"), None, 0, -1, "0GB"]
)
def test_no_bytes(size: Any) -> None:
    """What is neither a whole number of bytes nor a size is refused in one sentence."""
    with pytest.raises(MemkitError, match=r"memory cannot be .* write a size above 0"):
        read_bytes("memory", size)


def test_bytes_of_other_types() -> None:
    """Integers of other libraries are taken, and a size keeps its text."""
    read = read_bytes("memory", np.int64(2_000_000_000))
    assert (read, type(read)) == (2_000_000_000, int)
    assert format_bytes(read_bytes("memory", parse_bytes("2GB"))) == "2 GB"
