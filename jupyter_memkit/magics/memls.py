"""``%memls``: list the variables by true size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import any_size, argument, duration, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import type_names, variable_names
from jupyter_memkit.magics.words import split_list

if TYPE_CHECKING:
    from jupyter_memkit.track.variables import Variables


@magics_class
class MemlsMagics(Magics):
    """List the variables by true size."""

    @line_magic
    @magic_arguments()
    @argument(
        "patterns",
        nargs="*",
        metavar="NAME",
        offers=variable_names,
        help="names to list; * and ? are wildcards",
    )
    @argument(
        "--all",
        action="store_true",
        help="also list outputs, errors, figures and caches",
    )
    @argument(
        "--exact", action="store_true", help="visit every object instead of sampling"
    )
    @argument(
        "--type",
        action="append",
        default=[],
        offers=type_names,
        help="list only this type; can be repeated",
    )
    @argument(
        "--min",
        type=any_size,
        default=0,
        metavar="SIZE",
        help="list only larger variables",
    )
    @argument(
        "--budget",
        type=duration,
        metavar="TIME",
        help="stop after this time, such as 5s",
    )
    def memls(self, line: str) -> Variables:
        """List the variables by true size, shared memory counted once.

        Arrays, frames and tensors count with all the memory that they hold, views with
        their whole base. Large containers are sampled and marked with ≈. Functions and
        classes are listed if they hold data; the last row is the rest of the process.
        A torch model is broken down into its parameters, gradients, optimizer state,
        buffers and the activations that live graphs keep for it; with its name, by
        layer.

        Examples
        --------
        ::

            %memls
            %memls df* --exact
            %memls --all --min 10MB
            %memls --type DataFrame --type ndarray*
            %memls model
            listed = %memls
            listed.variables[0].size.bytes
        """
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.show.progress import open_progress  # noqa: PLC0415
        from jupyter_memkit.track.variables import list_variables  # noqa: PLC0415

        arguments = parse_line(self.memls, line)
        with refusing(), open_progress("objects") as progress:
            return list_variables(
                self.shell,
                patterns=[
                    name
                    for word in arguments.patterns
                    for name in split_list(word)
                    if name
                ],
                types=arguments.type,
                at_least_bytes=arguments.min,
                hidden=arguments.all,
                exact=arguments.exact,
                budget_s=arguments.budget,
                progress=progress,
            )
