"""``%memkit``: the status of the kit."""

from __future__ import annotations

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments, parse_argstring

from jupyter_memkit.show.status import Status, read_status
from jupyter_memkit.track.tracker import tracker


@magics_class
class MemkitMagics(Magics):
    """The status of the kit."""

    @line_magic
    @magic_arguments()
    def memkit(self, line: str) -> Status:
        """Show the memory of this kernel, its limit, and how it is measured.

        Examples
        --------
        ::

            %memkit
            status = %memkit
            status.reading.rss_bytes
        """
        parse_argstring(self.memkit, line)
        return read_status(tracker())
