"""The engine: one pass of a function over the chunks of a source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.errors import StopChunks
from jupyter_memkit.techniques.chunked.source import Source

_END = object()


class Run:
    """One pass over a source, a chunk at a time, of which it never holds two.

    Parameters
    ----------
    source : Source
        Where the chunks come from.
    rows : int
        Rows of a chunk.
    function : callable
        Takes a chunk and returns its value.
    consume : callable
        Takes each value.

    Attributes
    ----------
    chunks, rows : int
        Chunks whose values are consumed, and the rows in them.
    in_function : bool
        Whether the function is running, or raised.
    """

    def __init__(
        self,
        source: Source,
        rows: int,
        function: Callable[[Any], Any],
        consume: Callable[[Any], None],
    ) -> None:
        self.chunks = 0
        self.rows = 0
        self.in_function = False
        self._function = function
        self._consume = consume
        self._name = source.name
        self._chunks = source.iterate(rows)
        self._current_rows = 0

    def step(self) -> bool:
        """Do the next chunk; False when there is none, or the function stopped."""
        __tracebackhide__ = True
        chunk: Any = None
        value: Any = None
        try:
            chunk = next(self._chunks, _END)
            if chunk is _END:
                self._refuse_nothing()
                return False
            self._current_rows = len(chunk)
            self.in_function = True
            value = self._function(chunk)
            self.in_function = False
            self._consume(value)
        except StopChunks:
            return False
        except BaseException as error:
            if hasattr(error, "add_note"):  # Python 3.11
                error.add_note(f"In {self.position} of {self._name}.")
            raise
        finally:
            # A traceback keeps this frame, and would keep the chunk with it.
            del chunk, value
        self.chunks += 1
        self.rows += self._current_rows
        self._current_rows = 0
        return True

    def _refuse_nothing(self) -> None:
        if not self.chunks:
            message = f"{self._name} has no rows; there is nothing to run over"
            raise SourceError(message)

    def close(self) -> None:
        """Close the source's file."""
        self._chunks.close()

    @property
    def position(self) -> str:
        """Where the run stands: the chunk, and its first and last row from 0."""
        if not self._current_rows:
            return f"reading chunk {self.chunks + 1} (from row {self.rows:,})"
        last = self.rows + self._current_rows - 1
        return f"chunk {self.chunks + 1} (rows {self.rows:,} to {last:,})"
