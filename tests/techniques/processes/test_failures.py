"""Exceptions of a child keep their type, text, lines and causes."""

from __future__ import annotations

import builtins
import inspect
import sys
import traceback
from functools import partial
from typing import Any

import pytest

from jupyter_memkit.techniques.processes.calling import Call
from jupyter_memkit.techniques.processes.failures import dump_failure, load_failure
from jupyter_memkit.techniques.processes.process import ChildProcess

pytestmark = pytest.mark.traced_children


def fail_in(process: ChildProcess, function: Any) -> BaseException:
    """Return what a function raises in a child."""
    error = Call(process).run(function).error
    assert error is not None
    return error


def test_traceback(shared: ChildProcess) -> None:
    """The traceback has exactly the function's own frames, at their lines."""

    def inner(x: int) -> float:
        return 1 + (1 / x)

    def outer() -> float:
        return inner(0)

    error = fail_in(shared, outer)
    frames = traceback.extract_tb(error.__traceback__)
    assert [frame.name for frame in frames] == ["outer", "inner"]
    assert [frame.line for frame in frames] == ["return inner(0)", "return 1 + (1 / x)"]
    start = inspect.getsourcelines(inner)[1]
    assert [frame.lineno for frame in frames] == [start + 4, start + 1]
    assert {frame.filename for frame in frames} == {__file__}


def test_carets(shared: ChildProcess) -> None:
    """The part of a line that failed is marked as Python marks it."""

    def work() -> float:
        return 1 + {"a": 1}["b"]

    def here() -> list[str]:
        try:
            work()
        except KeyError as error:
            return traceback.format_tb(error.__traceback__)[-1:]
        return []

    assert traceback.format_tb(fail_in(shared, work).__traceback__) == here()


def test_cause_and_context(shared: ChildProcess) -> None:
    """The cause and context of an exception are sent with it."""

    def work() -> None:
        try:
            try:
                [].pop()
            except IndexError as error:
                message = "first"
                raise KeyError(message) from error
        except KeyError:
            raise ValueError("second")  # noqa: B904, EM101 - the case

    error = fail_in(shared, work)
    assert isinstance(error, ValueError)
    assert isinstance(error.__context__, KeyError)
    assert isinstance(error.__context__.__cause__, IndexError)
    assert error.__context__.__suppress_context__
    text = "".join(traceback.format_exception(error))
    assert "[].pop()" in text
    assert "direct cause" in text


def test_class_of_the_notebook(shared: ChildProcess) -> None:
    """An exception of a class defined in the test can be caught by that class."""

    class Mine(Exception):  # noqa: N818 - as above
        pass

    def work() -> None:
        raise Mine(5)

    with pytest.raises(Mine):
        raise fail_in(shared, work)


def test_class_with_arguments_of_its_own(shared: ChildProcess) -> None:
    """An exception whose class pickle cannot call is complete."""

    class Odd(Exception):  # noqa: N818 - odd
        def __init__(self, number: int, text: str) -> None:
            super().__init__(f"{text} {number}")
            self.number = number

    def work() -> None:
        raise Odd(5, "odd")

    error = fail_in(shared, work)
    assert isinstance(error, Odd)
    assert (str(error), error.number) == ("odd 5", 5)


class Coded(Exception):  # noqa: N818 - odd
    """Passes on another text than it gets."""

    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


class UnreadableError(OSError):
    """Has its own arguments, and the attributes of its base."""

    def __init__(self, path: str) -> None:
        super().__init__(2, "unreadable", path)


class NeedingError(ImportError):
    """Has an argument that must be named."""

    def __init__(self, *, module: str) -> None:
        super().__init__(f"needs {module}", name=module)


class Sent(Exception):  # noqa: N818 - odd
    """Says how it is pickled."""

    def __init__(self, text: str, *, size: int) -> None:
        super().__init__(text, size)

    def __reduce__(self) -> Any:
        return partial(Sent, size=self.args[1]), ("sent",)


@pytest.mark.parametrize(
    "error",
    [
        Coded(5),
        UnreadableError("a.csv"),
        NeedingError(module="a"),
        Sent("sent", size=3),
        SystemExit(3),
        UnicodeDecodeError("utf-8", b"a", 0, 1, "bad"),
        FileNotFoundError(2, "none", "a.csv", None, "b.csv"),
        StopIteration(4),
        SyntaxError("bad", ("a.py", 1, 2, "x", 1, 3)),
    ],
)
def test_attributes(error: BaseException) -> None:
    """An exception keeps its text, arguments and attributes, whatever its class."""
    names = {
        *("args", "code", "end", "errno", "filename", "filename2", "name", "object"),
        *("lineno", "text", "value"),
    }
    loaded = load_failure(dump_failure(error))
    assert type(loaded) is type(error)
    assert str(loaded) == str(error)
    assert {name: getattr(loaded, name, None) for name in names} == {
        name: getattr(error, name, None) for name in names
    }


def test_exception_that_cannot_be_sent(shared: ChildProcess) -> None:
    """The message of an exception that cannot be pickled is preserved."""

    def work() -> None:
        raise ValueError("it holds", (each for each in "ab"))  # noqa: TRY003, EM101

    error = fail_in(shared, work)
    assert isinstance(error, RuntimeError)
    assert str(error).startswith("ValueError: ('it holds', <generator")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="it has no groups")
def test_group(shared: ChildProcess) -> None:
    """Each exception of a group keeps its type, lines and cause; the group its own."""
    group: Any = vars(builtins)["ExceptionGroup"]

    class Odd(Exception):  # noqa: N818 - odd
        def __init__(self, number: int, text: str) -> None:
            super().__init__(f"{text} {number}")

    class Mine(group):  # type: ignore[misc] # Python 3.10 has none
        def __new__(cls, parts: list[Exception]) -> Any:
            return super().__new__(cls, "mine", parts)

        def __init__(self, _parts: list[Exception]) -> None:
            self.rate = 3

    def part() -> None:
        raise Odd(5, "odd") from KeyError("b")

    def work() -> None:
        try:
            part()
        except Odd as error:
            raise Mine([error, group("inner", [error])]) from None

    error: Any = fail_in(shared, work)
    assert isinstance(error, Mine)
    assert (error.message, error.rate) == ("mine", 3)
    first, inner = error.exceptions
    assert isinstance(inner, group)
    for each in (first, inner.exceptions[0]):
        assert isinstance(each, Odd)
        assert isinstance(each.__cause__, KeyError)
        frames = traceback.extract_tb(each.__traceback__)
        assert [frame.name for frame in frames] == ["work", "part"]


def test_notes(shared: ChildProcess) -> None:
    """The notes of an exception are sent with it."""

    def work() -> None:
        error = ValueError("a")
        error.__notes__ = ["a note"]
        raise error

    assert fail_in(shared, work).__notes__ == ["a note"]


def test_deep_recursion(shared: ChildProcess) -> None:
    """An endless recursion is reported like other errors, with its last frames."""

    def work() -> None:
        work()

    error = fail_in(shared, work)
    assert isinstance(error, RecursionError)
    assert len(traceback.extract_tb(error.__traceback__)) <= 200


def test_own_context(shared: ChildProcess) -> None:
    """A cycle of contexts ends."""

    def work() -> None:
        first, second = ValueError("first"), KeyError("second")
        first.__context__, second.__context__ = second, first
        raise first

    error = fail_in(shared, work)
    assert isinstance(error.__context__, KeyError)
