"""The kernel's end of the widget, by anywidget.

The history is not a part of the widget's state, which some front ends save in the
notebook: readings are sent as messages. They are sent from the sampler's thread, and so
arrive while a cell runs. The page's requests wait for the running cell.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anywidget import AnyWidget

from jupyter_memkit import protocol
from jupyter_memkit.channel.feed import Feed
from jupyter_memkit.channel.listing import read_variables
from jupyter_memkit.channel.requests import find_fault
from jupyter_memkit.show.live import build_report, read_live
from jupyter_memkit.track.tracker import MemoryTracker

_STATIC = Path(__file__).parent / "static"
# The next cell may be waiting for the list of variables.
_BUDGET_S = 0.3
_MOST_VARIABLES = 20
# Stands for the page that will show a widget which a running cell displays: its
# request waits for the end of the cell.
_COMING = "coming"


class LiveChart(AnyWidget):
    """The chart of memory over time, and the largest variables.

    Parameters
    ----------
    tracker : MemoryTracker
        The source of the readings.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose variables are listed.
    """

    # Built from labextension/src/live.
    _esm = (_STATIC / "live.js").read_text("utf-8")
    _css = (_STATIC / "live.css").read_text("utf-8")

    def __init__(self, tracker: MemoryTracker, shell: Any) -> None:
        # The page's renewal waits for the running cell.
        self._feed = Feed(tracker, self._publish, forgets=False)
        self.tracker = tracker
        self._shell = shell
        self._answers: dict[str, Callable[[Any], protocol.Reply]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "variables": self._list_variables,
        }
        super().__init__()
        self._feed.attach()
        # A kernel that ends does not unload its extensions, and a page need not learn
        # of a restart by others.
        atexit.register(self._feed.detach)
        self.on_msg(self._handle_request)

    @property
    def is_open(self) -> bool:
        """Whether the widget has not been closed."""
        return self.comm is not None

    @property
    def subscribers(self) -> int:
        """The number of its views on pages."""
        return self._feed.subscribers

    def close(self) -> None:
        """Stop following the memory, and remove the widget from its pages."""
        if self.is_open:
            atexit.unregister(self._feed.detach)
            self._feed.detach()
            # A separate widget, which the base class does not close.
            self.layout.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the view, with the plain form for front ends without widgets."""
        self._feed.subscribe(_COMING, self.tracker.latest.t_s)
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None:
            return None
        data, metadata = shown
        report = build_report(read_live(self.tracker, self._shell))
        plain = {"text/plain": report.text(), "text/html": report.html()}
        return data | plain, metadata

    def _handle_request(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Answer a page; called between cells."""
        fault = find_fault(content, self._answers)
        self._publish(fault or self._answers[content["type"]](content))

    def _subscribe(self, request: Any) -> protocol.Snapshot:
        self._feed.unsubscribe(_COMING)
        return self._feed.subscribe(request["client_id"], request["since_s"])

    def _unsubscribe(self, request: Any) -> protocol.Unsubscribed:
        self._feed.unsubscribe(request["client_id"])
        return {"type": "unsubscribed", "protocol": protocol.PROTOCOL_VERSION}

    def _list_variables(self, _request: Any) -> protocol.Variables:
        return read_variables(self._shell, budget_s=_BUDGET_S, most=_MOST_VARIABLES)

    def _publish(self, message: Any) -> None:
        """Send a message to all views, from any thread."""
        comm = self.comm
        kernel = getattr(comm, "kernel", None)
        if comm is None or kernel is None:
            return
        kernel.session.send(
            kernel.iopub_socket,
            "comm_msg",
            {
                "comm_id": comm.comm_id,
                "data": {"method": "custom", "content": message},
            },
            # Without a parent, which `Comm.send` would take from the running cell.
            parent={},
            ident=comm.topic,
        )
