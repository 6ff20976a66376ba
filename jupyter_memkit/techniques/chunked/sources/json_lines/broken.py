"""Finds lines that are not JSON objects, and explains how to repair them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.lines import read_line_number

_BLANKS = b" \t\r"  # Python counts more bytes as blanks than JSON does.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_KINDS = {
    type(None): "null",
    bool: "a Boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "a list",
}
_HALF = re.compile("[\ud800-\udfff]")  # A pair is one character by now.


def find_broken(block: bytes) -> tuple[int, str] | None:
    """Return the number of the first invalid line, from 0, and the reason."""
    for number, line in enumerate(block.split(b"\n")):
        if not line.strip(_BLANKS):
            continue
        try:
            value = json.loads(line)
        except UnicodeDecodeError as error:
            return number, f"it is not UTF-8, {error.reason}"
        except ValueError as error:
            return number, str(error)
        if not isinstance(value, dict):
            return number, f"it is {_KINDS[type(value)]}, not an object"
        halved = _find_halved(value) if _SURROGATE.search(line) else None
        if halved is not None:
            said = "contains an unpaired surrogate, which is not a valid character"
            return number, f"{halved} {said}"
    return None


def _find_halved(row: dict[str, Any]) -> str | None:
    """Return the first column that has one of two surrogates without the other."""
    for name, value in row.items():
        text = json.dumps({name: value}, ensure_ascii=False)
        if not text.isascii() and _HALF.search(text):
            return ascii(name)[1:-1]
    return None


def is_whole(line: bytes) -> bool:
    """Return whether a line is a JSON object."""
    return bool(line.strip()) and find_broken(line) is None


def make_broken_error(path: Path, start: int, number: int, why: str) -> SourceError:
    """Return the error for an invalid line.

    Parameters
    ----------
    path : Path
        The file.
    start : int
        The first byte of the block.
    number : int
        The number of the line in the block, from 0.
    why : str
        What is wrong with it.
    """
    line = read_line_number(path, start) + number
    return SourceError(
        f"line {line} of {path.name} is invalid ({why}); "
        "repair it to have one JSON object per line"
    )


def make_mixed_error(path: Path, error: str) -> SourceError:
    """Return the error for a column with values of different types."""
    return SourceError(
        f"{path.name} has values of different types in a column ({error}); use "
        "--columns without it, or --backend pandas, which reads them as objects"
    )
