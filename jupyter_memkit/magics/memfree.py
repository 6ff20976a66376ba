"""``%memfree``: give memory back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import variable_names

if TYPE_CHECKING:
    from jupyter_memkit.techniques.release import Freed


@magics_class
class MemfreeMagics(Magics):
    """Give memory back."""

    @line_magic
    @magic_arguments()
    @argument(
        "names",
        nargs="*",
        metavar="NAME",
        offers=variable_names,
        help="a variable to delete first, also one that only a script of %%run has, or "
        "an output as Out[3]; a figure is closed",
    )
    @argument("--outputs", action="store_true", help="forget what cells have shown")
    @argument("--figures", action="store_true", help="close matplotlib's figures")
    @argument("--caches", action="store_true", help="empty the caches of functions")
    @argument(
        "--scripts",
        action="store_true",
        help="delete what %%run keeps of scripts and the notebook no longer names",
    )
    @argument("--workers", action="store_true", help="end joblib's idle processes")
    @argument("--all", action="store_true", help="all five of them")
    def memfree(self, line: str) -> Freed:
        """Give memory back to the system, and report how much it got.

        Lets go the tracebacks of failed cells, which keep every variable that was
        there, collects, and asks the allocators for what they have free. Variables are
        deleted with every copy that IPython keeps of what they hold; what lives on all
        the same is shown with what holds it.

        Examples
        --------
        ::

            %memfree
            %memfree prices orders
            %memfree --outputs --figures
            freed = %memfree
            freed.total_bytes
        """
        # Not before its first use: a kernel starts with every magic.
        from jupyter_memkit.show.progress import open_progress  # noqa: PLC0415
        from jupyter_memkit.techniques.release import free  # noqa: PLC0415

        arguments = parse_line(self.memfree, line)
        with refusing(), open_progress(None, "objects") as progress:
            return free(
                *arguments.names,
                outputs=arguments.outputs or arguments.all,
                figures=arguments.figures or arguments.all,
                caches=arguments.caches or arguments.all,
                scripts=arguments.scripts or arguments.all,
                workers=arguments.workers or arguments.all,
                shell=self.shell,
                progress=progress,
            )
