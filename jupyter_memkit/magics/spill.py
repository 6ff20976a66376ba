"""``%spill``: move variables to disk and back."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import variable_names

if TYPE_CHECKING:
    from jupyter_memkit.techniques.spilling.listing import SpilledVariables
    from jupyter_memkit.techniques.spilling.variables import Spilled


@magics_class
class SpillMagics(Magics):
    """Move variables to disk and back."""

    def close(self) -> None:
        """Remove the files; variables in them remain usable."""
        # If it was never loaded, there are no files.
        folders = sys.modules.get("jupyter_memkit.techniques.spilling.folders")
        if folders is not None:
            folders.remove_folders()

    @line_magic
    @magic_arguments()
    @argument(
        "names",
        nargs="*",
        metavar="NAME",
        offers=variable_names,
        help="an array, a frame or a Series",
    )
    @argument("--back", action="store_true", help="move them back into memory")
    @argument(
        "--folder",
        metavar="PATH",
        help="folder for the file (default: the temporary folder)",
    )
    def spill(self, line: str) -> Spilled | SpilledVariables:
        """Move arrays and frames to a memory-mapped file on disk.

        Names, types and values stay the same. Parts that you use are read from disk,
        and the system can drop them from memory again; writes go to the file. Arrays
        that share the memory move too, and outputs that refer to it are deleted.
        Without a name, lists what is on disk.

        The file is in a folder of this kernel that only you can read, and is removed
        when nothing uses it any more, at the latest when the kernel ends.

        Examples
        --------
        ::

            %spill prices
            %spill prices orders --folder /data/tmp
            %spill
            %spill --back prices
            spilled = %spill prices
            spilled.freed_bytes
        """
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.show.progress import open_bar  # noqa: PLC0415
        from jupyter_memkit.techniques.spilling.listing import (  # noqa: PLC0415
            list_spilled,
        )
        from jupyter_memkit.techniques.spilling.variables import (  # noqa: PLC0415
            spill_variables,
            unspill_variables,
        )

        assert self.shell is not None, "the magics of a shell have one"
        arguments = parse_line(self.spill, line)
        names = arguments.names
        if arguments.folder and (arguments.back or not names):
            message = "--folder is for new files; give it with the names to move"
            raise UsageError(message)
        if arguments.back and not names:
            message = "give the names to move back; %spill lists them"
            raise UsageError(message)
        if not names:
            return list_spilled(self.shell.user_ns)
        with refusing(), _releasing(), open_bar("B") as bar:

            def progress(done_bytes: int, total_bytes: int) -> None:
                bar(done_bytes, total_bytes, "")

            if arguments.back:
                return unspill_variables(*names, shell=self.shell, progress=progress)
            return spill_variables(
                *names,
                shell=self.shell,
                folder=arguments.folder,
                progress=progress,
                search_progress=lambda n: bar(0, None, f"{n:,} objects checked"),
            )


@contextmanager
def _releasing() -> Iterator[None]:
    """Keep no references to an interrupted move, although IPython keeps the error."""
    try:
        yield
    except KeyboardInterrupt as error:
        traceback.clear_frames(error.__traceback__)
        raise
