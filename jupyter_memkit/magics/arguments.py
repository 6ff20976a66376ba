"""The types of the magics' arguments, and their values for completion."""

from __future__ import annotations

import argparse
import keyword
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

from IPython.core import magic_arguments
from IPython.core.error import UsageError

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.magics.words import split_list
from jupyter_memkit.units import parse_bytes, parse_duration

_Number = TypeVar("_Number", int, float)

Offer: TypeAlias = Callable[[Any], Iterable[str]]
"""Takes the object with the magic, and returns the values that completion offers."""


class argument(magic_arguments.argument):  # noqa: N801 - IPython's name
    """An argument of a magic, as in IPython, with values for completion.

    Parameters
    ----------
    *args, **options
        As for `argparse.ArgumentParser.add_argument`.
    offers : callable or iterable of str
        The values that completion offers.
    is_list : bool
        Whether the value is a list, which can have spaces beside its commas.
    """

    def __init__(
        self,
        *args: str,
        offers: Offer | Iterable[str] = (),
        is_list: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._offers = offers
        self._is_list = is_list

    def add_to_parser(self, parser: Any, group: Any) -> None:
        """Add it to the parser of the magic."""
        action = (group or parser).add_argument(*self.args, **self.kwds)
        action.offers = self._offers
        action.is_list = self._is_list
        if action.type is None:
            # A word of the line would become a key of the user's namespace.
            action.type = str


def find_offers(action: argparse.Action, magics: Any) -> list[str]:
    """Return the values that completion offers for an argument."""
    offers: Offer | Iterable[str] = getattr(action, "offers", ())
    return list(offers(magics) if callable(offers) else offers)


def as_written(text: str) -> str:
    """Return a word unchanged, with whether it was quoted."""
    return text


def variable(text: str) -> str:
    """Parse the name of a variable."""
    if text.isidentifier() and not keyword.iskeyword(text):
        return str(text)
    message = f"{text!r} is not a name; use letters, digits and _, such as result_1"
    raise argparse.ArgumentTypeError(message)


def variables(text: str) -> tuple[str, ...]:
    """Parse names of variables, as ``a,b``."""
    return tuple(map(variable, split_list(text)))


def whole_number(text: str) -> int:
    """Parse a whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        message = f"{text!r} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(message)
    return number


def fraction(text: str) -> float:
    """Parse a fraction of a whole: more than 0, and less than 1."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        message = f"{text!r} is not a fraction between 0 and 1, such as 0.1"
        raise argparse.ArgumentTypeError(message)
    return number


def size(text: str) -> int:
    """Parse a size above 0."""
    return _above_0(any_size(text), text)


def any_size(text: str) -> int:
    """Parse a size, which can be 0."""
    return _read(parse_bytes, text)


def duration(text: str) -> float:
    """Parse a duration above 0."""
    return _above_0(_read(parse_duration, text), text)


def _above_0(number: _Number, text: str) -> _Number:
    if number > 0:
        return number
    message = f"{text!r} must be more than 0"
    raise argparse.ArgumentTypeError(message)


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
        # IPython keeps the last error, whose traceback would keep the refused values
        # alive.
        traceback.clear_frames(error.__traceback__)
        raise UsageError(str(error)) from error
