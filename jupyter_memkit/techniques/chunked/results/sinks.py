"""The destinations of the values of chunks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.results.combine import (
    Operation,
    Reduction,
    find_operation,
)


class Sink(Protocol):
    """Takes the values of chunks, in order."""

    def add(self, value: Any) -> None:
        """Add the next value; one that does not fit changes nothing."""

    def save(self) -> Any:
        """Return its whole state, to be pickled."""

    def restore(self, state: Any) -> None:
        """Continue from a saved state."""

    def finish(self) -> Any:
        """Return the result of all values."""

    def rescue(self) -> Any:
        """Return the result so far, when the run ends early."""

    def reset(self) -> None:
        """Discard all values: the run starts over."""

    def close(self) -> None:
        """Close its files."""


class Dropped:
    """Keeps nothing: the side effects of the user's code are the result."""

    def add(self, value: Any) -> None:
        """Drop the value."""

    def save(self) -> None:
        """Return None: nothing is held."""

    def restore(self, state: Any) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Return None: there is no result."""

    rescue = reset = close = finish


class Reduced:
    """Combines the values into one result.

    Parameters
    ----------
    operation : Operation
        The reduction.
    sort : callable, optional
        Sorts the result.
    """

    def __init__(
        self, operation: Operation, sort: Callable[[Any], Any] | None = None
    ) -> None:
        self.operation = operation
        self._sort = sort
        self._reduction = Reduction(operation)

    def add(self, value: Any) -> None:
        """Add the next value."""
        __tracebackhide__ = True
        self._reduction.add(value)

    def add_part(self, part: Any) -> None:
        """Add a part that was made from several values elsewhere."""
        __tracebackhide__ = True
        self._reduction.add_part(part)

    def save(self) -> Any:
        """Return the part so far, in a list that is empty if there is none."""
        return [self._reduction.part] if self._reduction.started else []

    def restore(self, state: Any) -> None:
        """Start with a saved part."""
        for part in state:
            self._reduction.add_part(part)

    def finish(self) -> Any:
        """Return the result."""
        result = self._reduction.result()
        if self._sort is None or not self._reduction.started:
            return result
        return self._sort(result)

    def rescue(self) -> Any:
        """Return the result so far, or its parts if they cannot be combined."""
        try:
            return self.finish()
        except Exception:  # noqa: BLE001 - would hide the error that ended the run
            return self._reduction.part

    def reset(self) -> None:
        """Discard all values."""
        self._reduction = Reduction(self.operation)

    def close(self) -> None:
        """Do nothing: no file is open."""


def open_sink(
    op: str | Callable[[Any, Any], Any] | None,
    out: str | os.PathLike[str] | None,
    *,
    resumable: bool,
    keys: tuple[str, ...] = (),
    sort: Callable[[Any], Any] | None = None,
) -> Sink:
    """Return a sink for a reduction or a file; without either it drops the values.

    Parameters
    ----------
    op : str or callable, optional
        The reduction.
    out : path-like, optional
        The file.
    resumable : bool
        Whether the rows that were written are kept when the run ends early.
    keys : tuple of str
        The columns of the values that are keys.
    sort : callable, optional
        Sorts the result of a reduction.

    Raises
    ------
    MemkitError
        If there is no reduction of this name, or such a file cannot be written.
    """
    if out is not None:
        if op is not None:
            message = "the values go to a reduction or to a file; use one of them"
            raise MemkitError(message)
        # Imported on first use, with the writers of all formats.
        from jupyter_memkit.techniques.chunked.results.out import FileSink  # noqa: PLC0415

        return FileSink(out, resumable=resumable)
    return Dropped() if op is None else Reduced(find_operation(op, keys), sort)
