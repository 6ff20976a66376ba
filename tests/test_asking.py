"""Programs that ask a real kernel."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_memkit.asking import act, ask, load_extension
from jupyter_memkit.errors import MemkitError
from tests.channel.test_messages import golden
from tests.real_kernel import real_kernel
from tests.waiting import LIMIT_S


def test_kernel_without_the_extension(tmp_path: Path) -> None:
    """It is waited for until the time limit; with the remedy, it answers."""

    async def converse(connection_file: str) -> Any:
        client = AsyncKernelClient(connection_file=connection_file)
        client.load_connection_file()
        client.start_channels(iopub=False, stdin=False, hb=False)
        try:
            with pytest.raises(MemkitError, match="%load_ext jupyter_memkit"):
                await ask(client, {"type": "state"}, 0.5)
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
