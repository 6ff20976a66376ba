"""Writes the values of options of ``%%chunked`` as a user types them, for messages."""

from __future__ import annotations

from collections.abc import Iterable


def write_list(items: Iterable[str]) -> str:
    """Return names, or pairs of a name and a type, as the value of an option.

    Parameters
    ----------
    items : iterable of str
        Such as ``"price"`` or ``"price=float64"``.

    Returns
    -------
    str
        The items with commas between them, quoted if one contains a space or a comma.

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
