"""Runs ``%%chunked --fit``: a model is trained on what the cell makes of each chunk."""

from __future__ import annotations

import argparse
import sys
import traceback
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import Chunked
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.track.activity import activities

if TYPE_CHECKING:
    from jupyter_memkit.techniques.chunked.training import FitStep, Fitted

# The options that only a training has, and those that it does not have.
_OWN = ("epochs", "shuffle", "holdout", "patience", "classes")
_FOREIGN = {
    "op": "--reduce",
    "collect": "--collect",
    "into": "--into",
    "out": "--out",
    "workers": "--workers",
    "resume": "--resume",
    "only": "--only",
    "on": "--on",
    "limit": "--limit",
}


def check_fit(args: argparse.Namespace) -> None:
    """Reject options that do not go together.

    Raises
    ------
    UsageError
        If there are any; the message contains the remedy.
    """
    if args.fit is None:
        for name in _OWN:
            if getattr(args, name) is not None:
                message = f"--{name} is for --fit; add --fit MODEL, or leave it out"
                raise UsageError(message)
        return
    for name, option in _FOREIGN.items():
        if getattr(args, name):
            message = f"--fit and {option} exclude each other; give only one of them"
            raise UsageError(message)
    if args.on_error != "stop":
        message = "--fit and --on-error exclude each other; give only one of them"
        raise UsageError(message)


def run_fit(
    args: argparse.Namespace, chunks: Chunked, body: CellBody, name: str
) -> Fitted:
    """Train the model that ``--fit`` names.

    Parameters
    ----------
    args : argparse.Namespace
        The arguments of the magic.
    chunks : Chunked
        The chunks.
    body : CellBody
        The cell, whose value is a pair of features and target.
    name : str
        The name of the source.

    Raises
    ------
    UsageError
        If there is no such model, or the cell has no value.
    """
    __tracebackhide__ = True
    if args.fit not in body.namespace:
        message = f"there is no variable {args.fit}; make the model in an earlier cell"
        raise UsageError(message)
    if not body.has_value:
        message = (
            "the cell does not end with an expression, so there is nothing to learn; "
            "end it with the features and the target, such as chunk[['a']], chunk.label"
        )
        raise UsageError(message)
    # Imported on first use: other cells train nothing.
    from jupyter_memkit.show.fitted import open_fit_progress  # noqa: PLC0415

    # Without a reservoir each chunk is a batch, as in a loop by hand.
    size = None if args.shuffle is None else args.rows
    batches = chunks.batches(size, shuffle=args.shuffle, seed=0)
    last: list[FitStep] = []
    with (
        open_fit_progress() as show_step,
        activities().open(name, "rows") as update,
    ):

        def progress(step: FitStep) -> None:
            last[:] = [step]
            show_step(step)
            update(step.rows, step.total_rows, chunks=step.batches)

        try:
            return batches.fit(
                body.namespace[args.fit],
                body,
                classes=args.classes,
                epochs=args.epochs or 1,
                holdout=args.holdout or 0.0,
                patience=args.patience,
                progress=progress,
            )
        except BaseException as error:
            if last:
                print(_describe(last[0], args.fit), file=sys.stderr)  # noqa: T201 - a magic speaks to its user
            if isinstance(error, MemkitError):
                # IPython keeps the last error, whose traceback would keep the rows.
                traceback.clear_frames(error.__traceback__)
                raise UsageError(str(error)) from error
            raise


def _describe(step: FitStep, model: str) -> str:
    return (
        f"epoch {step.epoch} ended after {step.rows:,} rows; {model} keeps what it "
        "learned from them"
    )
