"""Reads groups of errors, such as those of tasks; none of their own code runs."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

# Python 3.10 has none.
_Group: Any = getattr(builtins, "BaseExceptionGroup", None)


def read_parts(error: BaseException) -> tuple[BaseException, ...]:
    """Return the errors in a group; empty for any other error."""
    if _Group is None or not issubclass(type(error), _Group):
        return ()
    parts: tuple[BaseException, ...] = vars(_Group)["exceptions"].__get__(error)
    return parts


def walk_group(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and, if it is a group, the errors in it."""
    yield error
    for each in read_parts(error):
        yield from walk_group(each)


def make_group(
    kind: type[BaseException],
    message: str,
    state: dict[str, Any],
    parts: list[BaseException],
) -> BaseException:
    """Create a group of a type that may have its own parameters."""
    error: BaseException = _Group.__new__(kind, message, parts)
    vars(error).update(state)
    return error
