"""``%gc_pause`` and ``%%gc_pause``: pause the garbage collector."""

from __future__ import annotations

from collections.abc import Coroutine
from types import CodeType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from jupyter_memkit.magics.awaiting import code_awaits
from jupyter_memkit.magics.cell_body import (
    await_cell_body,
    compile_cell_body,
    has_await,
    run_cell_body,
)
from jupyter_memkit.techniques.gc_pause import GcPause, gc_pause
from jupyter_memkit.techniques.gc_switch import GcStatus, GcSwitch


@magics_class
class GcPauseMagics(Magics):
    """Pause the garbage collector for a cell, or until told otherwise."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._switch = GcSwitch()

    def close(self) -> None:
        """End a standing ``%gc_pause on`` without a collection."""
        self._switch.close()

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "action",
        nargs="?",
        help="on, off or status (the default); none of them for a cell",
    )
    @argument(
        "--no-collect",
        action="store_true",
        help="do not collect once at the end of the pause",
    )
    def gc_pause(
        self, line: str, cell: str | None = None
    ) -> GcPause | GcStatus | Coroutine[Any, Any, None] | None:
        """Pause Python's cyclic garbage collector for a cell, or until told otherwise.

        Code that makes very many objects runs several times faster without it;
        garbage in reference cycles stays until the end. The collector is restored
        exactly as it was found, also after an error.

        Examples
        --------
        ::

            %%gc_pause
            records = [json.loads(line) for line in open("records.jsonl")]

            %gc_pause on
            %gc_pause status
            %gc_pause off
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        arguments = parse_argstring(self.gc_pause, line)
        if cell is None:
            return self._switch_to(arguments.action, collect=not arguments.no_collect)
        if arguments.action is not None:
            message = "%%gc_pause pauses for its cell and takes no word; delete "
            raise UsageError(message + repr(arguments.action))
        codes = compile_cell_body(self.shell, cell)
        pause = gc_pause(collect=not arguments.no_collect)
        if has_await(codes):
            return self._pause_awaiting(codes, pause)
        with pause:
            run_cell_body(self.shell, codes)
        self._show(pause)
        return None

    def awaits(self, _line: str, cell: str | None) -> bool:
        """Return whether the code of a call awaits."""
        return cell is not None and code_awaits(self.shell, cell)

    async def _pause_awaiting(self, codes: list[CodeType], pause: GcPause) -> None:
        __tracebackhide__ = True  # As above.
        with pause:
            await await_cell_body(self.shell, codes)
        self._show(pause)

    def _show(self, pause: GcPause) -> None:
        # IPython's display() shows in the first shell of the process.
        shell: Any = self.shell
        data, metadata = shell.display_formatter.format(pause)
        shell.display_pub.publish(data=data, metadata=metadata)

    def _switch_to(self, action: str | None, *, collect: bool) -> GcPause | GcStatus:
        if action == "on":
            return self._switch.on()
        if action == "off":
            return self._switch.off(collect=collect)
        if action in ("status", None):
            return self._switch.status()
        message = f"%gc_pause does not know {action!r}; write on, off or status"
        raise UsageError(message)
