"""``%to_numpy``: convert lists to arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, refusing, variable
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import variable_names
from jupyter_memkit.magics.words import read_value

if TYPE_CHECKING:
    from jupyter_memkit.techniques.arrays.records import Packed

_WORDS = {"nan": math.nan, "nat": math.nan, "inf": math.inf}


@magics_class
class ToNumpyMagics(Magics):
    """Convert lists to arrays."""

    @line_magic
    @magic_arguments()
    @argument(
        "names",
        nargs="+",
        metavar="NAME",
        offers=variable_names,
        help="a list, or a container of lists",
    )
    @argument(
        "--into",
        type=variable,
        metavar="NAME",
        offers=variable_names,
        help="the variable for the result",
    )
    @argument(
        "--missing",
        metavar="VALUE",
        help="replacement for None and for values of another type than most",
    )
    @argument("--frame", action="store_true", help="make a pandas DataFrame")
    def to_numpy(self, line: str) -> Packed:
        """Convert lists, tuples and deques to arrays that hold every value exactly.

        Rows of equal length become an array with more dimensions, a dict of lists a
        dict of arrays, a list of dicts a structured array or, with --frame, a
        DataFrame. The variable is replaced with the array, and the memory of the list
        is returned to the system.

        Examples
        --------
        ::

            %to_numpy prices
            %to_numpy prices --missing nan
            %to_numpy records --frame --into orders
            packed = %to_numpy prices
            packed.variables[0].after_bytes
        """
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.show.progress import open_progress  # noqa: PLC0415
        from jupyter_memkit.techniques.arrays.pack_names import (  # noqa: PLC0415
            pack_names,
        )

        arguments = parse_line(self.to_numpy, line)
        assert self.shell is not None, "the magics of a shell have one"
        with refusing(), open_progress("values") as progress:
            return pack_names(
                *arguments.names,
                missing=_read_value(arguments.missing),
                frame=arguments.frame,
                into=arguments.into,
                namespace=self.shell.user_ns,
                shell=self.shell,
                progress=progress,
            )


def _read_value(text: str | None) -> Any:
    """Parse a value: a number, a name for one, or text."""
    if text is None:
        return None
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return read_value(text)
