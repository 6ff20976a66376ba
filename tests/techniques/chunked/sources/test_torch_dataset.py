"""Datasets of torch, by number and by iteration."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.chunked.sources.torch_dataset import (
    is_torch_dataset,
    open_torch_dataset,
)
from tests.techniques.chunked.sources.engine import chunks_of, load_from, load_one


@pytest.fixture(params=["shape", pytest.param("torch", marks=pytest.mark.ml)])
def data(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Torch's module, or if it is not installed a module with the same classes."""
    if request.param == "torch":
        return importlib.import_module("torch.utils.data")
    module = ModuleType("torch.utils.data")

    class Dataset:
        pass

    class IterableDataset(Dataset):
        pass

    module.__dict__.update(Dataset=Dataset, IterableDataset=IterableDataset)
    monkeypatch.setitem(sys.modules, "torch.utils.data", module)
    return module


def make_squares(data: Any) -> Any:
    """Make a dataset of ten squares that records which were requested."""

    class Squares(data.Dataset):  # type: ignore[misc] # its base is not known
        def __init__(self) -> None:
            self.asked: list[int] = []

        def __len__(self) -> int:
            return 10

        def __getitem__(self, number: int) -> int:
            self.asked.append(number)
            return number**2

    return Squares()


def test_items_by_number(data: Any) -> None:
    """The chunks are lists of items, each of which is requested once, when needed."""
    squares = make_squares(data)
    source = open_torch_dataset(squares)
    chunks = iter(chunks_of(source, rows=4))
    assert next(chunks) == [0, 1, 4, 9]
    assert squares.asked == [0, 1, 2, 3]
    assert list(chunks) == [[16, 25, 36, 49], [64, 81]]
    assert (source.name, source.total_rows) == ("the Squares", 10)


def test_many_at_once(data: Any) -> None:
    """A dataset that can return many items at once is asked for many."""

    class Doubles(data.Dataset):  # type: ignore[misc] # its base is not known
        def __len__(self) -> int:
            return 3

        def __getitems__(self, numbers: list[int]) -> list[int]:
            return [number * 2 for number in numbers]

    assert list(chunks_of(open_torch_dataset(Doubles()), rows=2)) == [[0, 2], [4]]


def test_iterable_dataset(data: Any) -> None:
    """An iterable dataset is iterated again in each run."""

    class Stream(data.IterableDataset):  # type: ignore[misc] # its base is not known
        def __iter__(self) -> Iterator[int]:
            yield from range(5)

    source = open_torch_dataset(Stream())
    for _ in range(2):
        assert list(chunks_of(source, rows=3)) == [[0, 1, 2], [3, 4]]
    with pytest.raises(SourceError, match="cannot be resumed"):
        source.fingerprint()


def test_no_length(data: Any) -> None:
    """A dataset without a length raises an error with the remedy."""

    class Endless(data.Dataset):  # type: ignore[misc] # its base is not known
        def __getitem__(self, number: int) -> int:
            return number

    with pytest.raises(SourceError, match="add a __len__ method"):
        open_torch_dataset(Endless())


def test_continues(data: Any) -> None:
    """A piece can be read separately, and so can the rest, without the items before."""
    squares = make_squares(data)
    source = open_torch_dataset(squares)
    first, second, *_ = source.pieces(Request(rows=lambda: 4))
    assert load_from(source, first.end, 4) == [[16, 25, 36, 49], [64, 81]]
    assert squares.asked == [*range(4, 10)]
    assert load_one(source, second, 4) == [16, 25, 36, 49]
    assert source.fingerprint() == ["Squares", 10]


def test_pieces_to_send(data: Any) -> None:
    """A piece for another process holds its items, but not the dataset."""
    squares = make_squares(data)
    request = Request(rows=lambda: 4, portable=True)
    piece = next(open_torch_dataset(squares).pieces(request))
    assert squares.asked == [0, 1, 2, 3]
    assert piece.load() == [0, 1, 4, 9]


def test_recognized(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset is recognized without importing torch."""
    squares = make_squares(data)
    assert (is_torch_dataset(squares), is_torch_dataset([1])) == (True, False)
    monkeypatch.delitem(sys.modules, "torch.utils.data")
    assert not is_torch_dataset(squares)
    assert "torch.utils.data" not in sys.modules
