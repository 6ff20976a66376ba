"""Recognizes objects whose data is not in memory, without importing a library.

A source is imported only if the library of its objects is, because they cannot exist
without it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Source

Opener = Callable[[Any], Source]

# The library of a kind, the module of its source, and the names of two functions there.
_KINDS = (
    ("pandas", "reader", "is_reader", "open_reader"),
    ("polars", "polars_lazy", "is_lazy_frame", "open_lazy_frame"),
    ("dask", "dask_collections", "is_dask_collection", "open_dask_collection"),
    # Before torch's, because a dataset may be both.
    ("datasets", "huggingface", "is_huggingface", "open_huggingface"),
    ("torch.utils.data", "torch_dataset", "is_torch_dataset", "open_torch_dataset"),
)


def find_opener(source: Any) -> Opener | None:
    """Return the function that opens such an object; None for any other.

    These come before iterables, because some are iterable too.
    """
    for library, module, is_one, open_one in _KINDS:
        if library not in sys.modules:
            continue
        place = f"jupyter_memkit.techniques.chunked.sources.{module}"
        found = importlib.import_module(place)
        if getattr(found, is_one)(source):
            opener: Opener = getattr(found, open_one)
            return opener
    return None
