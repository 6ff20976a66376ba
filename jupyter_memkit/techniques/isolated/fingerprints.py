"""Detects changes of objects by checksums of their pickles."""

from __future__ import annotations

import io
import pickle
import zlib
from collections.abc import Mapping
from typing import Any

from jupyter_memkit.techniques.processes.pickling import Pickler

# More would take longer than most cells; larger variables are not checked.
_MOST_BYTES = 64 << 20

_read_name = vars(type)["__name__"].__get__


class Fingerprints:
    """The fingerprints of variables at one moment.

    The classes of the notebook have their own, because a change of a class is not one
    of its objects.

    Parameters
    ----------
    variables : mapping of str to object
        The variables; those beyond 64 MiB in total are left out.
    namespace : mapping
        The variables that functions read, which do not count as part of a function.

    Examples
    --------
    >>> rows = [1]
    >>> before = Fingerprints({"rows": rows}, {})
    >>> rows.append(2)
    >>> before.find_changed({"rows": rows})
    ('rows',)
    """

    def __init__(
        self, variables: Mapping[str, Any], namespace: Mapping[str, Any]
    ) -> None:
        self._namespace = namespace
        self._left_bytes = _MOST_BYTES
        # The classes that the variables refer to.
        self._classes: dict[int, type] = {}
        self._sums = {name: self._sum(value) for name, value in variables.items()}
        ids = set(map(id, variables.values()))
        self._class_sums: dict[int, int | None] = {}
        while left := self._classes.keys() - self._class_sums.keys() - ids:
            for each in left:
                self._class_sums[each] = self._sum(self._classes[each])

    def find_changed(self, variables: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the variables that were replaced or have changed since."""
        self._left_bytes = _MOST_BYTES
        return tuple(
            name
            for name, value in variables.items()
            if self._sums.get(name) is not None
            and self._sum(value) not in (None, self._sums[name])
        )

    def find_changed_classes(self) -> tuple[str, ...]:
        """Return the classes of the variables, none a variable itself, that changed."""
        self._left_bytes = _MOST_BYTES
        return tuple(
            _read_name(self._classes[each])
            for each, before in self._class_sums.items()
            if before is not None
            and self._sum(self._classes[each]) not in (None, before)
        )

    def __contains__(self, name: str) -> bool:
        """Return whether a variable has a fingerprint."""
        return self._sums.get(name) is not None

    def _sum(self, value: Any) -> int | None:
        """Return the fingerprint of an object; None if it cannot be taken."""
        sink = Sink(self._left_bytes)
        try:
            pickler = _Printer(sink, self._namespace, value, self._classes)
            pickler.dump(value)
        except Exception:  # noqa: BLE001 - from the object's own code, or too large
            return None
        self._left_bytes = sink.left_bytes
        return sink.sum


class _Printer(Pickler):
    """Pickles an object without the content of the notebook's classes."""

    def __init__(
        self,
        sink: Sink,
        namespace: Mapping[str, Any],
        value: Any,
        classes: dict[int, type],
    ) -> None:
        left_out = frozenset(namespace)
        super().__init__(sink, sink.take_buffer, namespace, left_out=left_out)
        self._value = value
        self._classes = classes

    def reducer_override(self, obj: Any) -> Any:
        """Return how to pickle an object, and collect the classes."""
        reduced = super().reducer_override(obj)
        if not issubclass(type(obj), type) or obj is self._value:
            return reduced
        # Others are found by their names.
        if type(reduced) is tuple and reduced[2:]:
            self._classes[id(obj)] = obj
            return id, (id(obj),)
        return reduced


class Sink(io.RawIOBase):
    """A file that computes a checksum of what is written.

    Parameters
    ----------
    left_bytes : int
        The number of bytes after which it raises ``OverflowError``.
    """

    def __init__(self, left_bytes: int) -> None:
        self.left_bytes = left_bytes
        self.sum = 0

    def write(self, data: Any) -> int:
        """Add bytes to the checksum."""
        view = memoryview(data).cast("B")
        self.left_bytes -= len(view)
        if self.left_bytes < 0:
            raise OverflowError
        self.sum = zlib.crc32(view, self.sum)
        return len(view)

    def take_buffer(self, buffer: pickle.PickleBuffer) -> bool:
        """Add a buffer to the checksum, and leave it out of the pickle."""
        self.write(buffer.raw())
        return False
