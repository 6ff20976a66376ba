"""What several magics do with what the user wrote."""

from __future__ import annotations

import argparse
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from IPython.core.error import UsageError

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.units import parse_bytes, parse_duration

_Number = TypeVar("_Number", int, float)


def whole_number(text: str) -> int:
    """Read an argument that counts something, from 1 on."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        message = f"{text!r} is no whole number of at least 1"
        raise argparse.ArgumentTypeError(message)
    return number


def size(text: str) -> int:
    """Read an argument that is a size."""
    return _read(parse_bytes, text)


def duration(text: str) -> float:
    """Read an argument that is a duration."""
    return _read(parse_duration, text)


def _read(parse: Callable[[str], _Number], text: str) -> _Number:
    try:
        return parse(text)
    except MemkitError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


@contextmanager
def refusing() -> Iterator[None]:
    """Show the user's mistakes as one sentence, without a traceback."""
    try:
        yield
    except MemkitError as error:
        # IPython keeps the last error, which would keep the values that were refused.
        traceback.clear_frames(error.__traceback__)
        raise UsageError(str(error)) from error
