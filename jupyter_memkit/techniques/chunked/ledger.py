"""The progress of a run: counted, saved to a file, and restored from it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.checkpoint import Checkpoint, Progress
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome, JoinedOutcome
from jupyter_memkit.techniques.chunked.results.sinks import Reduced, Sink
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.summary import SkippedChunk


class Ledger:
    """Counts the chunks of a run together with their values: both or neither.

    Parameters
    ----------
    sink : Sink
        Takes the values.
    checkpoint : Checkpoint or None
        Saves the progress; None if it is not saved.
    notes : iterable of str
        Notes for the user from before the run.

    Attributes
    ----------
    sink : Sink
        As given.
    chunks, rows : int
        The chunks that are done, and their rows.
    resumed_rows : int
        The rows that an earlier run had done.
    skipped : list of SkippedChunk
        The chunks that were left out.
    notes : list of str
        Notes for the user.
    """

    def __init__(
        self, sink: Sink, checkpoint: Checkpoint | None, notes: Iterable[str] = ()
    ) -> None:
        self.sink = sink
        self.chunks = self.rows = self.resumed_rows = 0
        self.skipped: list[SkippedChunk] = []
        self.notes = list(notes)
        self._checkpoint = checkpoint
        self._unsaved: ChunkOutcome | None = None
        self._resumed = ""

    @property
    def chunks_seen(self) -> int:
        """The number of chunks that are done or left out."""
        return self.chunks + len(self.skipped)

    @property
    def is_saved(self) -> bool:
        """Whether the progress is saved."""
        return self._checkpoint is not None

    def add(self, outcome: ChunkOutcome) -> None:
        """Count a chunk and pass its value to the sink."""
        __tracebackhide__ = True
        if isinstance(outcome, JoinedOutcome) and isinstance(self.sink, Reduced):
            self.sink.add_part(outcome.take())
            self.chunks += outcome.chunks
        else:
            self.sink.add(outcome.take())
            self.chunks += 1
        self.rows += outcome.rows

    def skip(self, outcome: ChunkOutcome) -> None:
        """Note a chunk on which the function failed."""
        error = outcome.error
        self.skipped.append(
            SkippedChunk(
                number=outcome.number,
                first_row=outcome.first_row,
                rows=outcome.rows,
                error=f"{type(error).__name__}: {error}",
                start=outcome.piece.start,
                end=outcome.piece.end,
            )
        )

    def save(self, outcome: ChunkOutcome, settings: Settings) -> None:
        """Save the progress after a chunk, if enough was done since the last time.

        Parameters
        ----------
        outcome : ChunkOutcome
            The last chunk.
        settings : Settings
            How it was read.
        """
        self._unsaved = outcome
        if self._checkpoint is not None and self._checkpoint.is_due():
            self._write(self._checkpoint, outcome, settings)

    def save_rest(self, settings: Settings) -> None:
        """Save what was done since the last time, when the run fails."""
        if self._checkpoint is not None and self._unsaved is not None:
            # The user's own error matters more than ours.
            with suppress(MemkitError):
                self._write(self._checkpoint, self._unsaved, settings)

    def resume(self) -> Progress | None:
        """Restore the progress of an earlier run; None if nothing was saved."""
        progress = self._checkpoint.load() if self._checkpoint is not None else None
        if progress is not None:
            self.sink.restore(progress.sink)
            self.chunks, self.rows = progress.chunks, progress.rows
            self.resumed_rows = progress.rows
            self.skipped = list(progress.skipped)
            self._resumed = (
                f"Resumed at row {progress.first_row:,}, where the last run ended."
            )
            self.notes.append(self._resumed)
        return progress

    def reset(self) -> None:
        """Discard all chunks and values: the run starts over."""
        self.sink.reset()
        self.chunks = self.rows = self.resumed_rows = 0
        self.skipped = []
        self.notes = [note for note in self.notes if note != self._resumed]
        self._unsaved = None

    def discard_saved(self) -> None:
        """Delete the saved progress: the run is complete."""
        if self._checkpoint is not None:
            self._checkpoint.remove()

    def _write(
        self, checkpoint: Checkpoint, outcome: ChunkOutcome, settings: Settings
    ) -> None:
        self._unsaved = None
        checkpoint.save(
            Progress(
                end=outcome.piece.end,
                chunks=self.chunks,
                rows=self.rows,
                number=outcome.number + 1,
                first_row=outcome.first_row + outcome.rows,
                skipped=tuple(self.skipped),
                types=dict(settings.types),
                memory_bytes=settings.memory_bytes,
                sink=self.sink.save(),
            )
        )
