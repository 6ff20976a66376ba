"""Asks a kernel on its control channel, as the sidebar does."""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
from collections.abc import Iterator
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.errors import MemkitError

# A kernel answers between cells within milliseconds, but the machine may be busy.
_TIMEOUT_S = 60.0
# How often to ask again while the kernel is busy with what a cell left to its loop.
_ATTEMPTS = 4

_LOAD = "get_ipython().extension_manager.load_extension('jupyter_memkit')"


async def load_extension(client: Any) -> None:
    """Load the extension into a kernel, unless it is loaded.

    Parameters
    ----------
    client : jupyter_client.AsyncKernelClient
        The client of a kernel that is ready.

    Raises
    ------
    MemkitError
        If the kernel is not Python's, its environment lacks jupyter_memkit, or it does
        not answer.
    """
    with _limited():
        info = await client.kernel_info(reply=True, timeout=_TIMEOUT_S)
    language = info["content"]["language_info"]["name"]
    if language != "python":
        message = f"the kernel's language is {language}; only Python is supported"
        raise MemkitError(message)
    with _limited():
        reply = await client.execute(_LOAD, silent=True, reply=True, timeout=_TIMEOUT_S)
    content = reply["content"]
    if content["status"] != "ok":
        message = (
            f"the kernel cannot load jupyter_memkit ({content.get('evalue')}); install "
            "it in the kernel's environment, or choose another with --kernel NAME"
        )
        raise MemkitError(message)


async def ask_snapshot(client: Any, since_s: float) -> protocol.Snapshot:
    """Return the readings and the cells of a kernel since a time.

    Parameters
    ----------
    client : jupyter_client.AsyncKernelClient
        The client of a kernel with the extension.
    since_s : float
        The time in seconds since the epoch.
    """
    client_id = uuid.uuid4().hex
    common = {"protocol": protocol.PROTOCOL_VERSION, "client_id": client_id}
    reply = await _ask(client, {**common, "type": "subscribe", "since_s": since_s})
    # Nobody here listens to broadcasts.
    await _ask(client, {**common, "type": "unsubscribe"})
    snapshot: protocol.Snapshot = reply
    return snapshot


async def ask_variables(client: Any) -> protocol.Variables | None:
    """Return the variables of a kernel; None if it cannot list them now."""
    request = {
        "type": "variables",
        "protocol": protocol.PROTOCOL_VERSION,
        # Nobody waits for the next cell.
        "is_patient": True,
    }
    for _ in range(_ATTEMPTS):
        reply = await _ask(client, request)
        if reply["type"] == "variables":
            variables: protocol.Variables = reply
            return variables
    return None


async def _ask(client: Any, request: dict[str, Any]) -> Any:
    message = client.session.msg(protocol.REQUEST_TYPE, request)
    client.control_channel.send(message)
    end_s = time.monotonic() + _TIMEOUT_S
    while True:
        left_s = max(0.0, end_s - time.monotonic())
        with _limited():
            reply = await client.get_control_msg(timeout=left_s)
        if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        if reply["content"]["type"] in ("incompatible", "refused"):
            error = (
                "the kernel has another version of jupyter_memkit; install the same "
                "version in its environment and in that of this command"
            )
            raise MemkitError(error)
        return reply["content"]


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Explain that the kernel did not answer in time."""
    try:
        yield
    except (TimeoutError, queue.Empty) as error:
        message = (
            f"the kernel did not answer within {_TIMEOUT_S:.0f} s; run the notebook "
            "again, and if this repeats, end the threads that its cells leave running"
        )
        raise MemkitError(message) from error
