"""Measures which lines of the user's code take memory, in their shell."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.cells.body import await_cell_body, run_cell_body
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.magics.arguments import refusing
from jupyter_memkit.magics.measured_code import MeasuredCode, show
from jupyter_memkit.show.lines import build_report
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.line_memory import LinesResult
from jupyter_memkit.track.lines import LinesProfile, profile_lines


def watch(
    code: MeasuredCode, *, wants_result: bool
) -> LinesResult | Coroutine[Any, Any, LinesResult | None] | None:
    """Run code once, and show or return which lines took memory.

    The cost is announced first. If the code fails, the lines measured so far are shown.
    For code that awaits, returns a coroutine.

    Parameters
    ----------
    code : MeasuredCode
        The code; its number of runs is ignored.
    wants_result : bool
        Whether to return the result instead of showing it.
    """
    __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
    if code.awaits:
        return _watch_awaiting(code, wants_result=wants_result)
    with _watching(code.shell) as profile:
        run_cell_body(code.shell, code.codes)
    return _conclude(code.shell, profile, wants_result=wants_result)


async def _watch_awaiting(
    code: MeasuredCode, *, wants_result: bool
) -> LinesResult | None:
    __tracebackhide__ = True  # As above.
    with _watching(code.shell) as profile:
        await await_cell_body(code.shell, code.codes)
    return _conclude(code.shell, profile, wants_result=wants_result)


@contextmanager
def _watching(shell: Any) -> Iterator[LinesProfile]:
    __tracebackhide__ = True  # As above.
    profile = profile_lines(_find_cells(shell))
    show(shell, Report(title="watching every line", notes=(profile.cost,)))
    try:
        with ExitStack() as stack:
            with refusing():
                stack.enter_context(profile)
            yield profile
    except UsageError:
        # A usage error, which leaves nothing to show.
        raise
    except BaseException:
        # Nor is there anything to show if Ctrl-C came before the first line.
        with suppress(MemkitError):
            show(shell, build_report(profile.result))
        raise


def _conclude(
    shell: Any, profile: LinesProfile, *, wants_result: bool
) -> LinesResult | None:
    with refusing():
        result = profile.result
    if wants_result:
        return result
    show(shell, build_report(result))
    return None


def _find_cells(shell: Any) -> Callable[[str], bool]:
    """Return a function that tests whether a filename is that of a cell."""
    # IPython gives each cell its own filename, and keeps them all.
    names: dict[str, int] = shell.compile._filename_map  # noqa: SLF001
    return names.__contains__
