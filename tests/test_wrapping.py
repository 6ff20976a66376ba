"""Calls inside a context manager, for every kind of function."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator, Iterator

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.wrapping import wrap_calls

Enter = Callable[[], contextlib.AbstractContextManager[None]]


@pytest.fixture
def seen() -> list[str]:
    """The events, in order."""
    return []


@pytest.fixture
def enter(seen: list[str]) -> Enter:
    """A context manager that records when it is entered and left."""

    @contextlib.contextmanager
    def context() -> Iterator[None]:
        seen.append("in")
        try:
            yield
        finally:
            seen.append("out")

    return context


def test_function(seen: list[str], enter: Enter) -> None:
    """A call runs inside, and the name and result are unchanged."""

    def work(value: int) -> int:
        seen.append("work")
        return value

    wrapped = wrap_calls(work, enter, "mem")
    assert wrapped(42) == 42
    assert wrapped.__name__ == "work"
    assert seen == ["in", "work", "out"]


def test_function_that_raises(seen: list[str], enter: Enter) -> None:
    """The context is left if the call fails."""

    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it has no message
        wrap_calls(fail, enter, "mem")()
    assert seen == ["in", "out"]


def test_coroutine(seen: list[str], enter: Enter) -> None:
    """A coroutine is inside while it awaits."""

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append("work")

    asyncio.run(wrap_calls(work, enter, "mem")())
    assert seen == ["in", "work", "out"]


def test_generator(seen: list[str], enter: Enter) -> None:
    """A generator is inside from its first value to its end."""

    def count() -> Generator[int, None, None]:
        yield 1
        seen.append("between")
        yield 2

    assert list(wrap_calls(count, enter, "mem")()) == [1, 2]
    assert seen == ["in", "between", "out"]


def test_asynchronous_generator(enter: Enter) -> None:
    """The one kind that may never end is refused, with an alternative."""

    async def count() -> AsyncGenerator[int, None]:
        yield 1

    with pytest.raises(MemkitError, match=r"write `with mem\(\):` inside it"):
        wrap_calls(count, enter, "mem")
