"""``%unload``: unload libraries, and list them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import StdinNotImplementedError, UsageError
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
        "--deep",
        action="store_true",
        help="also empty its modules, after asking: what still uses them breaks",
    )
    @argument("--yes", action="store_true", help="do not ask")
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
        formatters of their objects. Reports how much memory was actually freed, which
        is little: CPython rarely returns a library's memory, while %%isolated always
        does. If one of several libraries is refused, none is unloaded.

        Examples
        --------
        ::

            %unload seaborn
            %unload sns matplotlib --dry-run
            %unload sympy --names --deep
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
        options = {"names": arguments.names, "deep": arguments.deep}
        with refusing():
            if arguments.deep and not (arguments.dry_run or arguments.yes):
                # Refuse before asking.
                planned = unload(*modules, namespace=namespace, dry_run=True, **options)
                if not _ask(planned):
                    return planned
            return unload(
                *modules, namespace=namespace, dry_run=arguments.dry_run, **options
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
    """Refuse an option that has no effect on the request."""
    acting = {
        "--names": arguments.names,
        "--deep": arguments.deep,
        "--yes": arguments.yes,
        "--dry-run": arguments.dry_run,
    }
    given = [option for option, is_given in acting.items() if is_given]
    if arguments.list and given:
        message = f"--list only shows what is loaded; leave {given[0]} out"
        raise UsageError(message)
    if arguments.yes and not arguments.deep:
        message = "--yes only applies to --deep; leave it out"
        raise UsageError(message)


def _ask(planned: Unloaded) -> bool:
    """Ask whether to empty modules."""
    count = len(planned.modules)
    question = (
        f"Empty the {count} {'module' if count == 1 else 'modules'} of "
        f"{planned.name}? What still uses them will break. [y/N] "
    )
    try:
        answer = input(question)
    except (StdinNotImplementedError, EOFError) as error:
        message = "--deep asks for confirmation, which is not possible here; add --yes"
        raise UsageError(message) from error
    return answer.strip().lower() in ("y", "yes")
