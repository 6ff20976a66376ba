"""Options in messages are as the line of the magic takes them."""

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
    """The line of a magic gives back the items that a message names."""
    (word,) = split_words(write_list(items))
    assert split_list(word) == items
