"""The Python API: functions in separate processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

import jupyter_memkit as memkit
from jupyter_memkit.errors import IsolatedError, MemkitError

pytestmark = pytest.mark.traced_children


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Check that no process is left."""
    before = psutil.Process().children(recursive=True)
    yield
    assert set(psutil.Process().children(recursive=True)) <= set(before)


def test_decorator() -> None:
    """Each call starts a process, and takes positional and keyword arguments."""

    @memkit.isolated
    def work(a: int, *, b: int = 1) -> tuple[int, int]:
        """Return where it runs."""
        return os.getpid(), a + b

    (first, three), (second, two) = work(1, b=2), work(1)
    assert (three, two) == (3, 2)
    assert len({first, second, os.getpid()}) == 3
    assert work.__doc__ == "Return where it runs."


def test_block() -> None:
    """The calls in a block share a process, which ends with it."""
    with memkit.isolated() as process:
        first, second = process(os.getpid)(), process(os.getpid)()
        assert first == second != os.getpid()
    assert not psutil.pid_exists(first)
    assert process(os.getpid)() != first


def test_results() -> None:
    """Each successful call adds a result."""
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
    """An isolated function that calls itself stays in the same process."""

    @memkit.isolated
    def count(n: int) -> list[int]:
        return [os.getpid()] + (count(n - 1) if n else [])

    assert len(set(count(3))) == 1


def test_error_leaves_no_process() -> None:
    """An error is raised here, and the process has ended."""
    with pytest.raises(ZeroDivisionError):
        memkit.isolated(lambda: 1 / 0)()


def test_not_sendable() -> None:
    """A call that cannot be sent is refused with the remedy."""
    with pytest.raises(IsolatedError, match=r"cannot be sent .*needs in the function"):
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
    """Generator and coroutine functions are refused when they are decorated."""
    with pytest.raises(MemkitError, match=remedy):
        memkit.isolated(function)


def test_endless_limit() -> None:
    """A limit that is larger than the system can set limits nothing."""
    assert memkit.isolated(memory="99999999TB")(len)("abc") == 3


def test_refused_options() -> None:
    """Invalid sizes are refused, and so is entering a block twice."""
    with pytest.raises(MemkitError, match="not a size"):
        memkit.isolated(memory="much")
    with pytest.raises(MemkitError, match="cannot be 0; write a size"):
        memkit.isolated(memory=0)
    with (
        memkit.isolated() as process,
        pytest.raises(MemkitError, match="create another"),
        process,
    ):
        pass
