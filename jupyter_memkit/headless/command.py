"""``jupyter memkit``: the commands of a terminal."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from jupyter_memkit import __version__
from jupyter_memkit.course import FOLDER, copy_notebooks, find_missing
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.files import aside_of, write_file
from jupyter_memkit.headless.compare import TOLERANCE, compare_runs
from jupyter_memkit.headless.execute import (
    RunInterruptedError,
    UnwrittenError,
    run_notebook,
)
from jupyter_memkit.headless.page import build_page
from jupyter_memkit.headless.records import CellRun, NotebookRun, read_run
from jupyter_memkit.headless.report import (
    build_comparison,
    build_report,
    explain_over,
)
from jupyter_memkit.magics.arguments import duration, fraction, size
from jupyter_memkit.magics.misspelt import suggest_option
from jupyter_memkit.paths import expand_home
from jupyter_memkit.units import format_bytes, format_duration

_FAILED, _WRONG, _INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 if a notebook failed or takes too much.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words of the command line; those of this process by default.
    """
    options = _make_parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except MemkitError as error:
        print(f"jupyter memkit: {error}", file=sys.stderr)  # noqa: T201 - a command prints
        return _WRONG
    except KeyboardInterrupt:
        _clear_line()
        print("interrupted; the kernel was shut down", file=sys.stderr)  # noqa: T201
        return _INTERRUPTED
    return status


