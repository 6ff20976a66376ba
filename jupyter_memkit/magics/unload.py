"""``%unload``: unload libraries, and list them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import module_names

if TYPE_CHECKING:
    from jupyter_memkit.techniques.unloading import Libraries, Unloaded


@magics_class
class UnloadMagics(Magics):
    """Unload libraries."""

    @line_magic
    @magic_arguments()
    @argument(
        "modules",
        nargs="*",
        metavar="NAME",
        offers=module_names,
        help="a module, or the name that you gave it",
    )
    @argument(
        "--names",
        action="store_true",
        help="also delete names bound to its functions and classes",
    )
    @argument(
        "--unused", action="store_true", help="unload all libraries that nothing uses"
    )
    @argument(
        "--list",
        action="store_true",
        help="list the loaded libraries, with their memory and what uses them",
    )
    @argument(
        "--dry-run",
        action="store_true",
        help="show what would be removed, without removing it",
    )
    def unload(self, line: str) -> Unloaded | Libraries:
        """Unload libraries with their submodules and the names bound to them.

        What they registered elsewhere is removed too: exit callbacks, warning filters,
        formatters of their objects. Reports how much memory was actually freed, usually
        little: CPython rarely returns a library's memory, while %%isolated always
        does. If one of several libraries is refused, none is unloaded.

        Examples
        --------
        ::

            %unload seaborn
            %unload sns matplotlib --dry-run
            %unload sympy --names
            %unload --list
            %unload --unused --dry-run
            result = %unload sympy
            result.freed_bytes
        """
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.techniques.unloading import (  # noqa: PLC0415
            libraries,
            unload,
        )

        assert self.shell is not None, "the magics of a shell have one"
        arguments = parse_line(self.unload, line)
        namespace = self.shell.user_ns
        _check_one_way(arguments)
        _check_options(arguments)
        if arguments.list:
            return libraries(namespace)
        modules = arguments.modules
        if arguments.unused:
            found = libraries(namespace)
            modules = found.unused
            if not modules:
                return found
        with refusing():
            return unload(
                *modules,
                namespace=namespace,
                names=arguments.names,
                dry_run=arguments.dry_run,
            )


def _check_one_way(arguments: Any) -> None:
    """Refuse unless exactly one of names, --unused and --list is given."""
    ways = [arguments.modules, arguments.unused, arguments.list]
    if sum(map(bool, ways)) != 1:
        message = (
            "%unload needs either names of modules, --unused or --list; %unload "
            "--list shows what is loaded"
        )
        raise UsageError(message)


def _check_options(arguments: Any) -> None:
    """Raise when an option has no effect on the request."""
    acting = {"--names": arguments.names, "--dry-run": arguments.dry_run}
    given = [option for option, is_given in acting.items() if is_given]
    if arguments.list and given:
        message = f"--list only shows what is loaded; leave {given[0]} out"
        raise UsageError(message)
