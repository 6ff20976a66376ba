"""A list of Python objects that forked processes read without copying its memory.

Reading a Python object changes its reference count, so a worker process that was forked
copies each page that it reads objects from, until every worker holds a copy of the
list. Serialized into one buffer, the list has no reference counts but those of the
buffer (Yuxin Wu, "Demystify RAM Usage in Multi-Process Data Loaders", 2022).
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import Any, overload

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.progress import Progress

# How many elements are serialized between two reports of progress.
_BATCH = 10_000


class SerializedList(Sequence[Any]):
    """A read-only list with its elements pickled in one buffer.

    Each access returns a new copy of the element.

    Parameters
    ----------
    values : iterable
        The elements, of any types that can be pickled. They are not changed.
    progress : callable, optional
        Called with the number of elements serialized so far.

    Raises
    ------
    MemkitError
        If an element cannot be pickled.

    Examples
    --------
    >>> samples = SerializedList([{"label": 1}, {"label": 2}])
    >>> samples[1], len(samples)
    ({'label': 2}, 2)
    """

    def __init__(
        self, values: Iterable[Any], *, progress: Progress | None = None
    ) -> None:
        content = bytearray()
        ends = array("q", bytes(8))
        for place, value in enumerate(values):
            try:
                content += pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            except Exception as error:
                message = (
                    f"element {place} cannot be pickled ({type(value).__name__}: "
                    f"{error}); leave it out, or store what it is made from"
                )
                raise MemkitError(message) from error
            ends.append(len(content))
            if progress is not None and place % _BATCH == 0:
                progress(place)
        self._content = bytes(content)
        self._ends = ends

    def __len__(self) -> int:
        """Return the number of elements."""
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        """Return a copy of an element, or a list of copies."""
        if isinstance(place, slice):
            return [self._load(each) for each in range(*place.indices(len(self)))]
        number = index(place)
        if number < 0:
            number += len(self)
        if not 0 <= number < len(self):
            message = "index out of range"
            raise IndexError(message)
        return self._load(number)

    def __iter__(self) -> Iterator[Any]:
        """Yield a copy of each element."""
        return map(self._load, range(len(self)))

    def __repr__(self) -> str:
        """Return the number of elements and of bytes."""
        return f"<SerializedList of {len(self):,} in {len(self._content):,} bytes>"

    def _load(self, number: int) -> Any:
        content = memoryview(self._content)[self._ends[number] : self._ends[number + 1]]
        return pickle.loads(content)  # noqa: S301 - the user's own objects
