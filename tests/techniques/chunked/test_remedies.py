"""Options in messages are written as the magic parses them."""

from __future__ import annotations

import pytest

from jupyter_memkit.magics.words import split_list, split_words
from jupyter_memkit.techniques.chunked.remedies import write_list


@pytest.mark.parametrize(
    "items",
    [
        ["a"],
        ["a", "b"],
        ["unit price=float64", "b=str"],
        ["price, net"],
        ["a", "price, net", "b c"],
        ["t=timestamp[s, tz=UTC]"],
        ["it's", "b"],
        ["it's here", "b"],
    ],
)
def test_read_back(items: list[str]) -> None:
    """The magic parses an option from a message to the items that it names."""
    (word,) = split_words(write_list(items))
    assert split_list(word) == items
