"""Runs the cell of ``%%chunked``."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import parse_argstring

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.magics.arguments import refusing
from jupyter_memkit.magics.cell_body import parse_cell_body
from jupyter_memkit.show.chunked import build_failure
from jupyter_memkit.show.progress import open_progress
from jupyter_memkit.techniques.chunked import ChunkedSummary, Mapped, chunked
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.combine import REDUCTIONS

_QUOTES = "\"'"


def run_chunked(shell: Any, magic: Any, line: str, cell: str) -> ChunkedSummary:
    """Run a cell over the chunks of what the magic's line names.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Where the cell runs.
    magic : callable
        The magic, which knows its arguments.
    line : str
        The arguments.
    cell : str
        The cell below the line.

    Returns
    -------
    ChunkedSummary
        The account of the run.

    Raises
    ------
    UsageError
        With the remedy, for arguments, a source or a cell that do not do.
    """
    __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
    args = _parse(magic, line)
    user_ns = shell.user_ns
    with refusing():
        body = _compile(shell, cell, args.name)
        op = _find_reduction(args, body, user_ns)
        source = _find_source(args.source, user_ns)
        job = chunked(source, rows=args.rows).map(body)
    with (
        _keeping(job, args.into, user_ns),
        open_progress(job.total_rows, "rows") as progress,
    ):
        summary = job.run(op, progress=progress)
    if args.into is None:
        return summary
    user_ns[args.into] = summary.value
    return dataclasses.replace(summary, value=None)


def _parse(magic: Any, line: str) -> argparse.Namespace:
    try:
        args: argparse.Namespace = parse_argstring(magic, line)
    except ValueError as error:
        message = f"a quote is not closed in {line!r}"
        raise UsageError(message) from error
    return args


def _compile(shell: Any, cell: str, name: str) -> CellBody:
    tree, filename = parse_cell_body(shell, cell)
    # With the flag an await compiles, and can be refused with a better sentence.
    with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
        return CellBody(
            tree,
            filename,
            namespace=shell.user_ns,
            name=name,
            compile_code=shell.compile,
        )


def _find_reduction(
    args: argparse.Namespace, body: CellBody, user_ns: dict[str, Any]
) -> Any:
    if args.op is None and args.into is None:
        return None
    if not body.has_value:
        message = (
            "the cell does not end with an expression, so a chunk has no value for "
            f"{'--into' if args.op is None else '--reduce'}; end it with the value"
        )
        raise UsageError(message)
    op = "append" if args.op is None else args.op.strip(_QUOTES)
    if op in REDUCTIONS:
        return op
    if callable(user_ns.get(op)):
        return user_ns[op]
    message = (
        f"there is no reduction and no function {op!r}; give --reduce one of "
        f"{', '.join(REDUCTIONS)}, or the name of a function that takes the result so "
        "far and the next value"
    )
    raise UsageError(message)


def _find_source(text: str, user_ns: dict[str, Any]) -> Any:
    """Return a variable's value where there is one of this name, or else the path."""
    if text.isidentifier() and text in user_ns:
        return user_ns[text]
    if text.isidentifier() and not Path(text).exists():
        message = f"{text} is neither a variable nor a file; check its spelling"
        raise UsageError(message)
    if _is_call(text):
        message = f"{text} is an expression; give it a name in a cell before this one"
        raise UsageError(message)
    return text.strip(_QUOTES)


def _is_call(text: str) -> bool:
    """Tell whether the source is code, which a path never parses as."""
    try:
        return isinstance(ast.parse(text, mode="eval").body, ast.Call)
    except SyntaxError:
        return False


@contextmanager
def _keeping(job: Mapped, into: str | None, user_ns: dict[str, Any]) -> Iterator[None]:
    """Keep the result so far when a run ends early, and say so."""
    __tracebackhide__ = True
    try:
        yield
    except BaseException as error:
        ours = isinstance(error, MemkitError) and not job.in_function
        if job.summary is not None and (job.summary.chunks or not ours):
            if job.summary.chunks and into is not None:
                user_ns[into] = job.summary.value
            stopped = isinstance(error, KeyboardInterrupt)
            sentence = build_failure(
                job.summary, job.position, interrupted=stopped, into=into
            )
            print(sentence, file=sys.stderr)  # noqa: T201 - a magic speaks to its user
        if ours:
            raise UsageError(str(error)) from error
        raise
