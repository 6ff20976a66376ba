"""Tools for agents, which jupyter-server-mcp finds by their entry point.

They run in the process of the Jupyter Server and ask the kernel of a notebook. Nothing
that an agent sends is evaluated: a name is looked up, and a variable is deleted only
while it holds the object that was shown. Agents see the text of each docstring,
including its parameters.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import ensure_async

from jupyter_memkit import protocol
from jupyter_memkit.asking import SilentError, act, ask, ask_variables
from jupyter_memkit.errors import MemkitError, suggest
from jupyter_memkit.server.kernels import SETTING
from jupyter_memkit.units import format_bytes

# An agent waits, and a kernel answers within milliseconds.
_TIMEOUT_S = 10.0
# A request that is sent and dropped at once might not leave.
_LEAST_WAIT_S = 1
_MOST_WAIT_S = 600
_BUSY = (
    "a cell is running, and variables are inspected only between cells; ask again when "
    "it has ended (memory_state answers meanwhile)"
)


async def memory_state(notebook: str = "") -> dict[str, Any]:
    """Show the memory of a notebook's kernel, also while a cell runs.

    Returns the memory in use, the limit with its room, the highest memory, the running
    and the last cells with their peaks, and the largest variables. Sizes are in bytes,
    times in seconds. While a call into C holds Python's lock, the kernel cannot answer;
    then only what the server reads from outside is returned: the memory in use and the
    limit.

    Parameters
    ----------
    notebook : str
        The path of the notebook on the server, or the id of its kernel. It can be
        omitted if only one notebook is running.

    Returns
    -------
    dict
        A `jupyter_memkit.protocol.State`, or a `ServerReading`.

    Raises
    ------
    MemkitError
        If the notebook is not running, or its kernel does not answer, and the server
        cannot read its memory.
    """
    kernel_id = await _find_kernel(notebook)
    async with _connect(kernel_id) as client:
        try:
            state: dict[str, Any] = await ask(client, {"type": "state"}, _TIMEOUT_S)
        except SilentError:
            # Missing if the server has not loaded the extension.
            kernels = ServerApp.instance().web_app.settings.get(SETTING)
            if kernels is None:
                raise
            return dict(await kernels.read(kernel_id))
        return state


async def memory_holders(name: str, notebook: str = "") -> dict[str, Any]:
    """Show the size of a variable of a notebook, and what keeps it in memory.

    Returns its size in bytes, the expressions that refer to its value, and the token
    that free_variable needs. Answers between cells only.

    Parameters
    ----------
    name : str
        The name of the variable; an expression is not evaluated.
    notebook : str
        As for memory_state.

    Returns
    -------
    dict
        Parts of a `ListedVariable` and of `Holders`.

    Raises
    ------
    MemkitError
        If there is no such variable, or a cell is running.
    """
    async with _connect(await _find_kernel(notebook)) as client:
        variable = await _find_variable(client, name)
        request = {"type": "holders", "name": name, "token": variable["token"]}
        found: protocol.Holders = await ask(client, request, _TIMEOUT_S)
        if found["type"] != "holders":
            raise MemkitError(_BUSY)
        return {
            **{key: variable[key] for key in ("name", "token", "type", "bytes")},
            **{key: variable[key] for key in ("shared_bytes", "accuracy", "made_in")},
            **{key: found[key] for key in ("chains", "more", "complete")},
        }


async def free_variable(
    name: str, token: str, notebook: str = "", wait_s: float = 30.0
) -> dict[str, Any]:
    """Delete a variable of a notebook, and every copy that IPython keeps of it.

    Returns the bytes that were freed, and what still holds the value, with remedies.
    The variable is deleted after the running cell, and only if it still holds the
    object that memory_holders showed.

    Parameters
    ----------
    name : str
        The name of the variable.
    token : str
        The token that memory_holders returned with it. If the variable holds another
        object now, call memory_holders again.
    notebook : str
        As for memory_state.
    wait_s : float
        How long to wait for the running cell, 1 to 600 seconds. After that the variable
        is still deleted when the cell has ended.

    Returns
    -------
    dict
        An `Acted`, or the message that the variable is still waiting.

    Raises
    ------
    MemkitError
        If nothing was changed.
    """
    if not _LEAST_WAIT_S <= wait_s <= _MOST_WAIT_S:
        message = f"wait_s must be {_LEAST_WAIT_S} to {_MOST_WAIT_S} seconds"
        raise MemkitError(message)
    request: protocol.Act = {
        "type": "act",
        "protocol": protocol.PROTOCOL_VERSION,
        "action": "delete",
        "name": name,
        "token": token,
    }
    async with _connect(await _find_kernel(notebook)) as client:
        try:
            return dict(await act(client, request, wait_s))
        except TimeoutError:
            message = (
                f"{name} will be deleted when the running cell has ended, unless it "
                "fails"
            )
            return {"type": "waiting", "name": name, "message": message}


TOOLS = [
    f"{tool.__module__}:{tool.__name__}"
    for tool in (memory_state, memory_holders, free_variable)
]
"""The functions, in the form that jupyter-server-mcp reads."""


async def _find_variable(
    client: AsyncKernelClient, name: str
) -> protocol.ListedVariable:
    listed = await ask_variables(client)
    if listed is None:
        raise MemkitError(_BUSY)
    names = {each["name"]: each for each in listed["variables"]}
    if name not in names:
        known = names if name.isidentifier() else ()
        remedy = suggest(name, known, "give the name of a variable, not an expression")
        rest = ""
        if listed["more"]:
            rest = (
                f" among its {len(names)} largest, and the other {listed['more']} take "
                f"{format_bytes(listed['more_bytes'])}"
            )
        message = f"the notebook has no variable {name!r}{rest}; {remedy}"
        raise MemkitError(message)
    return names[name]


async def _find_kernel(notebook: str) -> str:
    """Return the id of a notebook's kernel."""
    if not ServerApp.initialized():
        message = "the tools work in the process of a Jupyter Server only"
        raise MemkitError(message)
    server: Any = ServerApp.instance()
    sessions = await ensure_async(server.session_manager.list_sessions())
    return _choose_kernel(notebook, sessions)


@asynccontextmanager
async def _connect(kernel_id: str) -> AsyncIterator[AsyncKernelClient]:
    """Connect with a kernel of the server, for the length of a block."""
    kernel = ServerApp.instance().kernel_manager.get_kernel(kernel_id)
    client = AsyncKernelClient(connection_file=kernel.connection_file)
    client.load_connection_file()
    client.start_channels(iopub=False, stdin=False, hb=False)
    try:
        yield client
    finally:
        client.stop_channels()


def _choose_kernel(notebook: str, sessions: list[dict[str, Any]]) -> str:
    """Return the id of a notebook's kernel, given the server's sessions."""
    kernels = {each["path"]: each["kernel"]["id"] for each in sessions}
    chosen = notebook.strip("/")
    if chosen in kernels.values():
        return chosen
    if not chosen and len(kernels) == 1:
        chosen = next(iter(kernels))
    if chosen not in kernels:
        remedy = f"those running are: {', '.join(sorted(kernels))}"
        if not kernels:
            remedy = "open a notebook, and run a cell"
        what = f"{notebook!r} is not running" if notebook else "no notebook was given"
        message = f"{what}; {remedy}"
        raise MemkitError(message)
    return str(kernels[chosen])
