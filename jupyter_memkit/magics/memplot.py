"""``%memplot``: plot memory over time, or the cells by their peaks."""

from __future__ import annotations

import tempfile
import time
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, duration, refusing
from jupyter_memkit.magics.line import parse_line

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.figure import Figure


@magics_class
class MemplotMagics(Magics):
    """Plot memory."""

    @line_magic
    @magic_arguments()
    @argument(
        "--cells",
        action="store_true",
        help="show bars for the 15 cells with the highest peaks, not the timeline",
    )
    @argument(
        "--gpu",
        action="store_true",
        help="show bars for the 15 cells with the highest peaks on a GPU, by the "
        "counters of torch and jax",
    )
    @argument(
        "--last",
        type=duration,
        metavar="DURATION",
        help="plot only this last stretch of time, such as 90s, 10min or 1h",
    )
    def memplot(self, line: str) -> Figure:
        """Plot the memory of this kernel over time, with its cells and the limit.

        Returns a matplotlib figure that is readable on light and dark backgrounds. A
        cross after a cell's number marks a failed cell; a dotted peak was sampled. In a
        terminal the plot is written to a file, and its path is printed.

        Examples
        --------
        ::

            %memplot
            %memplot --last 10min
            %memplot --cells
            %memplot --gpu
            figure = %memplot
            figure.savefig("memory.svg")
        """
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.show.plot import plot  # noqa: PLC0415

        arguments = parse_line(self.memplot, line)
        with refusing():
            since_s = 0.0
            if arguments.last is not None:
                since_s = time.time() - arguments.last
            figure = plot(since_s=since_s, cells=arguments.cells, gpu=arguments.gpu)
        if getattr(self.shell, "kernel", None) is None:
            # A terminal cannot display images.
            print(f"wrote {_write(figure)}")  # noqa: T201 - a magic speaks to its user
        return figure


def _write(figure: Figure) -> str:
    """Write a figure to a new temporary file, and return its path."""
    with tempfile.NamedTemporaryFile(
        prefix="memplot-", suffix=".png", delete=False
    ) as file:
        figure.savefig(file, format="png")
    return file.name
