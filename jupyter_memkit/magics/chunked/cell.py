"""Runs the cell of ``%%chunked``."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from jupyter_memkit.cells.body import parse_cell_body
from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.magics.arguments import refusing
from jupyter_memkit.magics.chunked.fit import check_fit, run_fit
from jupyter_memkit.magics.chunked.source import open_named_source
from jupyter_memkit.magics.chunked.words import choose_name, drops_value
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.measured_code import show
from jupyter_memkit.show.chunked import build_failure, open_chunk_progress
from jupyter_memkit.show.report import Report
from jupyter_memkit.techniques.chunked import ChunkedPlan, ChunkedSummary, Mapped
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.chunks import open_chunks
from jupyter_memkit.techniques.chunked.results.combine import NOT_COMBINED, OPERATIONS
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.step import Step
from jupyter_memkit.techniques.chunked.summary import SkippedChunk
from jupyter_memkit.track.activity import activities

if TYPE_CHECKING:
    from jupyter_memkit.techniques.chunked.training import Fitted

# The chunks that the last run over a source skipped, by its identity, for --only.
_skipped: dict[str, tuple[SkippedChunk, ...]] = {}


def run_chunked(
    shell: Any, magic: Any, line: str, cell: str
) -> ChunkedSummary | ChunkedPlan | Fitted:
    """Run a cell over the chunks of the source that the magic's line names.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell in which the cell runs.
    magic : callable
        The magic, which declares its arguments.
    line : str
        The arguments.
    cell : str
        The body of the cell.

    Returns
    -------
    ChunkedSummary, ChunkedPlan or Fitted
        The summary of the run, with --dry-run what it would do, with --fit what was
        trained.

    Raises
    ------
    UsageError
        If the arguments, the source or the cell are invalid; the message contains the
        remedy.
    """
    __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
    args = parse_line(magic, line)
    user_ns = shell.user_ns
    with refusing():
        check_fit(args)
        body = _compile(shell, cell, args.name)
        ignores_value = not (args.op or args.collect or args.out or args.dry_run)
        op = _find_reduction(args, body, user_ns)
        skips, tries = _read_policy(args.on_error)
        source = open_named_source(args, user_ns)
        chunks = open_chunks(
            source,
            memory=args.memory,
            rows=args.rows,
            columns=args.columns,
            backend=args.backend,
            types=args.types,
            limit=args.limit,
        ).for_cell(body, dict(args.read or ()))
        if args.dry_run:
            return chunks.plan()
        if args.fit is not None:
            return run_fit(args, chunks, body, source.name)
        job = chunks.map(body)
        identity = _identify(args, source)
        only = _find_skipped(args.only, source, _skipped.get(identity, ()))
    if ignores_value and drops_value(cell, body.tree, user_ns):
        note = "the value of the last line is discarded"
        show(shell, Report(title=f"{note}; --reduce sum or --collect keeps it"))
    with (
        _keeping(job, args.into, user_ns),
        open_chunk_progress() as show_step,
        activities().open(source.name, "rows") as update,
    ):

        def progress(step: Step) -> None:
            show_step(step)
            update(
                step.rows,
                step.total_rows,
                chunks=step.chunks,
                chunk_peak_bytes=step.chunk_peak_bytes,
                budget_bytes=step.budget_bytes,
            )

        summary = job.run(
            op,
            out=args.out,
            resume=args.resume,
            on_error="skip" if skips else "stop",
            tries=tries,
            only=only,
            workers=args.workers,
            on=_find_cluster(user_ns, args.on),
            progress=progress,
            rehearsal=not args.no_rehearsal,
        )
    _skipped[identity] = summary.skipped
    if args.into is None:
        return summary
    user_ns[args.into] = summary.value
    return dataclasses.replace(summary, value=None)


def _find_cluster(variables: Mapping[str, Any], given: str | None) -> Any:
    """Return the client in a variable, or else the given text."""
    found = None if given is None else variables.get(given, given)
    if given is not None and found is None:
        message = f"{given} is None; --on takes dask, ray, an address, or a Dask client"
        raise UsageError(message)
    # After `import ray` the name is that of the library too.
    return given if issubclass(type(found), ModuleType) else found


def _compile(shell: Any, cell: str, given: str | None) -> CellBody:
    tree, filename = parse_cell_body(shell, cell)
    name = choose_name(given, tree, shell.user_ns)
    # With this flag ``await`` compiles, and can be refused with a clearer message.
    with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
        return CellBody(
            tree,
            filename,
            namespace=shell.user_ns,
            name=name,
            source=cell,
            compile_code=shell.compile,
        )


def _find_reduction(
    args: argparse.Namespace, body: CellBody, user_ns: dict[str, Any]
) -> Any:
    wanted = [
        option
        for option, given in (
            ("--reduce", args.op),
            ("--collect", args.collect),
            ("--out", args.out),
        )
        if given
    ]
    if len(wanted) > 1:
        message = f"{' and '.join(wanted)} exclude each other; give only one of them"
        raise UsageError(message)
    if args.op is None and not args.collect:
        if args.out is not None and not body.has_value:
            message = (
                "the cell does not end with an expression, so there are no rows for "
                "--out; end it with the frame to write"
            )
            raise UsageError(message)
        if args.into is not None and args.out is None:
            message = (
                "--into needs a way to combine the chunks' values; add --reduce OP "
                "for one result, or --collect for a list"
            )
            raise UsageError(message)
        return None
    if not body.has_value:
        message = (
            "the cell does not end with an expression, so a chunk has no value for "
            f"{'--collect' if args.collect else '--reduce'}; end it with the value"
        )
        raise UsageError(message)
    op = "append" if args.collect else args.op
    if callable(user_ns.get(op)) and op not in OPERATIONS:
        return user_ns[op]
    if op in NOT_COMBINED:
        message = (
            f"combining the {op} of each chunk does not give the {op} of all the data; "
            f"{NOT_COMBINED[op]}"
        )
        raise UsageError(message)
    if op not in OPERATIONS:
        message = (
            f"{op!r} is neither a reduction nor a function; give --reduce one of "
            f"{', '.join(OPERATIONS)}, or the name of a function of the result so far "
            "and the next value"
        )
        raise UsageError(message)
    return op


def _read_policy(text: str) -> tuple[bool, int]:
    """Return whether failed chunks are skipped, and how many times each is tried."""
    word, _, number = text.partition("=")
    if word in {"stop", "skip"} and not number:
        return word == "skip", 1
    if word == "retry" and number.isdecimal() and int(number) > 0:
        return False, 1 + int(number)
    message = f"--on-error takes stop, skip or retry=N, not {text}"
    raise UsageError(message)


def _identify(args: argparse.Namespace, source: Source) -> str:
    """Return what identifies a source, and changes when it changes."""
    try:
        return repr(source.fingerprint())
    except SourceError:
        # Nothing shows whether the data changed, so the user decides.
        return repr((args.source, args.sql, args.connection))


def _find_skipped(
    numbers: tuple[int, ...] | None, source: Source, skipped: Iterable[SkippedChunk]
) -> Iterable[SkippedChunk] | None:
    if numbers is None:
        return None
    known = {chunk.number: chunk for chunk in skipped}
    missing = [number for number in numbers if number not in known]
    if missing:
        listed = ", ".join(map(str, known)) or "none"
        message = (
            f"the last run over {source.name} did not skip chunk {missing[0]} "
            f"(skipped: {listed}); run it with --on-error skip first"
        )
        raise UsageError(message)
    return [known[number] for number in numbers]


@contextmanager
def _keeping(job: Mapped, into: str | None, user_ns: dict[str, Any]) -> Iterator[None]:
    """Keep the result so far if a run ends early, and report it."""
    __tracebackhide__ = True
    try:
        yield
    except BaseException as error:
        ours = isinstance(error, MemkitError) and not job.position.in_function
        if job.summary is not None and (job.summary.chunks or not ours):
            if job.summary.chunks and into is not None:
                user_ns[into] = job.summary.value
            stopped = isinstance(error, KeyboardInterrupt)
            sentence = build_failure(
                job.summary, str(job.position), interrupted=stopped, into=into
            )
            print(sentence, file=sys.stderr)  # noqa: T201 - a magic speaks to its user
        if ours:
            raise UsageError(str(error)) from error
        raise
