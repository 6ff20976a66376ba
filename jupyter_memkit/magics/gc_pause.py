"""``%gc_pause`` and ``%%gc_pause``: pause the garbage collector."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Coroutine
from types import CodeType
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.cells.body import (
    await_cell_body,
    compile_cell_body,
    has_await,
    run_cell_body,
)
from jupyter_memkit.magics.arguments import argument, refusing, size
from jupyter_memkit.magics.awaiting import code_awaits
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.publishing import publish
from jupyter_memkit.techniques.gc_pausing.options import PauseOptions, read_options
from jupyter_memkit.techniques.gc_pausing.pause import GcPause
from jupyter_memkit.techniques.gc_pausing.switch import (
    GcStatus,
    GcSwitch,
    read_gc_status,
)
from jupyter_memkit.track.events import signal_safe_hook

if TYPE_CHECKING:
    from jupyter_memkit.track.collector_costs import CollectorCosts


@magics_class
class GcPauseMagics(Magics):
    """Pause the garbage collector for a cell, or until it is resumed."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._switch = GcSwitch()
        self._reminds = False
        self._begins = signal_safe_hook(self._pre_run_cell)

    def close(self) -> None:
        """End a ``%gc_pause on`` without a collection."""
        self._end_reminders()
        self._switch.close()

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "action",
        nargs="?",
        offers=("on", "off", "status", "report"),
        help="on (default), off, status or report; leave it out above a cell",
    )
    @argument(
        "--max-growth",
        metavar="SIZE",
        type=size,
        help="collect and resume the collector when the process has grown by this "
        "much, such as 2GB",
    )
    @argument(
        "--freeze",
        action="store_true",
        help="exclude all objects alive at the start from collections until the end",
    )
    @argument(
        "--threshold",
        metavar="N,N,N",
        help="raise the collector's thresholds to these instead of pausing it, such as "
        "50000 or 50000,20,100; thresholds that are already as high stay",
    )
    @argument(
        "--no-collect",
        action="store_true",
        help="skip the collection at the end of the pause",
    )
    def gc_pause(
        self, line: str, cell: str | None = None
    ) -> GcPause | GcStatus | CollectorCosts | Coroutine[Any, Any, None] | None:
        """Pause Python's cyclic garbage collector for a cell, or until further notice.

        Code that creates very many objects can run about twice as fast while it is
        paused; garbage in reference cycles stays in memory until the end. The previous
        state of the collector is restored exactly, also after an error.

        Examples
        --------
        ::

            %%gc_pause
            records = [json.loads(line) for line in open("records.jsonl")]

            %%gc_pause --max-growth 2GB --freeze
            graph = build_graph(records)

            %gc_pause
            %gc_pause status
            %gc_pause off

        The time that collections took in the last cells, by generation, and whether
        a pause would have saved time::

            %gc_pause report
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        arguments = parse_line(self.gc_pause, line)
        if cell is None:
            return self._act(arguments)
        if arguments.action is not None:
            message = "%%gc_pause pauses the collector for its cell; delete "
            raise UsageError(message + repr(arguments.action))
        pause = GcPause(_read_options(arguments), by="%%gc_pause")
        codes = compile_cell_body(self.shell, cell)
        if has_await(codes):
            return self._pause_awaiting(codes, pause)
        with pause:
            run_cell_body(self.shell, codes)
        publish(self.shell, pause)
        return None

    def awaits(self, _line: str, cell: str | None) -> bool:
        """Return whether the code of a call awaits."""
        return cell is not None and code_awaits(self.shell, cell)

    async def _pause_awaiting(self, codes: list[CodeType], pause: GcPause) -> None:
        __tracebackhide__ = True  # As above.
        with pause:
            await await_cell_body(self.shell, codes)
        publish(self.shell, pause)

    def _act(self, arguments: Namespace) -> GcPause | GcStatus | CollectorCosts:
        options = _read_options(arguments)
        if arguments.action in ("on", None):
            status = self._switch.on(options)
            self._begin_reminders()
            return status
        if arguments.action == "off" and options == PauseOptions(
            collect=options.collect
        ):
            self._end_reminders()
            return self._switch.off(collect=options.collect)
        if options != PauseOptions():
            message = "options belong to %gc_pause on or %%gc_pause; "
            raise UsageError(message + "%gc_pause off only takes --no-collect")
        if arguments.action == "status":
            return read_gc_status()
        if arguments.action == "report":
            return _read_costs(self.shell)
        message = f"%gc_pause has no action {arguments.action!r}; "
        raise UsageError(message + "write on, off, status or report")

    def _begin_reminders(self) -> None:
        """Watch the cells that begin while the collector is paused, and only then."""
        shell: Any = self.shell
        if not self._reminds:
            shell.events.register("pre_run_cell", self._begins)
            self._reminds = True

    def _end_reminders(self) -> None:
        shell: Any = self.shell
        if self._reminds:
            shell.events.unregister("pre_run_cell", self._begins)
            self._reminds = False

    def _pre_run_cell(self, info: Any) -> None:
        # Only cells of the user, not code that a front end runs for itself.
        reminder = self._switch.remind() if info.store_history else None
        if reminder is not None:
            shell: Any = self.shell
            shell.display_pub.publish(data={"text/plain": reminder})


def _read_options(arguments: Namespace) -> PauseOptions:
    with refusing():
        return read_options(
            collect=not arguments.no_collect,
            max_growth=arguments.max_growth,
            freeze=arguments.freeze,
            threshold=_read_numbers(arguments.threshold),
        )


def _read_numbers(text: str | None) -> Any:
    """Return the whole numbers in a list; other text is refused later."""
    if text is None:
        return None
    try:
        return tuple(int(each) for each in text.split(","))
    except ValueError:
        return text


def _read_costs(shell: Any) -> CollectorCosts:
    # Imported on first use, so that a kernel starts fast.
    from jupyter_memkit.track.collector_costs import (  # noqa: PLC0415
        find_collector_costs,
    )
    from jupyter_memkit.track.tracker import tracker  # noqa: PLC0415

    with refusing():
        return find_collector_costs(tracker().cells, shell)
