"""Names the type of an object in a sentence, without running its code."""

from __future__ import annotations

import re
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_type

# Names that begin with the sound of a vowel; capitals in a row are spelled out.
_VOWELS = re.compile(r"[AEFHILMNORSX](?![a-z])|[aeio]|[AEIO]|[Uu][lmnp](?!i)")


def name_plain(kind: type) -> str:
    """Return the name of a type without its module, as its own metaclass cannot.

    Examples
    --------
    >>> name_plain(int)
    'int'
    """
    return name_type(kind).rpartition(".")[2]


def name_one(value: Any) -> str:
    """Return the name of an object's type with its article.

    Examples
    --------
    >>> name_one(1), name_one([])
    ('an int', 'a list')
    """
    name = name_plain(type(value))
    return f"an {name}" if _VOWELS.match(name) else f"a {name}"
