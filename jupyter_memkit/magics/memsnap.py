"""``%memsnap``: take snapshots of the sizes of variables, and compare them."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.errors import suggest
from jupyter_memkit.magics.arguments import argument
from jupyter_memkit.magics.line import parse_line

if TYPE_CHECKING:
    from jupyter_memkit.track.snapshots import Comparison, Moments, Snapshot


def _names(magics: MemsnapMagics) -> list[str]:
    """Return the names of the snapshots for completion."""
    return [*magics.names, "now"]


@magics_class
class MemsnapMagics(Magics):
    """Take snapshots of the sizes of variables, and compare them.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose variables are measured.
    """

    def __init__(self, shell: Any) -> None:
        super().__init__(shell=shell)
        self._snapshots: dict[str, Snapshot] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the snapshots."""
        return tuple(self._snapshots)

    @line_magic
    @magic_arguments()
    @argument(
        "names",
        nargs="*",
        metavar="NAME",
        offers=_names,
        help="one snapshot to take, or two to compare",
    )
    @argument("--drop", action="store_true", help="delete the named snapshots")
    def memsnap(self, line: str) -> Snapshot | Comparison | Moments | None:
        """Take a snapshot of the sizes of all variables, or compare two snapshots.

        A snapshot stores only sizes, so it keeps nothing alive. The name ``now`` stands
        for the present. A name that was used before is replaced. Without a name, lists
        the snapshots.

        Examples
        --------
        ::

            %memsnap before
            %memsnap after
            %memsnap before after
            %memsnap before now
        """
        arguments = parse_line(self.memsnap, line)
        names: list[str] = arguments.names
        if arguments.drop:
            self._drop(names)
            return None
        if not names:
            from jupyter_memkit.track.snapshots import Moments  # noqa: PLC0415 - as below

            return Moments(names=self.names)
        if len(names) == 1 and names[0] != "now":
            return self._take_as(names[0])
        if len(names) != 2:
            message = (
                "give one name to take a snapshot, %memsnap before, or two to compare "
                "them, %memsnap before now"
            )
            raise UsageError(message)
        before, after = map(self._find, names)
        return before.compare(after)

    def _take_as(self, name: str) -> Snapshot:
        taken = self._take()
        if name in self._snapshots:
            replaced = (
                f"replaced the earlier snapshot {name}; %memsnap {name} now compares "
                "with it instead"
            )
            print(replaced, file=sys.stderr)  # noqa: T201 - a magic speaks to its user
        self._snapshots[name] = taken
        return taken

    def _find(self, name: str) -> Snapshot:
        if name in self._snapshots:
            return self._snapshots[name]
        if name == "now":
            return self._take()
        remedy = suggest(name, self._snapshots, f"%memsnap {name} takes it")
        message = f"there is no snapshot {name!r}; {remedy}"
        raise UsageError(message)

    def _drop(self, names: list[str]) -> None:
        for name in names:
            if name not in self._snapshots:
                remedy = suggest(name, self._snapshots, self._list())
                message = f"there is no snapshot {name!r}; {remedy}"
                raise UsageError(message)
        for name in names or list(self._snapshots):
            self._snapshots.pop(name, None)

    def _list(self) -> str:
        """Name the snapshots in a sentence."""
        if not self._snapshots:
            return "none has been taken"
        there = "there are" if len(self._snapshots) > 1 else "there is only"
        return f"{there} {', '.join(self._snapshots)}"

    def _take(self) -> Snapshot:
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.track.snapshots import snapshot  # noqa: PLC0415
        from jupyter_memkit.track.user_variables import (  # noqa: PLC0415
            find_program,
            is_listed,
            user_variables,
        )

        values = user_variables(self.shell, program=True)
        taken = snapshot(values, program=tuple(find_program(self.shell)))
        minor = frozenset(
            name
            for name, size in taken.sizes.items()
            if not is_listed(name, values[name], size)
        )
        return replace(taken, minor=minor)
