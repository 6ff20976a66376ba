"""``%%chunked``: runs the cell once per chunk of data too large for memory."""

from __future__ import annotations

import argparse
import keyword
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_memkit.magics.arguments import whole_number

if TYPE_CHECKING:
    from jupyter_memkit.techniques.chunked import ChunkedSummary


def _variable(text: str) -> str:
    if text.isidentifier() and not keyword.iskeyword(text):
        return text
    message = f"{text!r} is no name of a variable"
    raise argparse.ArgumentTypeError(message)


@magics_class
class ChunkedMagics(Magics):
    """The magic over `jupyter_memkit.chunked`."""

    @cell_magic
    @magic_arguments()
    @argument(
        "source",
        help="the path of a CSV, TSV or Parquet file, quoted or not, or the name of a "
        "variable: a path, an array, a frame, a pandas reader, or any iterable",
    )
    @argument(
        "--rows",
        type=whole_number,
        metavar="N",
        help="rows of a chunk (default: 100000, of an iterable 10000 items)",
    )
    @argument(
        "--as",
        dest="name",
        type=_variable,
        default="chunk",
        metavar="NAME",
        help="the name of the chunk in the cell (default: chunk); what you have "
        "under this name comes back after the run",
    )
    @argument(
        "--into",
        type=_variable,
        metavar="NAME",
        help="the variable for the result; without --reduce a list of the values",
    )
    @argument(
        "--reduce",
        dest="op",
        metavar="OP",
        help="makes one result of the chunks' values, each the last expression of the "
        "cell: sum, min, max, count, concat, append, union, merge, or the name of your "
        "own function of the result so far and the next value",
    )
    def chunked(self, line: str, cell: str) -> ChunkedSummary:
        """Run the cell once per chunk of data that is too large for memory.

        Examples
        --------
        Revenue by category of a file of any size::

            %%chunked "orders.csv" --as df --reduce sum --into revenue
            df.assign(r=df.price * df.qty).groupby("cat").r.sum()

        Side effects alone, in chunks of a million rows::

            %%chunked orders.parquet --rows 1000000
            model.partial_fit(chunk[["price", "qty"]], chunk["cat"])

        Only the rows of interest, of all chunks together::

            %%chunked orders.csv --reduce concat --into expensive
            chunk[chunk.price > 99]

        Notes
        -----
        The cell runs in your namespace, and the names that it sets stay. Series and
        frames are summed by their index: a group that a chunk lacks counts as 0.
        ``count`` adds up the lengths of the values. Raise
        ``jupyter_memkit.StopChunks`` to end the run early. When a chunk fails or
        you interrupt the run, --into holds the result of the chunks before.

        The result is a summary with ``chunks``, ``rows``, ``duration_s``,
        ``peak_bytes``, and, without --into, the reduction's ``value``.
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        # A kernel starts with this magic; what it takes comes with its first use.
        from jupyter_memkit.magics.chunked_cell import run_chunked  # noqa: PLC0415

        return run_chunked(self.shell, self.chunked, line, cell)
