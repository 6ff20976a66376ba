"""Recognizes objects that stand for data not in memory, without importing a library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.dask_collections import (
    DaskSource,
    is_dask_collection,
)
from jupyter_memkit.techniques.chunked.sources.huggingface import (
    is_huggingface,
    open_huggingface,
)
from jupyter_memkit.techniques.chunked.sources.polars_lazy import (
    LazyFrameSource,
    is_lazy_frame,
)
from jupyter_memkit.techniques.chunked.sources.reader import ReaderSource, is_reader
from jupyter_memkit.techniques.chunked.sources.torch_dataset import (
    is_torch_dataset,
    open_torch_dataset,
)

Opener = Callable[[Any], Source]

_OBJECTS: tuple[tuple[Callable[[Any], bool], Opener], ...] = (
    (is_reader, lambda reader: ReaderSource(reader=reader)),
    (is_lazy_frame, lambda frame: LazyFrameSource(frame=frame)),
    (is_dask_collection, lambda collection: DaskSource(collection=collection)),
    # Before torch's, because a dataset may be both.
    (is_huggingface, open_huggingface),
    (is_torch_dataset, open_torch_dataset),
)


def find_opener(source: Any) -> Opener | None:
    """Return the function that opens such an object; None for any other.

    These come before iterables, because some are iterable too.
    """
    for is_one, open_one in _OBJECTS:
        if is_one(source):
            return open_one
    return None
