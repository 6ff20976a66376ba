"""Reports a training over batches: its progress and its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jupyter_memkit.show.chunked import build_memory_rows
from jupyter_memkit.show.progress import open_bar
from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.chunked.training import FitStep, Fitted
from jupyter_memkit.units import format_count, format_duration

# Above this, only the last scores are listed.
_MANY = 8


def build_report(fitted: Fitted) -> Report:
    """Build the report of a training."""
    rows = build_memory_rows(fitted)
    if fitted.scores:
        rows.append(("score", _describe_scores(fitted)))
    if fitted.classes is not None:
        rows.append(("classes", f"{len(fitted.classes):,}"))
    notes = []
    if fitted.ended_early:
        notes.append("Ended early, because the score no longer improved.")
    return Report(
        title=(
            f"{fitted.model}: {format_count(fitted.epochs, 'epoch')}, "
            f"{fitted.batches:,} {'batch' if fitted.batches == 1 else 'batches'}, "
            f"{format_count(fitted.rows, 'row')} "
            f"in {format_duration(fitted.duration_s)}"
        ),
        rows=tuple(rows),
        notes=tuple(notes),
    )


@contextmanager
def open_fit_progress() -> Iterator[Callable[[FitStep], object]]:
    """Show a progress bar of the rows, with the epoch and the last score.

    Yields
    ------
    callable
        Takes a `FitStep` after each batch.
    """
    with open_bar("rows") as bar:

        def update(step: FitStep) -> None:
            score = "" if step.score is None else f", score {step.score:.4f}"
            bar(
                step.rows,
                step.total_rows,
                f"epoch {step.epoch} of {step.epochs}{score}",
            )

        yield update


def _describe_scores(fitted: Fitted) -> str:
    listed = ", ".join(f"{score:.4f}" for score in fitted.scores[-_MANY:])
    before = "..., " if len(fitted.scores) > _MANY else ""
    return f"{before}{listed} (on {format_count(fitted.held_out_rows, 'row')} held out)"
