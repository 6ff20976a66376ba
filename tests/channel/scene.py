"""A channel whose kernel and process a test controls."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.channel.kernel import KernelChannel
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track.activity import Activities
from jupyter_memkit.track.tracker import MemoryTracker
from tests.channel.fake_kernel import FakeKernel
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock


class Scene:
    """A channel between a fake kernel and a process controlled by the test."""

    def __init__(self) -> None:
        self.kernel = FakeKernel()
        self.probe = FakeProbe()
        self.clock = SetClock(1000.0)
        self.tracker = MemoryTracker(PeakMeter(self.probe), self.clock)
        self.work = Activities(self.clock)
        self.channel = KernelChannel(
            self.kernel, self.tracker, self.kernel.shell, self.work
        )
        self.channel.attach()

    def ask(self, request: Any) -> Any:
        """Send a request on the control channel and return the reply."""
        handler = self.kernel.control_handlers[protocol.REQUEST_TYPE]

        async def handle() -> None:
            await handler("control", [b"page"], {"content": request})
            await asyncio.sleep(0)

        asyncio.run(handle())
        (reply,) = (m for m in self.kernel.sent if m.msg_type == protocol.REPLY_TYPE)
        self.kernel.sent.remove(reply)
        return reply.content

    def subscribe(self, client_id: str = "page") -> Any:
        """Subscribe a page, and clear earlier broadcasts."""
        self.tracker.sample()
        reply = self.ask(
            {
                "type": "subscribe",
                "protocol": protocol.PROTOCOL_VERSION,
                "client_id": client_id,
                "since_s": 0,
            }
        )
        self.tick(0.25)
        self.kernel.broadcasts()
        return reply

    def tick(self, seconds: float) -> None:
        """Advance the time, then take a reading."""
        self.clock.now_s += seconds
        self.tracker.sample()
