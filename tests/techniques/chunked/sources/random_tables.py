"""Makes random CSV files, as found in the wild, from seeds."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# The number of random files, and the first seed.
COUNT = int(os.environ.get("MEMKIT_RANDOM_TABLES", "100"))
FIRST = int(os.environ.get("MEMKIT_RANDOM_SEED", "0"))

MISSING = ("", "", "NA", "NaN", "null", "#N/A", "None", "n/a", "<NA>", "-nan")
# Values that resemble another type, for one of the libraries or a person.
ODD = (
    *("NAN", "Nan", "nan(1)", "inf", "-Infinity", "1e400", "0x10", "0XfF", "1_000"),
    *("+5", " 7", "7 ", "1.", ".5", "1e5", "1d5", "1,5", "1 000", "-0", "00", "- 1"),
    *("t", "T", "yes", "Yes", "0", "1", "true", "FALSE", " True", "True "),
    *("2024-01-02", "2024-01-02 03:04:05", "03:04:05", "\x00", "a\x00b", "\x1a", " "),
    *("9223372036854775807", "9223372036854775808", "18446744073709551615"),
    *("18446744073709551616", "-9223372036854775809", "1e19", "\x0b1", "\u00a01"),
    *("caf\u00e9", "\u65e5\u672c", "\U0001f600", "''", "\\", "\\n", 'a\\"b', "#1"),
)
WORDS = ("red", "green", "a b", "x", "007", "12", "1.50", "True", "caf\u00e9")


def _int(rng: random.Random) -> str:
    return str(rng.randrange(-50, 1_000))


KINDS: tuple[Callable[[random.Random], str], ...] = (
    _int,
    _int,
    lambda rng: str(880_000_000_000_000_000 + rng.randrange(10**9)),
    lambda rng: f"{rng.uniform(-5, 5):.{rng.randrange(1, 17)}f}",
    lambda rng: rng.choice(("True", "False")),
    lambda rng: rng.choice(("true", "FALSE", "True")),
    lambda rng: rng.choice(("0", "1")),
    lambda rng: rng.choice(WORDS),
    lambda rng: f"{rng.randrange(100_000):05d}",
    lambda rng: str(2**63 + rng.randrange(10**6)),
    lambda rng: rng.choice(MISSING),
    lambda rng: f"2024-01-{rng.randrange(1, 29):02d}",
    lambda rng: "".join(rng.choice("ab ,;\"\n\r\t'") for _ in range(rng.randrange(9))),
    lambda rng: rng.choice(ODD),
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A file.

    Attributes
    ----------
    content : bytes
        Its content.
    suffix : str
        The extension of its name.
    options : dict
        The options to read it.
    """

    content: bytes
    suffix: str = ".csv"
    options: dict[str, Any] = field(default_factory=dict)


def make_table(seed: int, *, is_large: bool = False) -> Table:
    """Return the file of a seed; a large one is wide, or has cells of several MB."""
    rng = random.Random(seed)
    suffix = rng.choice((".csv", ".csv", ".csv", ".tsv"))
    separator = "\t" if suffix == ".tsv" else ","
    options: dict[str, Any] = {}
    if rng.random() < 0.1:
        separator = options["sep"] = rng.choice((";", "|", ","))
    ends = rng.choice((["\n"], ["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]))
    n_columns = rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 8))
    n_rows = rng.choice((0, 1, 2, 5, 20, 20, 40, 80))
    is_wide = is_large and rng.random() < 0.5
    if is_wide:
        n_columns, n_rows = rng.choice((200, 1_000, 5_000)), rng.choice((2, 5, 20))
    tidiness = rng.choice((0.0, 0.0, 0.005, 0.05))
    columns = [_make_column(rng, n_rows) for _ in range(n_columns)]
    names = [_make_name(rng, number) for number in range(n_columns)]
    if is_large and not is_wide and n_rows:
        size = rng.choice((100_000, 1_000_000, 3_000_000))
        piece = rng.choice(("x", "x\n", 'a"', ",;", "caf\u00e9\r\n"))
        columns[-1][rng.randrange(n_rows)] = piece * (size // len(piece))
    quoting = rng.choice((_quote_little, _quote_little, _quote_often, _quote_wildly))
    lines = [separator.join(quoting(rng, name, separator) for name in names)]
    for row in zip(*columns, strict=True):
        cells = [quoting(rng, value, separator) for value in row]
        if rng.random() < tidiness:
            cells = rng.choice((cells[:-1], [*cells, "9"], [*cells, ""], [], [" "]))
        lines.append(separator.join(cells))
    if rng.random() < 0.05:
        lines = [*rng.choice(([""], [" "], ["", " ", ""])), *lines]
    if rng.random() < 0.03:
        lines = [line + separator for line in lines]
    text = "".join(line + rng.choice(ends) for line in lines)
    # After a blank line and a lone CR, pandas loses the separator that begins a line.
    text = re.sub(rf"(^|\r)(?: ?\r)+(?={re.escape(separator)})", r"\1", text)
    if rng.random() < 0.3:
        text = text.rstrip("\r\n")
    encoding = "utf-8"
    if rng.random() < 0.04:
        encoding = rng.choice(("latin-1", "utf-16"))
    mark = b"\xef\xbb\xbf" if encoding == "utf-8" and rng.random() < 0.1 else b""
    content = mark + text.encode(encoding, "replace")
    return Table(content=content, suffix=suffix, options=options)


def _make_name(rng: random.Random, number: int) -> str:
    if rng.random() < 0.9:
        return f"c{number}"
    return rng.choice(("c0", "", "a b", "a,b", 'a"b', "a\nb", "max", "caf\u00e9", "1"))


def _make_column(rng: random.Random, n_rows: int) -> list[str]:
    """Return values of one type, some missing, and of another type from some row on."""
    kind, late = rng.choice(KINDS), rng.choice(KINDS)
    change = rng.randrange(n_rows + 1) if rng.random() < 0.3 else n_rows
    # A single value, or all from there on.
    is_single = rng.random() < 0.5
    missing = rng.choice((0.0, 0.0, 0.02, 0.3))
    values = []
    for row in range(n_rows):
        is_late = row == change if is_single else row >= change
        value = (late if is_late else kind)(rng)
        values.append(rng.choice(MISSING) if rng.random() < missing else value)
    return values


def _quote_little(rng: random.Random, value: str, separator: str) -> str:
    """Quote only values that need quotes."""
    del rng
    if any(letter in value for letter in (separator, '"', "\n", "\r")):
        return '"' + value.replace('"', '""') + '"'
    return value


def _quote_often(rng: random.Random, value: str, separator: str) -> str:
    """Quote also values that need no quotes."""
    if rng.random() < 0.5:
        return '"' + value.replace('"', '""') + '"'
    return _quote_little(rng, value, separator)


def _quote_wildly(rng: random.Random, value: str, separator: str) -> str:
    """Put quotes also where they are ordinary characters."""
    quoted = _quote_often(rng, value, separator)
    if rng.random() < 0.9 or separator in value or "\n" in value or "\r" in value:
        return quoted
    return rng.choice(
        (f'{value}"', f"x{quoted}", f"{quoted}y", f'5" {value}', '""', ' ""')
    )
