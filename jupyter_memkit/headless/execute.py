"""Executes a notebook, and measures its cells."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.files import write_file
from jupyter_memkit.headless.account import Account, Progress
from jupyter_memkit.headless.records import NotebookRun
from jupyter_memkit.paths import expand_home, working_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode


# What a run reads of a notebook. Many programs write the rest in ways that the format
# does not allow, and Jupyter runs their notebooks.
_READ = {
    "properties": {
        "metadata": {
            "properties": {
                "kernelspec": {
                    "type": "object",
                    "properties": {"name": {"type": ["string", "null"]}},
                }
            }
        },
        "cells": {
            "items": {
                "required": ["cell_type", "source"],
                "properties": {
                    # Without lone surrogates, which cannot be sent.
                    "source": {"type": "string", "pattern": r"^[^\ud800-\udfff]*$"},
                    "metadata": {"properties": {"tags": {"type": "array"}}},
                },
            }
        },
    }
}

# Of what the schema says, which quotes what was read.
_MOST_LETTERS = 200


class UnwrittenError(MemkitError):
    """The executed notebook cannot be written.

    Parameters
    ----------
    message : str
        Why.
    run : NotebookRun
        What was measured.
    """

    def __init__(self, message: str, run: NotebookRun) -> None:
        super().__init__(message)
        self.run = run


class RunInterruptedError(KeyboardInterrupt):
    """Ctrl-C during a run.

    Parameters
    ----------
    run : NotebookRun
        The cells that ended before.
    """

    def __init__(self, run: NotebookRun) -> None:
        super().__init__()
        self.run = run


def run_notebook(
    notebook: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    kernel: str | None = None,
    timeout_s: float | None = None,
    allow_errors: bool = False,
    progress: Progress | None = None,
) -> NotebookRun:
    """Execute a notebook from top to bottom, and measure each of its cells.

    The notebook itself is not changed. Its kernel starts in its folder, with the
    extension loaded.

    Parameters
    ----------
    notebook : str or path-like
        The notebook.
    output : str or path-like, optional
        Where to write the executed notebook, also after a failure.
    kernel : str, optional
        The name of the kernel; by default the one that the notebook names.
    timeout_s : float, optional
        The most seconds for a cell.
    allow_errors : bool
        Whether to continue after a cell that fails.
    progress : callable, optional
        Called with the number of a code cell and how many there are: before it runs
        with None, afterwards with its record.

    Returns
    -------
    NotebookRun
        The cells that ran. If a cell failed or the kernel died, `failure` says so.

    Raises
    ------
    MemkitError
        If the notebook cannot be read, its kernel cannot be started, or the time limit
        is none.
    UnwrittenError
        If the output cannot be written: a `MemkitError` with the run.
    RunInterruptedError
        After Ctrl-C: a `KeyboardInterrupt` with the run so far. The kernel has ended.

    Examples
    --------
    ::

        run = memkit.run_notebook("analysis.ipynb")
        print(run.needs_bytes, run.failure)
    """
    if timeout_s is not None and not 0 < timeout_s < math.inf:
        message = f"a cell cannot have {timeout_s} s; write more than 0 for timeout_s"
        raise MemkitError(message)
    # jupyter_client asks for it, and kernels need none.
    working_folder()
    path = expand_home(notebook)
    read = _read_notebook(path)
    # Needs nbclient, which is there now.
    from jupyter_memkit.headless.runner import Runner  # noqa: PLC0415

    account = Account()
    runner = Runner(read, account, progress)
    runner.allow_errors = allow_errors
    # Whole seconds; None means no limit.
    runner.timeout = None if timeout_s is None else math.ceil(timeout_s)
    if kernel is not None:
        runner.kernel_name = kernel
    interrupt = None
    try:
        failure = runner.run(path.resolve().parent)
    except KeyboardInterrupt as error:
        interrupt, failure = error, f"interrupted in cell {runner.number}"
    finally:
        error_of_output = None if output is None else _write_notebook(read, output)
    run = account.finish(str(notebook), failure)
    if interrupt is not None:
        raise RunInterruptedError(run) from error_of_output or interrupt
    if error_of_output is not None:
        raise UnwrittenError(str(error_of_output), run) from error_of_output
    return run


def _read_notebook(path: Path) -> NotebookNode:
    try:
        import nbclient  # noqa: F401, PLC0415 - part of JupyterLab, which may be missing
        import nbformat  # noqa: PLC0415
    except ImportError as error:
        message = (
            f"running a notebook needs nbclient ({error}); "
            'install it with: pip install "jupyter_memkit[lab]"'
        )
        raise MemkitError(message) from error
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except OSError as error:
        message = f"'{path}' cannot be read ({error.strerror}); check its name"
        raise MemkitError(message) from error
    # What nbformat raises for a file that is not a notebook depends on its content.
    except Exception as error:
        message = f"'{path}' is not a notebook; open it in JupyterLab and save it again"
        raise MemkitError(message) from error
    fault = _find_fault(notebook)
    if fault is not None:
        message = f"'{path}' is not a notebook that can be run: {fault}; correct it"
        raise MemkitError(message)
    return notebook


def _find_fault(notebook: NotebookNode) -> str | None:
    """Return what a run could not read, and where; None if it can read all it needs."""
    import jsonschema  # noqa: PLC0415 - nbformat needs it, too

    for error in jsonschema.Draft7Validator(_READ).iter_errors(notebook):
        place = "".join(f"[{each!r}]" for each in error.absolute_path)
        return f"{error.message[:_MOST_LETTERS]} (notebook{place})"
    return None


def _write_notebook(
    notebook: NotebookNode, output: str | os.PathLike[str]
) -> MemkitError | None:
    """Write the executed notebook; return why it cannot be written."""
    import nbformat  # noqa: PLC0415 - as above

    try:
        write_file(expand_home(output), f"{nbformat.writes(notebook)}\n")
    except MemkitError as error:
        return error
    return None
