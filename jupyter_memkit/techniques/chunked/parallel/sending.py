"""Cuts a source into numbered pieces for other processes."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

from jupyter_memkit.errors import add_note
from jupyter_memkit.techniques.chunked.parallel.portable import dump_function
from jupyter_memkit.techniques.chunked.parallel.shipping import (
    fix_types_by_first_chunk,
    pack_piece,
    shippable_pieces,
    without_load,
)
from jupyter_memkit.techniques.chunked.parallel.worker_process import Setup, Task
from jupyter_memkit.techniques.chunked.position import Position
from jupyter_memkit.techniques.chunked.run import RunSpec


def make_setup(spec: RunSpec) -> Setup:
    """Return what the other processes need before their first piece.

    Raises
    ------
    MemkitError
        If the function cannot be sent to another process.
    """
    return Setup(
        source=spec.source.name,
        backend=spec.request.backend,
        function=dump_function(spec.function),
        tries=spec.tries,
    )


class Sender:
    """Cuts the pieces of a run that other processes work on.

    Parameters
    ----------
    spec : RunSpec
        What to run.

    Attributes
    ----------
    request : Request
        How the other processes make chunks; from the first piece on with the types of
        all columns.
    has_more : bool
        Whether the end has not been reached.
    """

    def __init__(self, spec: RunSpec) -> None:
        # The other processes do not decide on the rows.
        self.request = dataclasses.replace(spec.request, rows=int, start=None, end=None)
        self.has_more = True
        self._source = spec.source
        self._pieces = shippable_pieces(spec.source, spec.request)
        self._number, self._first_row = spec.position.number, spec.position.first_row
        self._interrupts = spec.interrupts
        self._left = spec.limit
        self._are_types_fixed = False
        self._broken: Exception | None = None

    def cut(self) -> tuple[Task, bytes] | None:
        """Return the task without its data, and all of it as bytes; None at the end."""
        try:
            with self._interrupts.allowed():
                sent = self._cut() if self._left != 0 else None
        except Exception as error:  # noqa: BLE001 - raised after the chunks before
            self._broken = error
            sent = None
        self.has_more = sent is not None
        return sent

    def raise_broken(self, position: Position) -> None:
        """Raise the error of the source, when all chunks before are done."""
        if self._broken is None:
            return
        position.number, position.first_row = self._number, self._first_row
        position.rows = 0
        add_note(self._broken, f"In {position} of {self._source.name}.")
        raise self._broken

    def close(self) -> None:
        """Close the source."""
        self._pieces.close()

    def _cut(self) -> tuple[Task, bytes] | None:
        piece: Any = next(self._pieces, None)
        if piece is None:
            return None
        task = Task(number=self._number, first_row=self._first_row, piece=piece)
        packed = pack_piece(task, self._source.name)
        # The data is now in the bytes only.
        place = dataclasses.replace(task, piece=without_load(piece))
        del piece, task
        if not self._are_types_fixed:
            first: Task = pickle.loads(packed)  # noqa: S301 - our own
            self.request = fix_types_by_first_chunk(
                self._source, self.request, first.piece, first.first_row
            )
            self._are_types_fixed = True
        self._number += 1
        self._first_row += place.piece.rows or 0
        if self._left is not None:
            self._left -= 1
        return place, packed
