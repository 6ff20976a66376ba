"""``%shrink``: convert arrays and frames to the smallest exact dtypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import variable_names

if TYPE_CHECKING:
    from jupyter_memkit.techniques.arrays.csv_reading.advice import ReadingAdvice
    from jupyter_memkit.techniques.arrays.records import Shrunk
    from jupyter_memkit.techniques.variables.undo import Restored


@magics_class
class ShrinkMagics(Magics):
    """Shrink arrays and frames."""

    @line_magic
    @magic_arguments()
    @argument(
        "names",
        nargs="*",
        metavar="NAME",
        offers=variable_names,
        help="an array, a frame or a Series",
    )
    @argument(
        "--dry-run",
        action="store_true",
        help="show what would change, without changing it",
    )
    @argument("--undo", action="store_true", help="restore the previous dtypes")
    @argument(
        "--file", metavar="PATH", help="show how to read a CSV file with small dtypes"
    )
    @argument(
        "--float32",
        action="store_true",
        help="round float64 to float32, the only lossy conversion",
    )
    @argument(
        "--no-categories",
        action="store_true",
        help="do not convert strings to categories",
    )
    def shrink(self, line: str) -> Shrunk | Restored | ReadingAdvice:
        """Convert arrays and frames to the smallest dtypes that keep every value.

        Integers become smaller integers whose sums do not overflow (in polars, of at
        most 16 bits), floats float32 if that represents every value bit for bit, object
        columns the type of their values, strings categories or Arrow strings if that is
        smaller, and small views are copied out of large bases. The variable is replaced
        with the result.

        Examples
        --------
        ::

            %shrink orders --dry-run
            %shrink orders
            %shrink --undo orders
            %shrink prices --float32
            %shrink --file orders.csv
            shrunk = %shrink orders
            shrunk.after_bytes
        """
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.show.progress import open_progress  # noqa: PLC0415

        arguments = parse_line(self.shrink, line)
        _check_options(arguments)
        if arguments.file is not None:
            return self._advise(arguments.file, arguments.names)
        if not arguments.names:
            message = "%shrink needs the names of variables, or --file PATH"
            raise UsageError(message)
        assert self.shell is not None, "the magics of a shell have one"
        if arguments.undo:
            return self._undo(arguments.names)
        from jupyter_memkit.techniques.arrays.policy import Policy  # noqa: PLC0415
        from jupyter_memkit.techniques.arrays.shrink_names import (  # noqa: PLC0415
            shrink_names,
        )

        policy = Policy(
            float32=arguments.float32, categories=not arguments.no_categories
        )
        with refusing(), open_progress("values") as progress:
            return shrink_names(
                *arguments.names,
                policy=policy,
                dry_run=arguments.dry_run,
                namespace=self.shell.user_ns,
                shell=self.shell,
                progress=progress,
            )

    def _undo(self, names: list[str]) -> Restored:
        from jupyter_memkit.techniques.variables.undo import undo_names  # noqa: PLC0415

        assert self.shell is not None, "the magics of a shell have one"
        with refusing():
            return undo_names(*names, namespace=self.shell.user_ns, shell=self.shell)

    def _advise(self, path: str, names: list[str]) -> ReadingAdvice:
        from jupyter_memkit.techniques.arrays.csv_reading.advice import (  # noqa: PLC0415
            advise_reading,
        )

        if names:
            message = f"%shrink --file takes one path; leave {names[0]} out"
            raise UsageError(message)
        with refusing():
            return advise_reading(path)


def _check_options(arguments: Any) -> None:
    """Refuse an option that has no effect on the request."""
    whole = "--file" if arguments.file is not None else "--undo"
    shrinking = {
        "--dry-run": arguments.dry_run,
        "--undo": arguments.undo and whole != "--undo",
        "--float32": arguments.float32,
        "--no-categories": arguments.no_categories,
    }
    given = [option for option, is_given in shrinking.items() if is_given]
    if given and (arguments.undo or arguments.file is not None):
        message = f"{whole} does not shrink anything; leave {given[0]} out"
        raise UsageError(message)
