"""Writes options of ``%%chunked`` as its line takes them, for messages to name."""

from __future__ import annotations

from collections.abc import Iterable


def write_list(items: Iterable[str]) -> str:
    """Return names, or pairs of a name and a type, as the value of one option.

    Parameters
    ----------
    items : iterable of str
        Such as ``"price"`` or ``"price=float64"``.

    Returns
    -------
    str
        With commas between, and in quotes where an item has a blank or a comma in it.

    Examples
    --------
    >>> print(write_list(["cat", "price"]))
    cat,price
    >>> print(write_list(["cat", "unit price"]))
    'cat,unit price'
    """
    items = list(items)
    outer, inner = "\"'" if any("'" in item for item in items) else "'\""
    text = ",".join(f"{inner}{item}{inner}" if "," in item else item for item in items)
    is_word = not any(each.isspace() or each == inner for each in text)
    return text if is_word else f"{outer}{text}{outer}"
