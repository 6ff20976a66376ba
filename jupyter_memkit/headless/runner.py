"""nbclient's client with an account of each cell; imports nbclient."""

from __future__ import annotations

import ast
import asyncio
import atexit
import contextlib
import os
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.util import ensure_async
from nbformat import NotebookNode
from zmq import IPC_PATH_MAX_LEN

from jupyter_memkit.asking import load_extension
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.headless.account import Account, Progress
from jupyter_memkit.track.deaths import find_death, leave_end
from jupyter_memkit.track.last_state import Place
from jupyter_memkit.track.state_folder import find_state_folder

# With it, the kernel would look for the deaths of another notebook.
_SESSION = "JPY_SESSION_NAME"
_TIMEOUT = "CellTimeoutError"
# Of the text of an exception, which can be a whole table.
_MOST_LETTERS = 500

_GUARD = "__import__('jupyter_memkit.techniques.guard.armed', fromlist=['_'])"
_UNGUARDED = f"{_GUARD}.process_guard().obstacle"
# The kernel has just answered.
_ANSWER_S = 60.0


class _UnmeasuredError(Exception):
    """The kernel cannot report the memory of a cell."""


class Runner(NotebookClient):
    """Executes a notebook once.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook, which gets the outputs.
    account : Account
        Receives each cell.
    progress : callable or None
        Called before and after each cell.
    """

    def __init__(
        self, notebook: NotebookNode, account: Account, progress: Progress | None
    ) -> None:
        super().__init__(notebook)
        self._account = account
        self._progress = progress
        self._codes = [
            index
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
            and cell.source.strip()
            and self.skip_cells_with_tag not in cell.metadata.get("tags", [])
        ]
        self.number = 0
        """The number of the code cell that runs or ran last."""
        self._death: str | None = None
        self._cancel: Callable[[], object] | None = None
        self._sockets: Path | None = None
        # A cell that takes too long is interrupted, so that its figures are known.
        self.interrupt_on_timeout = True
        self.error_on_timeout = {"ename": _TIMEOUT, "evalue": "", "traceback": []}

    def run(self, folder: Path) -> str | None:
        """Execute all cells; return why this ended early, None if it did not.

        nbclient handles signals where it runs on the main thread, and would take Ctrl-C
        from whoever called. So it runs on a separate thread.

        Parameters
        ----------
        folder : Path
            The working directory of the kernel.
        """
        ended: Future[None] = Future()

        def execute() -> None:
            try:
                with tempfile.TemporaryDirectory(prefix="memkit-") as sockets:
                    self._sockets = Path(sockets)
                    asyncio.run(self._execute(folder))
            except BaseException as error:  # noqa: BLE001 - raised by the waiting thread
                ended.set_exception(error)
            else:
                ended.set_result(None)

        thread = threading.Thread(target=execute, name="jupyter_memkit run")
        thread.start()
        try:
            ended.result()
        except CellExecutionError as error:
            if error.ename == _TIMEOUT:
                return f"cell {self.number} took more than {self.timeout} s"
            return f"cell {self.number} raised {_describe(error)}"
        except _UnmeasuredError as error:
            return str(error)
        except DeadKernelError:
            cause = "" if self._death is None else f": {self._death}"
            return f"the kernel died in cell {self.number}{cause}"
        except NoSuchKernel as error:
            message = (
                f"there is no kernel {error.name!r}; 'jupyter kernelspec list' shows "
                "those that exist: choose one in the notebook, or with jupyter memkit "
                "run --kernel NAME"
            )
            raise MemkitError(message) from error
        except KeyboardInterrupt:
            self._stop()
            raise
        finally:
            thread.join()
        return None

    def _stop(self) -> None:
        """End the run and its kernel, from another thread."""
        # A kernel that is asked to end during a cell writes a traceback.
        self.shutdown_kernel = "immediate"
        if self._cancel is not None:
            self._cancel()

    async def _execute(self, folder: Path) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        self._cancel = partial(
            asyncio.get_running_loop().call_soon_threadsafe, task.cancel
        )
        environment = {
            name: value for name, value in os.environ.items() if name != _SESSION
        }
        await self.async_execute(cwd=str(folder), env=environment)

    def create_kernel_manager(self) -> Any:
        """Return a manager whose kernel listens to files where the system can.

        A port that was free when the manager chose it can be taken by another process
        before the kernel listens, which ends the kernel.
        """
        manager: Any = super().create_kernel_manager()
        assert self._sockets is not None, "a kernel starts within a run"
        # The manager adds a number.
        file = self._sockets / "kernel"
        if len(os.fsencode(f"{file}-1")) <= IPC_PATH_MAX_LEN:
            manager.transport = "ipc"
            manager.ip = str(file)
        return manager

    async def async_start_new_kernel(self, **options: Any) -> None:
        """Start the kernel's process."""
        try:
            await super().async_start_new_kernel(**options)
        except OSError as error:
            raise self._failed_start(error) from error

    async def async_start_new_kernel_client(self) -> Any:
        """Start the client, and load the extension into the kernel."""
        try:
            client = await super().async_start_new_kernel_client()
        except RuntimeError as error:
            raise self._failed_start(error, "; its output above says why") from error
        try:
            await load_extension(client)
            self._account.unguarded = await _ask_unguarded(client)
        except BaseException:
            # nbclient only ends a kernel whose client has started.
            client.stop_channels()
            await ensure_async(self._manager.shutdown_kernel(now=True))
            raise
        return client

    def _failed_start(self, error: Exception, where: str = "") -> MemkitError:
        # nbclient would end the kernel once more at exit, and fail.
        atexit.unregister(self._cleanup_kernel)
        return MemkitError(
            f"the kernel {self.kernel_name!r} did not start: {error}{where}; choose "
            "another with jupyter memkit run --kernel NAME"
        )

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, *args: Any, **options: Any
    ) -> NotebookNode:
        """Execute a cell, and ask the kernel for its figures."""
        if cell_index not in self._codes:
            return await super().async_execute_cell(cell, cell_index, *args, **options)
        self.number = self._codes.index(cell_index) + 1
        self._report(None)
        try:
            cell = await super().async_execute_cell(cell, cell_index, *args, **options)
        except DeadKernelError:
            self._death = await self._find_death()
            raise
        except CellExecutionError:
            # Why the cell failed says more.
            with contextlib.suppress(_UnmeasuredError):
                await self._add()
            raise
        await self._add()
        return cell

    async def _add(self) -> None:
        try:
            cell = await self._account.add(self.kc, self.number)
        except MemkitError as error:
            raise _UnmeasuredError(str(error)) from error
        self._report(cell)

    @property
    def _manager(self) -> Any:
        """The kernel's manager, which exists while cells run."""
        return self.km

    def _report(self, cell: Any) -> None:
        if self._progress is not None:
            self._progress(self.number, len(self._codes), cell)

    async def _find_death(self) -> str | None:
        """Return what is known of the kernel's end, in one phrase."""
        connection = Path(self._manager.connection_file)
        place = Place(
            folder=find_state_folder(connection.parent),
            session="",
            kernel_id=connection.stem,
        )
        provisioner = self._manager.provisioner
        exit_code = await provisioner.poll()
        pid = getattr(provisioner, "pid", None)
        if exit_code is not None and pid is not None:
            leave_end(place.path_of(pid), exit_code)
        death = find_death(place)
        return None if death is None else death.cause


def _describe(error: CellExecutionError) -> str:
    """Return an exception of a cell in one line, without codes for a terminal."""
    shown = error.evalue[:_MOST_LETTERS]
    text = "".join(each if each.isprintable() else " " for each in shown)
    more = "…" if len(error.evalue) > _MOST_LETTERS else ""
    return f"{error.ename}: {' '.join(text.split())}".rstrip(": ") + more


async def _ask_unguarded(client: Any) -> str | None:
    """Return why the guard that a setting of a kernel asks for is not armed."""
    reply = await client.execute(
        "",
        silent=True,
        user_expressions={"memkit": _UNGUARDED},
        reply=True,
        timeout=_ANSWER_S,
    )
    result = reply["content"].get("user_expressions", {}).get("memkit", {})
    if result.get("status") != "ok":
        # The kernel has another version.
        return None
    return ast.literal_eval(result["data"]["text/plain"]) or None
