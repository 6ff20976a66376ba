"""Asks a kernel for its memory, as the sidebar does.

Questions are sent on the control channel, and an action on the shell channel, where it
waits for the running cell.
"""

from __future__ import annotations

import contextlib
import json
import queue
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.errors import MemkitError

# A kernel answers between cells within milliseconds, but the machine may be busy.
_TIMEOUT_S = 60.0
# After this time without a reply, ask what every kernel answers. Doing so at once would
# show a busy kernel as idle to its pages.
_SILENT_S = 5.0
# How often to ask again while the kernel is busy with what a cell left to its loop.
_ATTEMPTS = 4

_NOT_LOADED = (
    "the kernel has not loaded jupyter_memkit; load it with %load_ext jupyter_memkit"
)
_ACT = '__import__("jupyter_memkit.channel.acting", fromlist=["act"]).act({request!r})'
_LOAD = "get_ipython().extension_manager.load_extension('jupyter_memkit')"


class SilentError(MemkitError):
    """The kernel did not answer in time."""


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
    with _limited(_TIMEOUT_S):
        info = await client.kernel_info(reply=True, timeout=_TIMEOUT_S)
    language = info["content"]["language_info"]["name"]
    if language != "python":
        message = f"the kernel's language is {language}; only Python is supported"
        raise MemkitError(message)
    with _limited(_TIMEOUT_S):
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
    reply = await ask(
        client, {"type": "subscribe", "client_id": client_id, "since_s": since_s}
    )
    # Nobody here listens to broadcasts.
    await ask(client, {"type": "unsubscribe", "client_id": client_id})
    snapshot: protocol.Snapshot = reply
    return snapshot


async def ask_variables(client: Any) -> protocol.Variables | None:
    """Return the variables of a kernel; None if it cannot list them now."""
    for _ in range(_ATTEMPTS):
        # Nobody waits for the next cell.
        reply = await ask(client, {"type": "variables", "is_patient": True})
        if reply["type"] == "variables":
            variables: protocol.Variables = reply
            return variables
    return None


async def ask(
    client: Any, request: dict[str, Any], timeout_s: float = _TIMEOUT_S
) -> Any:
    """Return the reply to a request of the protocol.

    Parameters
    ----------
    client : jupyter_client.AsyncKernelClient
        The client of a kernel with the extension.
    request : dict
        The request, without its version.
    timeout_s : float
        How long to wait, in seconds.

    Raises
    ------
    SilentError
        If there is no answer.
    MemkitError
        If the kernel has not loaded the extension, or refuses the request.
    """
    content = {**request, "protocol": protocol.PROTOCOL_VERSION}
    message = client.session.msg(protocol.REQUEST_TYPE, content)
    client.control_channel.send(message)
    end_s = time.monotonic() + timeout_s
    with contextlib.suppress(TimeoutError, queue.Empty):
        silent_s = min(timeout_s, _SILENT_S)
        reply = await _receive(client, [message], time.monotonic() + silent_s)
        return _accept(reply["content"])
    other = client.session.msg("kernel_info_request", {})
    client.control_channel.send(other)
    with _limited(timeout_s):
        reply = await _receive(client, [message, other], end_s)
    # The messages of this channel are handled in the order of their arrival.
    if reply["msg_type"] == "kernel_info_reply":
        raise MemkitError(_NOT_LOADED)
    return _accept(reply["content"])


async def _receive(client: Any, messages: Sequence[Any], end_s: float) -> Any:
    """Return the first reply to any of some messages, until a time of the clock."""
    sent = {message["header"]["msg_id"] for message in messages}
    while True:
        left_s = max(0.0, end_s - time.monotonic())
        reply = await client.get_control_msg(timeout=left_s)
        if reply["parent_header"].get("msg_id") in sent:
            return reply


async def act(client: Any, request: protocol.Act, timeout_s: float) -> protocol.Acted:
    """Change a variable after the running cell.

    Parameters
    ----------
    client : jupyter_client.AsyncKernelClient
        As above, with a shell channel.
    request : Act
        What to do. It is a literal in the expression that is sent, so nothing in it is
        evaluated.
    timeout_s : float
        How long to wait, in seconds.

    Raises
    ------
    TimeoutError
        If there was no answer. The variable is changed when the kernel is free.
    MemkitError
        If nothing was changed.
    """
    reply = await client.execute(
        "",
        silent=True,
        store_history=False,
        allow_stdin=False,
        stop_on_error=False,
        user_expressions={"memkit": _ACT.format(request=json.dumps(request))},
        reply=True,
        timeout=timeout_s,
    )
    content = reply["content"]
    result = content.get("user_expressions", {}).get("memkit", content)
    if result["status"] != "ok":
        # An earlier cell failed, Ctrl-C was pressed, or the package is missing.
        reason = result.get("evalue") or result["status"]
        message = f"nothing was changed, because the kernel replied: {reason}"
        raise MemkitError(message)
    acted: protocol.Acted = _accept(result["data"]["application/json"])
    return acted


@contextlib.contextmanager
def _limited(timeout_s: float) -> Iterator[None]:
    """Explain that the kernel did not answer in a time in seconds."""
    try:
        yield
    except (TimeoutError, queue.Empty):
        message = (
            f"the kernel did not answer within {timeout_s:g} s; it needs "
            "jupyter_memkit, which %load_ext jupyter_memkit loads, and cannot "
            "answer while a call into C holds Python's lock"
        )
        raise SilentError(message) from None


def _accept(reply: Any) -> Any:
    """Return a reply, unless it is a refusal."""
    if reply["type"] == "incompatible":
        message = (
            "the kernel has a different version of jupyter_memkit; install the same "
            "version in its environment and in that of this program"
        )
        raise MemkitError(message)
    if reply["type"] in ("refused", "unavailable"):
        raise MemkitError(reply["message"])
    return reply
