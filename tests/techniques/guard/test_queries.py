"""Queries of DuckDB end at once when guarded code is stopped."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import duckdb
import pytest

from jupyter_memkit.techniques.guard.queries import interrupt_queries

# Longer than any test may take.
QUERY = "select sum(a.range * b.range) from range(10000000) a, range(10000000) b"


def interrupted_query(execute: Any) -> None:
    """Run the query; another thread interrupts what this one runs, until it ends."""
    main, has_ended = threading.get_ident(), threading.Event()

    def interrupt() -> None:
        while not has_ended.wait(0.05):
            interrupt_queries(sys._current_frames()[main])

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        execute(QUERY)
    finally:
        has_ended.set()
        thread.join()


def test_connection_of_a_variable() -> None:
    """A connection in a variable of the code is interrupted, and can be used again."""
    with duckdb.connect() as connection:
        with pytest.raises(duckdb.InterruptException):
            interrupted_query(connection.execute)
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_default_connection() -> None:
    """Without one in a variable, it is the library's."""
    with pytest.raises(duckdb.InterruptException):
        interrupted_query(duckdb.execute)
    assert duckdb.execute("select 1").fetchall() == [(1,)]


def test_closed_connection() -> None:
    """A closed connection does no harm to the others."""
    closed = duckdb.connect()
    closed.close()
    with duckdb.connect() as connection, pytest.raises(duckdb.InterruptException):
        interrupted_query(connection.execute)


def test_library_that_is_not_loaded() -> None:
    """DuckDB is not imported to be interrupted."""
    code = (
        "import sys\n"
        "from jupyter_memkit.techniques.guard.queries import interrupt_queries\n"
        "interrupt_queries(sys._getframe())\n"
        "print([name for name in sys.modules if 'duckdb' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


class Names(dict[str, Any]):
    """The variables of a class, as a metaclass of the user's gives them."""

    def values(self) -> Any:
        """Fail, because no code of the user's may run."""
        raise AssertionError


class Kind(type):
    """The metaclass."""

    @classmethod
    def __prepare__(cls, *_arguments: Any) -> Names:  # type: ignore[override]
        """Return the variables."""
        return Names()


def test_body_of_a_class() -> None:
    """Variables in a mapping of the user's are not read."""

    class Made(metaclass=Kind):
        interrupt_queries(sys._getframe())
