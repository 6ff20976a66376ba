"""What several magics do with what the user wrote."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.error import UsageError

from jupyter_memkit.errors import MemkitError


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


@contextmanager
def refusing() -> Iterator[None]:
    """Show the user's mistakes as one sentence, without a traceback."""
    try:
        yield
    except MemkitError as error:
        raise UsageError(str(error)) from error