class _Parser(argparse.ArgumentParser):
    """Suggests the option that was probably meant, for the subcommands as well."""

    def parse_known_args(  # type: ignore[override] # of two overloads
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and refuse an option that does not exist."""
        options, unknown = super().parse_known_args(args, namespace)
        for word in unknown:
            if word.startswith("-"):
                meant = suggest_option(word, self._option_string_actions)
                remedy = f"did you mean {meant}?" if meant else "--help lists them"
                self.error(f"there is no option {word}; {remedy}")
        return options, unknown


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jupyter memkit", description="The memory of notebooks, without a browser."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="execute a notebook and report the memory of each cell",
        description="Execute a notebook and report the memory of each cell. The "
        "notebook itself is not changed.",
    )
    run.add_argument("notebook", metavar="NOTEBOOK")
    run.add_argument(
        "--max-peak",
        type=size,
        metavar="SIZE",
        help="fail if a cell exceeds this memory, child processes included",
    )
    run.add_argument("--html", metavar="FILE", help="write the report as a page")
    run.add_argument("--json", metavar="FILE", help="write the figures as JSON")
    run.add_argument("--output", metavar="FILE", help="write the executed notebook")
    run.add_argument("--kernel", metavar="NAME", help="use another kernel")
    run.add_argument(
        "--timeout", type=duration, metavar="TIME", help="time limit per cell"
    )
    run.add_argument(
        "--allow-errors", action="store_true", help="continue after a cell that fails"
    )
    run.set_defaults(command=_run)

    compare = commands.add_parser(
        "compare",
        help="show which cells use more memory than in an earlier run",
        description="Compare two runs, and fail if a cell uses more memory than "
        "before, the notebook needs a higher limit, or it fails for a new reason.",
    )
    compare.add_argument("before", metavar="BEFORE.json")
    compare.add_argument("after", metavar="AFTER.json")
    compare.add_argument(
        "--tolerance",
        type=fraction,
        default=TOLERANCE,
        metavar="SHARE",
        help="how much more memory is allowed, as a fraction; increases below 8 MiB "
        f"are ignored (default: {TOLERANCE})",
    )
    compare.set_defaults(command=_compare)

    tour = commands.add_parser(
        "tour",
        help="copy the notebooks of the course to a folder of your choice",
        description="Copy the tour and the notebooks of the course to a folder, "
        "without replacing existing files.",
    )
    tour.add_argument(
        "folder",
        nargs="?",
        default=FOLDER,
        metavar="FOLDER",
        help=f"the folder, which is created if necessary (default: {FOLDER})",
    )
    tour.set_defaults(command=_tour)
    return parser


def _run(options: argparse.Namespace) -> int:
    for target in (options.html, options.json, options.output):
        if target is not None:
            _check_target(target)
    errors: list[MemkitError] = []
    try:
        run = run_notebook(
            options.notebook,
            output=options.output,
            kernel=options.kernel,
            timeout_s=options.timeout,
            allow_errors=options.allow_errors,
            progress=_show_progress,
        )
    except RunInterruptedError as interrupted:
        if isinstance(interrupted.__cause__, MemkitError):
            errors.append(interrupted.__cause__)
        _report(interrupted.run, options, errors)
        raise
    except UnwrittenError as unwritten:
        run = unwritten.run
        errors.append(unwritten)
    _report(run, options, errors)
    status = 0 if run.failure is None else _FAILED
    if options.max_peak is not None and run.over(options.max_peak):
        for line in explain_over(run.over(options.max_peak), options.max_peak):
            print(line, file=sys.stderr)  # noqa: T201
        status = _FAILED
    return _WRONG if errors else status


def _report(
    run: NotebookRun, options: argparse.Namespace, errors: list[MemkitError]
) -> None:
    """Print the report, write the files that were asked for, and print the errors."""
    _clear_line()
    # Printed first, because a disk can be full by now.
    try:
        _print(build_report(run).text())
    except MemkitError as error:
        errors.append(error)
    for target, build in ((options.json, _build_json), (options.html, build_page)):
        if target is not None:
            try:
                write_file(expand_home(target), build(run))
            except MemkitError as error:
                errors.append(error)
    for each in errors:
        print(f"jupyter memkit: {each}", file=sys.stderr)  # noqa: T201


def _build_json(run: NotebookRun) -> str:
    return json.dumps(run.to_dict(), indent=1) + "\n"


def _compare(options: argparse.Namespace) -> int:
    before, after = (
        read_run(expand_home(path)) for path in (options.before, options.after)
    )
    compared = compare_runs(before, after, tolerance=options.tolerance)
    _print(build_comparison(compared).text())
    return _FAILED if compared.is_worse else 0


def _tour(options: argparse.Namespace) -> int:
    first, *others = copy_notebooks(expand_home(options.folder))
    lines = [
        f"{len(others) + 1} notebooks are in {first.parent}; open the first one:",
        f'    jupyter lab "{first}"',
    ]
    missing = find_missing()
    needed = [package for package in missing if package != "torch"]
    if needed:
        lines += [
            f"They need packages that are not installed ({', '.join(needed)}):",
            '    pip install "jupyter_memkit[notebooks]"',
        ]
    if "torch" in missing:
        lines += ["08_deep_learning needs torch:", "    pip install torch"]
    _print("\n".join(lines))
    return 0


def _print(text: str) -> None:
    """Print a report; letters that the terminal or the pipe does not have, as numbers.

    Raises
    ------
    MemkitError
        If it cannot be written, as on a full disk.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(  # noqa: T201 - a command prints
            text.encode(encoding, "backslashreplace").decode(encoding), flush=True
        )
    except OSError as error:
        # Python would write the rest at its end, and fail again.
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        message = f"the report cannot be printed ({error.strerror})"
        raise MemkitError(message) from error


def _show_progress(number: int, total: int, cell: CellRun | None) -> None:
    _clear_line()
    if cell is not None:
        figures = (
            format_bytes(cell.highest_bytes),
            format_duration(cell.duration_s),
        )
        line = f"[{number}/{total}] {', '.join(figures)}: {cell.first_line}"
        print(line, file=sys.stderr)  # noqa: T201 - a command prints
    elif sys.stderr.isatty():
        sys.stderr.write(f"[{number}/{total}] running")
    sys.stderr.flush()


def _clear_line() -> None:
    """Remove the line about the running cell, which is written to a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def _check_target(target: str) -> None:
    """Refuse a file that cannot be written, before the notebook runs."""
    path = expand_home(target)
    try:
        if path.is_dir():
            message = f"'{target}' is a folder; name a file in it"
            raise MemkitError(message)
        if path.exists() and not path.is_file():
            return  # Such as /dev/stdout.
        if not path.resolve().parent.is_dir():
            message = f"the folder of '{target}' does not exist; create it first"
            raise MemkitError(message)
        # On a file system that is mounted read-only, the permissions say nothing.
        with aside_of(path.resolve()) as aside:
            aside.touch()
    except OSError as error:
        message = (
            f"'{target}' cannot be written ({error.strerror}); choose another place"
        )
        raise MemkitError(message) from error


if __name__ == "__main__":
    sys.exit(main())
