"""``%memfree``: free memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.cells.history import read_history
from jupyter_memkit.cells.usage import find_usage
from jupyter_memkit.magics.arguments import argument, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import variable_names
from jupyter_memkit.track.tracker import tracker

if TYPE_CHECKING:
    from jupyter_memkit.techniques.releasing.records import Freed

# A difference below this share of what cells kept, or below this size, is not reported.
_SHORT_SHARE = 0.05
_SHORT_BYTES = 16 * 1024 * 1024


@magics_class
class MemfreeMagics(Magics):
    """Free memory."""

    @line_magic
    @magic_arguments()
    @argument(
        "names",
        nargs="*",
        metavar="NAME",
        offers=variable_names,
        help="a variable to delete first, also one that only a script run with %%run "
        "has, or an output such as Out[3]; a figure is closed",
    )
    @argument(
        "--hooks",
        action="store_true",
        help="remove torch's hooks that keep a named model alive",
    )
    @argument(
        "--outputs", action="store_true", help="delete the outputs of cells (Out, _)"
    )
    @argument("--figures", action="store_true", help="close all matplotlib figures")
    @argument(
        "--caches",
        action="store_true",
        help="clear the caches of functions (lru_cache)",
    )
    @argument(
        "--scripts",
        action="store_true",
        help="delete what %%run keeps of scripts and no variable refers to",
    )
    @argument("--workers", action="store_true", help="end joblib's idle workers")
    @argument("--all", action="store_true", help="all of the above but --hooks")
    def memfree(self, line: str) -> Freed:
        """Return memory to the system, and report how much was freed.

        Drops the tracebacks of failed cells, which keep every variable of the failed
        code alive, collects garbage, and makes the allocators return what they hold
        free. Variables are deleted together with every copy that IPython keeps of
        their value; a value that is still alive, or a part of it such as the parameters
        of a model in an optimizer, is listed with what holds it and the remedy.

        Examples
        --------
        ::

            %memfree
            %memfree prices orders
            %memfree model --hooks
            %memfree --outputs --figures
            freed = %memfree
            freed.total_bytes
        """
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.show.progress import open_progress  # noqa: PLC0415
        from jupyter_memkit.techniques.release import free  # noqa: PLC0415

        arguments = parse_line(self.memfree, line)
        with refusing(), open_progress("objects") as progress:
            freed = free(
                *arguments.names,
                hooks=arguments.hooks,
                outputs=arguments.outputs or arguments.all,
                figures=arguments.figures or arguments.all,
                caches=arguments.caches or arguments.all,
                scripts=arguments.scripts or arguments.all,
                workers=arguments.workers or arguments.all,
                shell=self.shell,
                progress=progress,
            )
        return dataclasses.replace(
            freed,
            isolated=self._find_isolated(freed.names),
            **self._find_shortfall(freed),
        )

    def _find_isolated(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the processes of `%%isolated` that have a variable, by its name."""
        shell: Any = self.shell
        magics = shell.magics_manager.registry["IsolatedMagics"]
        found = {name: magics.find_processes(name) for name in names}
        return {name: processes for name, processes in found.items() if processes}

    def _find_shortfall(self, freed: Freed) -> dict[str, Any]:
        """Return which cells made the variables, if they kept more than was freed."""
        from jupyter_memkit.techniques.releasing.suspects import (  # noqa: PLC0415
            find_suspects,
        )

        shell: Any = self.shell
        usage = find_usage(read_history(shell.user_ns))
        made_in = {usage[name].made_in for name in freed.names if name in usage}
        kept_bytes = {
            cell.execution_count: cell.after_bytes - cell.before_bytes
            for cell in tracker().cells
            if cell.execution_count in made_in
        }
        made_bytes = sum(kept_bytes.values())
        short_bytes = made_bytes - freed.total_bytes
        if freed.held or short_bytes < max(_SHORT_BYTES, _SHORT_SHARE * made_bytes):
            return {}
        return {
            "made_in": tuple(sorted(kept_bytes)),
            "made_bytes": made_bytes,
            "suspects": find_suspects(shell.user_ns, shell.user_ns_hidden, None),
        }
