"""The Python API: functions in processes of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

import jupyter_memkit as memkit
from jupyter_memkit.errors import IsolatedError, MemkitError


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No process stays."""
    before = psutil.Process().children(recursive=True)
    yield
    assert set(psutil.Process().children(recursive=True)) <= set(before)


def test_decorator() -> None:
    """Each call has a process of its own, and takes arguments of all kinds."""

    @memkit.isolated
    def work(a: int, *, b: int = 1) -> tuple[int, int]:
        """Say where it runs."""
        return os.getpid(), a + b

    (first, three), (second, two) = work(1, b=2), work(1)
    assert (three, two) == (3, 2)
    assert len({first, second, os.getpid()}) == 3
    assert work.__doc__ == "Say where it runs."


def test_block() -> None:
    """The calls in a block share a process, which ends with it."""
    with memkit.isolated() as process:
        first, second = process(os.getpid)(), process(os.getpid)()
        assert first == second != os.getpid()
    assert not psutil.pid_exists(first)
    assert process(os.getpid)() != first


def test_results() -> None:
    """Each call that ends well leaves its account."""
    process = memkit.isolated(memory="1GiB")
    wrong: Any = 5
    with pytest.raises(MemkitError, match="nothing has run yet"):
        process.result  # noqa: B018 - it raises
    assert process(len)(b"x" * 2_000_000) == 2_000_000
    with pytest.raises(TypeError):
        process(len)(wrong)
    (result,) = process.results
    assert result is process.result
    assert result.sent_bytes > 2_000_000 > result.received_bytes > 0
    assert result.peak_bytes > 2_000_000
    assert result.duration_s > result.work_s


def test_recursion() -> None:
    """An isolated function that calls itself stays in its process."""

    @memkit.isolated
    def count(n: int) -> list[int]:
        return [os.getpid()] + (count(n - 1) if n else [])

    assert len(set(count(3))) == 1


def test_error_leaves_no_process() -> None:
    """An error is raised here, and its process has ended."""
    with pytest.raises(ZeroDivisionError):
        memkit.isolated(lambda: 1 / 0)()


def test_not_sendable() -> None:
    """What cannot be sent is told with the remedy."""
    with pytest.raises(IsolatedError, match=r"cannot be sent .*make in the function"):
        memkit.isolated(id)(generate())


def generate() -> Iterator[int]:
    """Yield a number."""
    yield 1


async def wait() -> int:
    """Return a number."""
    return 1


@pytest.mark.parametrize(
    ("function", "remedy"), [(generate, "a list instead"), (wait, "a plain function")]
)
def test_refused_functions(function: Any, remedy: str) -> None:
    """What stays in its process is refused when it is decorated."""
    with pytest.raises(MemkitError, match=remedy):
        memkit.isolated(function)


def test_refused_options() -> None:
    """A size that is none is refused, and a block in itself."""
    with pytest.raises(MemkitError, match="not a size"):
        memkit.isolated(memory="much")
    with pytest.raises(MemkitError, match="at least a byte"):
        memkit.isolated(memory=0)
    with (
        memkit.isolated() as process,
        pytest.raises(MemkitError, match="make another"),
        process,
    ):
        pass
