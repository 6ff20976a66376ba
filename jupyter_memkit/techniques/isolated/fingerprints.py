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


class Fingerprints:
    """The fingerprints of variables at one moment.

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
        self._sums = {name: self._sum(value) for name, value in variables.items()}

    def find_changed(self, variables: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the variables that were replaced or have changed since."""
        self._left_bytes = _MOST_BYTES
        return tuple(
            name
            for name, value in variables.items()
            if self._sums.get(name) is not None
            and self._sum(value) not in (None, self._sums[name])
        )

    def __contains__(self, name: str) -> bool:
        """Return whether a variable has a fingerprint."""
        return self._sums.get(name) is not None

    def _sum(self, value: Any) -> int | None:
        """Return the fingerprint of an object; None if it cannot be taken."""
        sink = _Sink(self._left_bytes)
        try:
            pickler = Pickler(
                sink,
                sink.take_buffer,
                self._namespace,
                left_out=frozenset(self._namespace),
            )
            pickler.dump(value)
        except Exception:  # noqa: BLE001 - from the object's own code, or too large
            return None
        self._left_bytes = sink.left_bytes
        return sink.sum


class _Sink(io.RawIOBase):
    """A file that computes a checksum of what is written."""

    def __init__(self, left_bytes: int) -> None:
        self.left_bytes = left_bytes
        self.sum = 0

    def write(self, data: Any) -> int:
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
