"""Reads the code of the cells that ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def read_history(namespace: Mapping[str, Any]) -> list[str]:
    """Return the code of the cells by number, as in IPython's ``In``.

    Parameters
    ----------
    namespace : mapping
        The namespace of the shell, in which the user can have replaced ``In``.

    Returns
    -------
    list of str
        Empty if ``In`` is no longer a list.

    Examples
    --------
    >>> read_history({"In": ["", "prices = [1, 2]", None]})
    ['', 'prices = [1, 2]', '']
    >>> read_history({"In": 7})
    []
    """
    cells = namespace.get("In")
    if type(cells) is not list:
        return []
    return [code if type(code) is str else "" for code in cells]
