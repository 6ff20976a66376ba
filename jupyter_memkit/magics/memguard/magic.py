"""``%memguard`` and ``%%memguard``: stop a cell before its memory kills the kernel."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Coroutine
from types import CodeType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import magic_arguments
from traitlets import Unicode

from jupyter_memkit.cells.body import (
    await_cell_body,
    compile_cell_body,
    has_await,
    run_cell_body,
)
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.magics.arguments import argument, refusing
from jupyter_memkit.magics.awaiting import code_awaits
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.memguard.guarded_cells import GuardedCells
from jupyter_memkit.magics.memguard.obstacle_notice import ObstacleNotice
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.guarding import Guarded
from jupyter_memkit.techniques.guard.mark import Mark, read_mark
from jupyter_memkit.techniques.guard.records import GuardStatus

_VARIABLE = "JUPYTER_MEMKIT_GUARD"
_WORDS = ("auto", "off", "status")
_ACTIONS = ("stop", "warn")
# A number, and a unit or a percent sign.
_SPACED = re.compile(r"[\d.]+ ([a-zA-Z]+|%)")


class _GuardedBody(Guarded):
    """Guards the body of a cell; what prevents it is one sentence."""

    def __enter__(self) -> None:
        """Arm the guard."""
        with refusing():
            super().__enter__()


@magics_class
class MemguardMagics(Magics):
    """Stop cells before their memory kills the kernel."""

    mark = Unicode(
        "",
        help="The mark at which cells of every kernel are stopped, such as auto, 85% "
        f"or 8GB. The environment variable {_VARIABLE} has precedence.",
    ).tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._mark: Mark | None = None
        self._cells = GuardedCells(shell, reports_in_error=_VARIABLE in os.environ)
        self._notice: ObstacleNotice | None = None
        given = os.environ.get(_VARIABLE, self.mark).strip()
        if given and given.lower() != "off":
            self._arm_by_setting(given)

    def close(self) -> None:
        """Disarm the guard, and remove the hooks; blocks that run keep their marks."""
        process_guard().obstacle = ""
        if self._notice is not None:
            self._notice.close()
        try:
            self._disarm()
        finally:
            self._cells.close()
        if not process_guard().is_armed:
            process_guard().close()

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "mark",
        nargs="*",
        offers=_WORDS,
        help="a size for the kernel and its child processes, such as 8GB; a share of "
        "the smallest limit, such as 85%%; auto (default), which leaves 5%% of the "
        "limit free, but at least 256 MiB and at most 2 GiB; or off, or status",
    )
    @argument(
        "--action",
        choices=_ACTIONS,
        default="stop",
        help="what happens to the running cell at the mark (default: stop)",
    )
    def memguard(
        self, line: str, cell: str | None = None
    ) -> GuardStatus | Coroutine[Any, Any, None] | None:
        """Stop a cell when its memory reaches a mark, so that the kernel keeps running.

        The cell fails with ``MemoryLimitExceeded``, a ``MemoryError``. All variables
        stay, and a card shows what filled the memory and which lines would help.
        Pages of mapped files do not count, because the system takes them back. Of
        several cells that run at once in subshells, the one whose thread has touched
        the most new memory is stopped.

        Examples
        --------
        For all cells from now on::

            %memguard auto
            %memguard 8GB
            %memguard 85%

            %memguard status
            %memguard off

        For one cell::

            %%memguard 2GB
            frame = load_everything()

        To arm it in every kernel, also under nbclient and papermill, set the
        environment variable ``JUPYTER_MEMKIT_GUARD=auto``, or in
        ``ipython_config.py`` ``c.MemguardMagics.mark = "auto"``.
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        arguments = parse_line(self.memguard, line)
        given = _read_words(arguments.mark)
        if cell is not None:
            return self._guard_cell(cell, given, arguments.action)
        if given == "status":
            return process_guard().status
        if given == "off":
            with refusing():
                self._disarm()
            return process_guard().status
        if not given and self._mark is not None:
            return process_guard().status
        with refusing():
            self._arm(given or "auto", arguments.action)
        return process_guard().status

    def awaits(self, _line: str, cell: str | None) -> bool:
        """Return whether the code of a call awaits."""
        return cell is not None and code_awaits(self.shell, cell)

    def _guard_cell(
        self, cell: str, given: str, action: str
    ) -> Coroutine[Any, Any, None] | None:
        __tracebackhide__ = True  # As above.
        if given in ("off", "status"):
            message = f"%%memguard guards its cell; use %memguard {given}"
            raise UsageError(message)
        with refusing():
            mark = read_mark(given or "auto", action)
        codes = compile_cell_body(self.shell, cell)
        if has_await(codes):
            return self._run_awaiting(codes, mark)
        with _GuardedBody(mark, self._cells.begin):
            run_cell_body(self.shell, codes)
        return None

    async def _run_awaiting(self, codes: list[CodeType], mark: Mark) -> None:
        __tracebackhide__ = True  # As above.
        with _GuardedBody(mark, self._cells.begin):
            await await_cell_body(self.shell, codes)

    def _arm_by_setting(self, given: str) -> None:
        try:
            self._arm(given, "stop")
        except MemkitError as error:
            # Loading must not fail because of a setting. While a kernel starts, nobody
            # would see a warning.
            name = _VARIABLE if _VARIABLE in os.environ else "c.MemguardMagics.mark"
            obstacle = f"%memguard is not armed, because of {name}={given}: {error}"
            process_guard().obstacle = obstacle
            self._notice = ObstacleNotice(self.shell, obstacle)

    def _arm(self, given: str, action: str) -> None:
        mark = read_mark(given, action)
        # The new mark is in force before the old one is removed.
        process_guard().add(mark)
        process_guard().obstacle = ""
        before, self._mark = self._mark, mark
        if before is not None:
            process_guard().remove(before)

    def _disarm(self) -> None:
        process_guard().obstacle = ""
        if self._mark is not None:
            process_guard().remove(self._mark)
            self._mark = None


def _read_words(words: list[str]) -> str:
    """Return the one mark, or other word of ours, that the words stand for."""
    for word in words:
        if word.lower() in _ACTIONS:
            message = f"{word!r} is an action; write --action {word.lower()}"
            raise UsageError(message)
    given = "".join(words)
    if len(words) > 1 and not _SPACED.fullmatch(" ".join(words)):
        message = f"{' '.join(words)!r} is more than one mark; give only one"
        raise UsageError(message)
    # `auto` can be written in any case.
    if given.isalpha() and given not in _WORDS and given.lower() != "auto":
        close = difflib.get_close_matches(given.lower(), _WORDS, n=1)
        if close:
            message = f"{given!r} is not a mark; did you mean {close[0]}?"
            raise UsageError(message)
    return given
