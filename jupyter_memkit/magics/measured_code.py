"""Measures the user's code in their shell, in one or several runs."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.cells.body import (
    await_cell_body,
    has_await,
    run_cell_body,
)
from jupyter_memkit.measure.gpu_watch import GpuFigures
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.mem import MemResult, mem


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCode:
    """Code to run in a shell and measure.

    Attributes
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell in which it runs.
    codes : list of code
        Its statements.
    runs : int
        The number of runs.
    build_report : callable
        Builds the report of a run that failed.
    """

    shell: Any
    codes: list[CodeType]
    runs: int
    build_report: Callable[[MemResult], Report]

    @property
    def awaits(self) -> bool:
        """Whether it awaits, and needs `measure_awaiting`."""
        return has_await(self.codes)

    def measure(self) -> MemResult:
        """Return the run with the highest peak; show the report of a run that fails."""
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        results: list[MemResult] = []
        for _ in range(self.runs):
            with self._measuring(results):
                run_cell_body(self.shell, self.codes)
        return _highest(results)

    async def measure_awaiting(self) -> MemResult:
        """Like `measure`, for code that awaits."""
        __tracebackhide__ = True  # As above.
        results: list[MemResult] = []
        for _ in range(self.runs):
            with self._measuring(results):
                await await_cell_body(self.shell, self.codes)
        return _highest(results)

    @contextmanager
    def _measuring(self, results: list[MemResult]) -> Iterator[None]:
        __tracebackhide__ = True  # As above.
        profile = mem()
        try:
            with profile:
                yield
        except UsageError:
            # A usage error of a magic in the code, which leaves nothing to measure.
            raise
        except BaseException:
            # A Ctrl-C that strikes the measurement itself leaves no result.
            if profile.results:
                show(self.shell, self.build_report(profile.result))
            raise
        results.append(profile.result)


def choose_code(magic: str, statement: str, cell: str | None) -> str:
    """Return the cell if there is one, or else the statement on the line.

    Raises
    ------
    UsageError
        If there is neither.
    """
    if cell is not None:
        return cell
    if statement:
        return statement
    message = (
        f"%{magic} needs a statement, such as %{magic} rows = list(range(10**6)); "
        f"for a cell write %%{magic} on its first line"
    )
    raise UsageError(message)


def _highest(results: list[MemResult]) -> MemResult:
    highest = max(results, key=lambda result: result.peak_bytes)
    gpus: dict[tuple[str, int], GpuFigures] = {}
    for figures in itertools.chain.from_iterable(result.gpus for result in results):
        place = (figures.library, figures.device)
        if place not in gpus or figures.rise_bytes > gpus[place].rise_bytes:
            gpus[place] = figures
    return dataclasses.replace(highest, gpus=tuple(gpus.values()), runs=len(results))


def show(shell: Any, report: Report) -> None:
    """Show a report in a shell that may not be the first of the process."""
    data = {"text/plain": report.text(), "text/html": report.html()}
    shell.display_pub.publish(data=data, metadata={})
