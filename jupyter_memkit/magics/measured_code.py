"""Measures code of the user's as it runs in their shell, once or several times."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.magics.cell_body import run_cell_body
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.mem import MemResult, mem


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCode:
    """Code to run in a shell, and the number of its first line."""

    shell: Any
    text: str
    first_line: int

    def run(self, *, shows: bool) -> None:
        """Run it, and show the value of its last expression or not.

        Showing a value takes memory, and the shell keeps what it showed.
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        interactivity = self.shell.ast_node_interactivity
        if not shows:
            self.shell.ast_node_interactivity = "none"
        try:
            run_cell_body(self.shell, self.text, "mem", first_line=self.first_line)
        finally:
            self.shell.ast_node_interactivity = interactivity


def choose_code(
    shell: Any, magic: str, statement: str, cell: str | None
) -> MeasuredCode:
    """Return the cell where there is one, or else the statement on the line.

    Raises
    ------
    UsageError
        When there is neither.
    """
    if cell is not None:
        return MeasuredCode(shell=shell, text=cell, first_line=2)
    if statement:
        return MeasuredCode(shell=shell, text=statement, first_line=1)
    message = (
        f"%{magic} needs a statement, such as %{magic} rows = list(range(10**6)); "
        f"for a cell write %%{magic} on its first line"
    )
    raise UsageError(message)


def measure(
    code: MeasuredCode,
    runs: int,
    build_report: Callable[[MemResult], Report],
    *,
    shows: bool,
) -> MemResult:
    """Return the run with the highest peak; when one fails, show the run until then.

    Parameters
    ----------
    code : MeasuredCode
        What to run.
    runs : int
        How many times.
    build_report : callable
        Builds what is shown of a run that failed.
    shows : bool
        Whether the value of the code is shown.
    """
    __tracebackhide__ = True  # As above.
    results = []
    for _ in range(runs):
        profile = mem()
        try:
            with profile:
                code.run(shows=shows)
        except (SyntaxError, UsageError):
            # A slip in the code, of which there is nothing to measure.
            raise
        except BaseException:
            show(code.shell, build_report(profile.result))
            raise
        results.append(profile.result)
    highest = max(results, key=lambda result: result.peak_bytes)
    return dataclasses.replace(highest, runs=runs)


def show(shell: Any, report: Report) -> None:
    """Show a report in a shell, which need not be the first one of the process."""
    data = {"text/plain": report.text(), "text/html": report.html()}
    shell.display_pub.publish(data=data, metadata={})
