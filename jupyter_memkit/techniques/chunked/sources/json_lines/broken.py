"""Finds the lines that are no JSON objects, and says what to do."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.lines import read_line_number


def find_broken(block: bytes) -> tuple[int, str] | None:
    """Return the number of the first line, from 0, that is no JSON object, and why."""
    for number, line in enumerate(block.split(b"\n")):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except UnicodeDecodeError as error:
            return number, f"it is not UTF-8, {error.reason}"
        except ValueError as error:
            return number, str(error)
        if not isinstance(value, dict):
            return number, f"it is a {type(value).__name__}, not an object"
    return None


def is_whole(line: bytes) -> bool:
    """Tell whether a line is a JSON object."""
    return bool(line.strip()) and find_broken(line) is None


def make_broken_error(path: Path, start: int, number: int, why: str) -> SourceError:
    """Return what says which line is broken, counted from a block's first, and why."""
    line = read_line_number(path, start) + number
    return SourceError(
        f"{path.name} is broken in line {line} ({why}); "
        "repair it to have one JSON object a line"
    )


def make_mixed_error(path: Path, error: str) -> SourceError:
    """Return what says that a column has values of different kinds."""
    return SourceError(
        f"{path.name} has values of different kinds in a column ({error}); give "
        "--columns without it, or --backend pandas, which has objects then"
    )
