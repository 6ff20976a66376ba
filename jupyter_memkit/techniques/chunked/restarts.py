"""Whether a run that failed may start over, and with which settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_memkit.cells.columns.missing import find_missing
from jupyter_memkit.errors import MemkitError, add_note
from jupyter_memkit.techniques.chunked.ledger import Ledger
from jupyter_memkit.techniques.chunked.position import Position
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source, TypeChange


class Restarts:
    """Finds the settings with which a failed run can start over.

    Parameters
    ----------
    source : Source
        The source of the run.
    function : callable
        The function of the run.
    is_repeatable : bool
        Whether running the function again is proven to do nothing twice.
    is_partial : bool
        Whether the run is over single chunks, which do not start over.
    """

    def __init__(
        self,
        source: Source,
        function: Callable[[Any], Any],
        *,
        is_repeatable: bool,
        is_partial: bool,
    ) -> None:
        self._source = source
        self._function = function
        self._is_repeatable = is_repeatable
        self._is_partial = is_partial
        self._widened: set[str] = set()

    def find_settings(
        self, error: Exception, settings: Settings, ledger: Ledger, position: Position
    ) -> Settings | None:
        """Return the settings to start over with, and add a note to the ledger.

        Parameters
        ----------
        error : Exception
            The error of the run.
        settings : Settings
            How the source was read.
        ledger : Ledger
            The progress of the run.
        position : Position
            Where the run failed.

        Returns
        -------
        Settings or None
            None if the run cannot start over; the error then says what helps.

        Raises
        ------
        MemkitError
            If a type changed after chunks whose effects would happen twice.
        """
        if isinstance(error, TypeChange):
            return self._widen(error, settings, ledger, position)
        return self._add_columns(error, settings, ledger)

    def find_missing(self, error: Exception | None, settings: Settings) -> str | None:
        """Return the column without which the cell failed, if it was not read."""
        if error is None or not settings.is_pruned:
            return None
        read = set(settings.columns or ())
        available = self._source.columns() or ()
        return find_missing(error, [name for name in available if name not in read])

    def _widen(
        self, change: TypeChange, settings: Settings, ledger: Ledger, position: Position
    ) -> Settings | None:
        """Return the settings with types that can hold all values so far."""
        if change.types.keys() & settings.types.keys() - self._widened:
            return None  # The user gave the type.
        if self._is_partial or (ledger.chunks and not self._is_repeatable):
            effect = getattr(self._function, "effect", None)
            if effect is None or not ledger.chunks:
                return None
            pairs = (f"{name}={kind}" for name, kind in change.types.items())
            message = (
                f"{change}; the cell may have an effect ({effect}), so the run does "
                f"not repeat the first {ledger.rows:,} rows: undo the effects on those "
                f"rows, then run the cell again with --types {write_list(pairs)}"
            )
            raise MemkitError(message) from change
        if ledger.chunks:
            found = ", ".join(
                f"{name} is {kind}" for name, kind in change.types.items()
            )
            ledger.notes.append(
                f"Started over at row {position.first_row:,}, which showed that "
                f"{found}; --types avoids that."
            )
        self._widened.update(change.types)
        return settings.with_types(change.types)

    def _add_columns(
        self, error: Exception, settings: Settings, ledger: Ledger
    ) -> Settings | None:
        """Return the settings with all columns, if the cell failed without one."""
        missing = self.find_missing(error, settings)
        if missing is None:
            return None
        remedy = f"--columns {write_list([*(settings.columns or ()), missing])}"
        if self._is_partial or not self._is_repeatable:
            # Some of the cell has run, and would run twice.
            add_note(
                error,
                f"The column {missing} was not read, because it was not found in the "
                f"cell's code; if the cell uses it, use {remedy}.",
            )
            return None
        ledger.notes.append(
            "Started over with all columns, because the cell failed without "
            f"{missing}, which was not found in its code; {remedy} avoids that."
        )
        return settings.with_all_columns()
