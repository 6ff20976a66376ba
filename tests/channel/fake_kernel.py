"""A fake kernel that records the messages it is asked to send."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from jupyter_memkit import protocol


class FakeKernel:
    """The parts of ipykernel that the channel uses, with a list for a socket."""

    ident = "fake"

    def __init__(self) -> None:
        self.control_handlers: dict[str, Callable[..., Any]] = {}
        self.iopub_socket = "iopub"
        self.sent: list[SimpleNamespace] = []
        self.session = SimpleNamespace(send=self._send)
        self.events: dict[str, list[Callable[[Any], None]]] = {
            "pre_run_cell": [],
            "post_run_cell": [],
        }
        self.shell = SimpleNamespace(
            events=SimpleNamespace(
                register=lambda event, hook: self.events[event].append(hook),
                unregister=lambda event, hook: self.events[event].remove(hook),
            )
        )
        self.shell_parent: dict[str, Any] = {"header": {"msg_id": "cell"}}

    def get_parent(self, _channel: str) -> dict[str, Any]:
        """Return the message being handled."""
        return self.shell_parent

    def trigger(self, event: str) -> None:
        """Call the hooks of an event."""
        for hook in self.events[event]:
            hook(None)

    def broadcasts(self) -> list[dict[str, Any]]:
        """Return the contents of the broadcasts so far, and clear them."""
        sent = [m for m in self.sent if m.msg_type == protocol.BROADCAST_TYPE]
        self.sent.clear()
        return [message.content for message in sent]

    def _send(
        self,
        stream: Any,
        msg_type: str,
        content: Any,
        parent: Any = None,
        ident: Any = None,
    ) -> None:
        self.sent.append(
            SimpleNamespace(
                stream=stream,
                msg_type=msg_type,
                content=content,
                parent=parent,
                ident=ident,
            )
        )
