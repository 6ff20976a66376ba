"""Names that are not those of variables."""

from typing import Any

import pytest

from jupyter_memkit.measure.unknown_names import explain_unknown


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pricse", "there is no variable 'pricse'; did you mean prices?"),
        ("zzz", "there is no variable 'zzz'; %memls lists the variables"),
        ("opne", "there is no variable 'opne'; %memls lists the variables"),
        ("quti", "there is no variable 'quti'; %memls lists the variables"),
        ("_oj", "there is no variable '_oj'; %memls lists the variables"),
        ("prices.T", "'prices.T' is a part of prices; give prices, not prices.T"),
        ("prices[0]", "'prices[0]' is a part of prices; give prices, not prices[0]"),
        ("prices.sum()", "there is no variable 'prices.sum()'; did you mean prices?"),
        ("open.mode", "there is no variable 'open.mode'; %memls lists the variables"),
        ("prices,sizes", "names are separated by spaces: prices sizes"),
        ("prices,", "names are separated by spaces: prices"),
        (",", "there is no variable ','; %memls lists the variables"),
        ("prices,zzz", "there is no variable 'prices,zzz'; did you mean prices?"),
    ],
)
def test_explanation(name: str, reason: str) -> None:
    """The remedy names the user's variables only, and fits what was written."""
    known: list[Any] = ["prices", "sizes", "open", "quit", "_oh", "_1", "In", 5]
    assert explain_unknown(name, known, "give {variable}, not {name}") == reason
