"""``%unload``: unload libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from jupyter_memkit.magics.arguments import refusing

if TYPE_CHECKING:
    from jupyter_memkit.techniques.unload import Unloaded


@magics_class
class UnloadMagics(Magics):
    """Unload libraries."""

    @line_magic
    @magic_arguments()
    @argument("names", nargs="+", metavar="NAME", help="a module, or your name for it")
    @argument("--dry-run", action="store_true", help="only tell what would be removed")
    def unload(self, line: str) -> Unloaded:
        """Unload libraries with their submodules and the names bound to them.

        Tells how much memory really came back, which is little: CPython rarely
        returns a library's memory. When one of several is refused, none is unloaded.

        Examples
        --------
        ::

            %unload seaborn
            %unload pd matplotlib --dry-run
            result = %unload sympy
            result.freed_bytes
        """
        # Not before its first use: a kernel starts with every magic.
        from jupyter_memkit.techniques.unload import unload  # noqa: PLC0415

        assert self.shell is not None, "the magics of a shell have one"
        arguments = parse_argstring(self.unload, line)
        with refusing():
            return unload(
                *arguments.names,
                namespace=self.shell.user_ns,
                dry_run=arguments.dry_run,
            )
