"""The functions that search for text encodings."""

from __future__ import annotations

import codecs
import encodings
import gc
from collections.abc import Iterator
from types import FunctionType

from jupyter_memkit.techniques.unloading.removal import Removal, is_a, name_all


def clear(removal: Removal) -> Iterator[str]:
    """Unregister search functions, which follow Python's own in one list."""
    own = encodings.search_function
    lists = [each for each in gc.get_referrers(own) if type(each) is list]
    search_path = next((each for each in lists if each[0] is own), [])
    found = [
        each for each in search_path if is_a(each, FunctionType) and removal.owns(each)
    ]
    for function in found:
        codecs.unregister(function)
    yield from (f"the codec search {name}" for name in name_all(found))
