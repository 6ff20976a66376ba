"""Shows what failed while the kernel started, as one sentence with the first cell."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.track.events import signal_safe_hook

# A cell that loads the extension has begun already.
_EVENTS = ("pre_run_cell", "post_run_cell")


class ObstacleNotice:
    """Shows a sentence with the next cell that begins or ends, once.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    message : str
        The sentence.
    """

    def __init__(self, shell: Any, message: str) -> None:
        self._shell = shell
        self._message = message
        self._hook = signal_safe_hook(self._show)
        self._is_open = True
        for event in _EVENTS:
            shell.events.register(event, self._hook)

    def close(self) -> None:
        """Remove the hooks."""
        if self._is_open:
            self._is_open = False
            for event in _EVENTS:
                self._shell.events.unregister(event, self._hook)

    def _show(self, _: object) -> None:
        if self._is_open:
            self.close()
            self._shell.display_pub.publish(data={"text/plain": self._message})
