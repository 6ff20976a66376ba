"""``%%isolated`` and ``%isolated``: run a cell in a separate process."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.cells.body import compile_cell_body
from jupyter_memkit.errors import suggest
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.magics.arguments import (
    argument,
    refusing,
    size,
    variable,
    variables,
)
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.mem_options import RESULT
from jupyter_memkit.magics.offers import variable_names
from jupyter_memkit.magics.publishing import publish
from jupyter_memkit.units import read_bytes

if TYPE_CHECKING:
    from jupyter_memkit.magics.isolated.session import Session
    from jupyter_memkit.techniques.isolated.records import (
        IsolatedClosed,
        IsolatedProcesses,
        IsolatedResult,
    )


def _processes(magics: IsolatedMagics) -> tuple[str, ...]:
    """Return the names of processes for completion."""
    return magics.names


@magics_class
class IsolatedMagics(Magics):
    """Run cells in separate processes."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._sessions: dict[str, Session] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the running processes."""
        return tuple(self._sessions)

    def find_processes(self, variable: str) -> tuple[str, ...]:
        """Return the names of the processes that have a variable."""
        sessions = self._sessions.items()
        return tuple(name for name, each in sessions if variable in each.variables)

    def close(self) -> None:
        """End the running processes."""
        with Interrupts() as interrupts:
            while self._sessions:
                self._sessions.popitem()[1].process.close(interrupts)

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "--out",
        type=variables,
        is_list=True,
        offers=variable_names,
        default=(),
        metavar="NAMES",
        help="the variables to return, as a,b (default: the value of the last "
        "expression)",
    )
    @argument(
        "--in",
        dest="inputs",
        type=variables,
        is_list=True,
        offers=variable_names,
        default=(),
        metavar="NAMES",
        help="variables to send in addition to those that the code reads",
    )
    @argument(
        "--memory",
        type=size,
        metavar="SIZE",
        help="memory limit of the process, such as 2GB",
    )
    @argument(
        "--name",
        type=variable,
        offers=_processes,
        metavar="NAME",
        help="name the process and keep it running for the next cell with this name",
    )
    @argument(
        "--close",
        type=variable,
        offers=_processes,
        metavar="NAME",
        help="end a named process and free all its memory",
    )
    @argument(
        "--list",
        action="store_true",
        help="list the running processes (default without a cell)",
    )
    @RESULT
    def isolated(
        self, line: str, cell: str | None = None
    ) -> IsolatedResult | IsolatedProcesses | IsolatedClosed | None:
        """Run the cell in a fresh process, and return only what you ask for.

        When the process ends, all memory that the cell took is freed: data, libraries,
        and what the allocator would keep. Variables that the cell reads are sent to the
        process; variables that it sets or changes stay there unless --out names them.
        Output, errors and Ctrl-C work as in the kernel. A named process keeps running:
        variables that it already has are not sent again, unless --in names them.

        The process starts with the state of the kernel: working directory, environment,
        random numbers, options of libraries, warning filters, logging, and so on. Below
        the cell you see which of this the cell changed, which threads and processes it
        left running, and what no longer shares memory with a returned variable. What
        only works in the kernel is refused: open files, connections, input(), code and
        functions that inspect the whole session. Not covered are options of libraries
        other than numpy, pandas, polars, matplotlib, torch, scikit-learn, xarray, dask,
        networkx and pyarrow, patched libraries, and what is registered with libraries.
        For the full table see help("jupyter_memkit.techniques.isolated.state").

        Examples
        --------
        ::

            %%isolated --out daily
            import pandas as pd
            flights = pd.read_csv("flights.csv")
            daily = flights.groupby("day").delay.mean()

            %%isolated --memory 2GB
            count_words(path)

            %%isolated --name model
            model = train(table)

            %isolated
            %isolated --close model
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        args = parse_line(self.isolated, line)
        if cell is None:
            return self._manage(args)
        if args.close or args.list:
            message = "--close and --list do not run a cell; use %isolated on a line"
            raise UsageError(message)
        result = self._run(cell, args)
        if args.wants_result:
            return result
        publish(self.shell, result)
        return None

    def _manage(self, args: argparse.Namespace) -> IsolatedProcesses | IsolatedClosed:
        if args.out or args.inputs or args.memory or args.name or args.wants_result:
            message = (
                "%isolated lists or closes processes; put %%isolated on the first "
                "line of a cell to run it"
            )
            raise UsageError(message)
        if args.close and args.list:
            message = "--list and --close exclude each other; give only one of them"
            raise UsageError(message)
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.techniques.isolated.records import (  # noqa: PLC0415
            IsolatedClosed,
            IsolatedProcess,
            IsolatedProcesses,
        )

        if args.close:
            process = self._find(args.close).process
            freed_bytes = process.read_memory().rss_bytes
            with Interrupts() as interrupts:
                del self._sessions[args.close]
                process.close(interrupts)
            return IsolatedClosed(name=args.close, freed_bytes=freed_bytes)
        return IsolatedProcesses(
            processes=tuple(
                IsolatedProcess(
                    name=name,
                    pid=session.process.pid,
                    rss_bytes=session.process.read_memory().rss_bytes,
                    peak_bytes=session.peak_bytes,
                    started_s=session.process.started_s,
                    cells=session.n_cells,
                    variables=session.variables,
                )
                for name, session in self._sessions.items()
            )
        )

    def _find(self, name: str) -> Session:
        if name not in self._sessions:
            known = ", ".join(self._sessions)
            otherwise = f"there is {known}" if known else "none is running"
            remedy = suggest(name, self._sessions, otherwise)
            message = f"there is no process {name}; {remedy}"
            raise UsageError(message)
        return self._sessions[name]

    def _run(self, cell: str, args: argparse.Namespace) -> IsolatedResult:
        __tracebackhide__ = True  # As above.
        memory = args.memory
        with refusing():
            memory_bytes = None if memory is None else read_bytes("memory", memory)
        # Before the process starts, so that a syntax error is reported at once.
        codes = compile_cell_body(self.shell, cell)
        with self._session(args.name) as session:
            # While the process starts.
            from jupyter_memkit.magics.isolated.cell import (  # noqa: PLC0415 - as above
                CellOptions,
                run_isolated,
            )

            options = CellOptions(
                outputs=args.out,
                inputs=args.inputs,
                memory_bytes=memory_bytes,
                name=args.name,
            )
            value, result = run_isolated(self.shell, codes, options, session)
        if value is not None:
            # As the kernel does at the end of a cell.
            sys.displayhook(value)
        return result

    @contextmanager
    def _session(self, name: str | None) -> Iterator[Session]:
        """Yield a process, which ends with the block unless it has a name."""
        __tracebackhide__ = True  # As above.
        from jupyter_memkit.magics.isolated.session import (  # noqa: PLC0415 - as above
            Session,
        )

        with Interrupts() as interrupts:
            session = self._sessions.get(name) if name else None
            if session is not None and not session.process.is_alive:
                del self._sessions[str(name)]
                session.process.end()
                message = (
                    f"the process {name} has ended and its variables are lost; rerun "
                    "the cells that set them"
                )
                raise UsageError(message)
            if session is None:
                with refusing():
                    session = Session(self.shell)
            if name is not None:
                self._sessions[name] = session
            try:
                with interrupts.allowed(repeatedly=True):
                    yield session
            finally:
                if name is None:
                    session.process.close(interrupts)
                elif not session.process.is_alive:
                    self._sessions.pop(name).process.end()
