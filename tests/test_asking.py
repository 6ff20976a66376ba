"""Programs that ask a real kernel."""

from __future__ import annotations

import asyncio
import queue
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_memkit.asking import act, ask, ask_snapshot, load_extension
from jupyter_memkit.errors import MemkitError
from tests.golden import golden
from tests.real_kernel import real_kernel
from tests.waiting import LIMIT_S


async def stay_empty(**_options: Any) -> Any:
    """Wait in vain, as jupyter_client does for a message."""
    raise queue.Empty


async def time_out(**_options: Any) -> Any:
    """Wait in vain, as jupyter_client does for a reply."""
    message = "Timeout waiting for reply"
    raise TimeoutError(message)


def test_silent_kernel() -> None:
    """A kernel that does not answer in time is an error of one sentence."""
    client = SimpleNamespace(
        session=SimpleNamespace(
            msg=lambda _kind, _content: {"header": {"msg_id": "1"}}
        ),
        control_channel=SimpleNamespace(send=lambda _message: None),
        get_control_msg=stay_empty,
        kernel_info=time_out,
    )
    for asking in (ask_snapshot(client, 0.0), load_extension(client)):
        with pytest.raises(MemkitError, match="did not answer within 60 s; it needs"):
            asyncio.run(asking)


def test_kernel_without_the_extension(tmp_path: Path) -> None:
    """Its reply to another request shows that; with the remedy, it answers."""

    async def converse(connection_file: str) -> Any:
        client = AsyncKernelClient(connection_file=connection_file)
        client.load_connection_file()
        client.start_channels(iopub=False, stdin=False, hb=False)
        try:
            with pytest.raises(
                MemkitError, match="has not loaded jupyter_memkit; load"
            ):
                await ask(client, {"type": "state"}, LIMIT_S)
            await load_extension(client)
            with pytest.raises(MemkitError, match="no longer exists"):
                await act(client, golden("act"), LIMIT_S)
            with pytest.raises(MemkitError, match="type must be one of"):
                await ask(client, {"type": "<b>"}, LIMIT_S)
            return await ask(client, {"type": "state"}, LIMIT_S)
        finally:
            client.stop_channels()

    with real_kernel(tmp_path, JUPYTER_MEMKIT_AUTOLOAD="0") as kernel:
        state = asyncio.run(converse(kernel.client.connection_file))
    assert state["type"] == "state"
