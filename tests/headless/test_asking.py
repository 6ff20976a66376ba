"""What a kernel is asked that does not answer."""

from __future__ import annotations

import asyncio
import queue
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.headless.asking import ask_snapshot, load_extension


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
        with pytest.raises(MemkitError, match="did not answer within 60 s; run the"):
            asyncio.run(asking)
