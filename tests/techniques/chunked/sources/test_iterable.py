"""Iterables and iterators in lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source


def count_to(number: int) -> Iterator[int]:
    """Count in a generator, which can be read once."""
    yield from range(number)


def test_lists_of_items() -> None:
    """The chunks are lists of the requested number of items, in order."""
    assert list(chunked(count_to(5), rows=2)) == [[0, 1], [2, 3], [4]]


def test_list_read_twice() -> None:
    """A list is read from its start each time."""
    chunks = chunked([1, 2, 3], rows=2)
    assert (list(chunks), list(chunks)) == ([[1, 2], [3]], [[1, 2], [3]])


def test_iterator_read_twice() -> None:
    """An exhausted iterator raises an error: it can be read only once."""
    chunks = chunked(count_to(3))
    assert list(chunks) == [[0, 1, 2]]
    with pytest.raises(SourceError, match="the generator yields no items: an iterator"):
        list(chunks)


def test_empty_list() -> None:
    """An empty list has no chunks, and nothing to reduce."""
    assert list(chunked([])) == []
    with pytest.raises(SourceError, match="the list has no rows"):
        chunked([]).map(sum).reduce("sum")


def test_nothing_is_read_ahead() -> None:
    """Only the items of the chunks so far are taken from an iterator."""
    items = count_to(10)
    next(iter(chunked(items, rows=3)))
    assert next(items) == 3


def test_total_rows() -> None:
    """The number of items is known if the iterable has a length."""
    totals = [open_source(source).total_rows for source in ([1, 2], count_to(3))]
    assert totals == [2, None]


@pytest.mark.parametrize("error", [TypeError, NotImplementedError])
def test_length_that_an_object_lacks(error: type[Exception]) -> None:
    """An object may have no length although its class has one, as a DataLoader may."""

    class Loader:
        def __iter__(self) -> Iterator[int]:
            return count_to(3)

        def __len__(self) -> int:
            raise error

    chunks = chunked(Loader(), rows=2)
    assert (list(chunks), list(chunks)) == ([[0, 1], [2]], [[0, 1], [2]])
    assert open_source(Loader()).total_rows is None


def test_failing_generator() -> None:
    """The exception of a generator is the user's own, and the result so far is kept."""

    def failing() -> Iterator[int]:
        yield from range(4)
        message = "the sensor is off"
        raise ValueError(message)

    job = chunked(failing(), rows=2).map(sum)
    with pytest.raises(ValueError, match="the sensor is off"):
        job.reduce("sum")
    assert job.summary is not None
    assert (job.summary.value, str(job.position)) == (6, "reading chunk 3 (from row 4)")
