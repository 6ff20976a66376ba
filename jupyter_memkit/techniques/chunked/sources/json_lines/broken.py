"""Finds lines that are not JSON objects, and explains how to repair them."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.lines import read_line_number


def find_broken(block: bytes) -> tuple[int, str] | None:
    """Return the number of the first invalid line, from 0, and the reason."""
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
