"""``%%chunked``: run a cell once per chunk of data that is too large for memory."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument_group, kwds, magic_arguments

from jupyter_memkit.magics.arguments import (
    argument,
    as_written,
    fraction,
    size,
    variable,
    whole_number,
)
from jupyter_memkit.magics.offers import (
    backends,
    clusters,
    reductions,
    variable_names,
)
from jupyter_memkit.magics.words import read_value, split_list

if TYPE_CHECKING:
    from jupyter_memkit.techniques.chunked import ChunkedPlan, ChunkedSummary
    from jupyter_memkit.techniques.chunked.training import Fitted


# The comma before another KEY=VALUE.
_OTHER_OPTION = re.compile(r",\s*(?=[a-z_]+=)")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(split_list(text))
    if all(names):
        return names
    message = (
        f"{text!r} contains an empty name; separate names with commas, such as a,b"
    )
    raise argparse.ArgumentTypeError(message)


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if sign and key.strip():
        return key.strip(), value.strip()
    message = f"{text!r} is not KEY=VALUE; write it with =, such as sep=;"
    raise argparse.ArgumentTypeError(message)


def _option(text: str) -> tuple[str, str]:
    key, value = _pair(text)
    # A list or a dict may hold such a text.
    first, *others = _OTHER_OPTION.split(value) if value[:1] not in "[{(" else [value]
    if others:
        shown = " ".join(f"--read {each}" for each in (f"{key}={first}", *others))
        message = f"{text!r} is more than one option; write {shown}"
        raise argparse.ArgumentTypeError(message)
    return key, value


def _pairs(text: str) -> dict[str, str]:
    return dict(map(_pair, split_list(text)))


def _values(text: str) -> tuple[Any, ...]:
    return tuple(map(read_value, split_list(text)))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(whole_number, split_list(text)))


@magics_class
class ChunkedMagics(Magics):
    """The magic over `jupyter_memkit.chunked`."""

    @cell_magic
    @magic_arguments()
    @kwds(usage="%%chunked SOURCE [options]")
    @argument(
        "source",
        nargs="?",
        type=as_written,
        offers=variable_names,
        help="a file (CSV, JSON lines, Parquet, Arrow, NumPy, HDF5, Zarr, text), a "
        "folder, a pattern such as 'orders-*.parquet', or a variable with a path, a "
        "list of paths, an array, a frame, a lazy frame, or any iterable",
    )
    @argument(
        "--memory",
        type=size,
        metavar="SIZE",
        help="how much the process may grow, such as 500MB: reader, cell and results "
        "together (default: a tenth of the memory that is free below the limit with "
        "the least room and the mark of %%memguard, at least 64 MiB)",
    )
    @argument(
        "--as",
        dest="name",
        type=variable,
        offers=variable_names,
        metavar="NAME",
        help="the name of the chunk in the cell (default: chunk, or else the only "
        "undefined name in the cell); a variable of this name is restored after the "
        "run",
    )
    @argument(
        "--reduce",
        dest="op",
        offers=reductions,
        metavar="OP",
        help="combine the values of the cell's last expression into one result: sum, "
        "min, max, count, concat, append, union, merge, or the name of your own "
        "function of the result so far and the next value",
    )
    @argument(
        "--into",
        type=variable,
        offers=variable_names,
        metavar="NAME",
        help="the variable for the result",
    )
    @argument(
        "--out",
        metavar="FILE",
        help="stream the values of the chunks, frames or lists of dicts, to this file: "
        ".parquet, .csv, .tsv, .arrow or .jsonl; it appears when it is complete",
    )
    @argument(
        "--columns",
        type=_names,
        is_list=True,
        metavar="NAMES",
        help="the columns to read, as a,b (default: those that the cell uses, if its "
        "code proves which ones)",
    )
    @argument(
        "--rows",
        type=whole_number,
        metavar="N",
        help="rows per chunk (default: what the budget allows)",
    )
    @argument(
        "--workers",
        type=whole_number,
        default=0,
        metavar="N",
        help="run in N worker processes that share the memory budget; only the values "
        "of the chunks are sent back",
    )
    @argument_group("more options")
    @argument(
        "--collect",
        action="store_true",
        help="collect the values of the chunks in a list, same as --reduce append",
    )
    @argument(
        "--read",
        type=_option,
        action="append",
        metavar="KEY=VALUE",
        help="an option for the library that reads the file, such as sep=; or "
        "encoding=latin-1 for pandas.read_csv; can be repeated",
    )
    @argument(
        "--types",
        type=_pairs,
        is_list=True,
        metavar="NAME=TYPE",
        help="types of columns, as a=float64,b=str; category saves memory for text "
        "that repeats",
    )
    @argument(
        "--backend",
        offers=backends,
        metavar="NAME",
        help="the type of the chunks of a table: pandas, polars, arrow or numpy "
        "(default: the first one that is installed)",
    )
    @argument(
        "--sql",
        metavar="QUERY",
        help="read the rows of this query, in quotes, from --connection",
    )
    @argument(
        "--connection",
        type=variable,
        offers=variable_names,
        metavar="NAME",
        help="a variable that holds a connection of sqlite3, DuckDB, SQLAlchemy or "
        "ADBC",
    )
    @argument(
        "--resume",
        metavar="FILE",
        help="save the progress to this file; a run that was killed continues from it; "
        "deleted at the end",
    )
    @argument(
        "--on-error",
        offers=("stop", "skip", "retry="),
        metavar="WHAT",
        default="stop",
        help="what to do when the cell fails on a chunk: stop (default), skip (leave "
        "it out and list it), or retry=N (try up to N more times, then stop)",
    )
    @argument(
        "--only",
        type=_numbers,
        is_list=True,
        metavar="NUMBERS",
        help="run only over these chunks, as 3,7, which the previous run skipped",
    )
    @argument(
        "--on",
        offers=clusters,
        metavar="CLUSTER",
        help="run on a cluster: dask for the current Dask client, or ray for the "
        "cluster of ray.init(), or else a local one that is closed at the end; the "
        "address of a Dask scheduler; or a variable that holds a client",
    )
    @argument(
        "--fit",
        type=variable,
        offers=variable_names,
        metavar="MODEL",
        help="train this variable's model with partial_fit; the cell ends with the "
        "features and the target of a chunk, such as chunk[['a', 'b']], chunk.label",
    )
    @argument(
        "--epochs",
        type=whole_number,
        metavar="N",
        help="with --fit: number of passes over the data (default: 1)",
    )
    @argument(
        "--shuffle",
        type=whole_number,
        metavar="ROWS",
        help="with --fit: shuffle this many rows at a time, a tenth of the data or "
        "more; --rows is then the size of a batch",
    )
    @argument(
        "--holdout",
        type=fraction,
        metavar="FRACTION",
        help="with --fit: score the model on this fraction of the chunks after each "
        "epoch, such as 0.1, and do not train on them",
    )
    @argument(
        "--patience",
        type=whole_number,
        metavar="N",
        help="with --fit: end when the score has not improved for N epochs",
    )
    @argument(
        "--classes",
        type=_values,
        is_list=True,
        metavar="VALUES",
        help="with --fit: all values of the target, as False,True (default: a first "
        "pass finds them)",
    )
    @argument(
        "--limit",
        type=whole_number,
        metavar="N",
        help="stop after N chunks",
    )
    @argument(
        "--no-rehearsal",
        action="store_true",
        help="do not rehearse the cell; a cell without side effects is rehearsed on "
        "some rows before the run, to detect values that do not combine",
    )
    @argument(
        "--dry-run",
        action="store_true",
        help="show what would be read: rows, columns, chunks, time and memory",
    )
    def chunked(self, line: str, cell: str) -> ChunkedSummary | ChunkedPlan | Fitted:
        """Run the cell once per chunk of data that is too large for memory.

        Examples
        --------
        Revenue by category of files of any size, in 500 MB::

            %%chunked "data/orders-*.parquet" --memory 500MB --as df --reduce sum --into revenue
            df.assign(r=df.price * df.qty).groupby("cat").r.sum()

        Only side effects, in chunks of a million rows::

            %%chunked orders.parquet --rows 1000000
            model.partial_fit(chunk[["price", "qty"]], chunk["cat"])

        A model, with a score on a tenth of the chunks after each epoch::

            %%chunked orders.parquet --fit model --epochs 5 --holdout 0.1
            chunk[["price", "qty"]], chunk["cat"]

        Notes
        -----
        The cell runs in your namespace, and the names that it sets stay, except in
        other processes (--workers, --on). All chunks have the columns and types of the
        whole file. Series and frames are summed by their index; equal counts of
        ``value_counts`` can be in another order than over the whole. ``chunk_info`` has
        the chunk's ``number``, ``first_row``, ``rows`` and ``source``; raise
        ``jupyter_memkit.StopChunks`` to end the run early. When a chunk fails or you
        interrupt the run, --into holds the result so far.

        Returns a summary with ``chunks``, ``rows``, ``duration_s``, ``peak_bytes``,
        ``budget_bytes``, ``columns``, ``skipped``, and, without --into, the ``value``
        of the reduction.
        """  # noqa: E501 - a line of a notebook is one line
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.magics.chunked.cell import run_chunked  # noqa: PLC0415

        return run_chunked(self.shell, self.chunked, line, cell)
