"""Sends the output of a child to its parent."""

from __future__ import annotations

import io
import os
import pickle
import threading
import time
from typing import Any, NoReturn

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.processes.channel import OUTPUT, Channel

# Text is sent when this many characters wait, or after this many seconds.
_MOST_CHARACTERS = 32 << 10
_WAIT_S = 0.03


class Output:
    """Sends printed text and displays, in order."""

    def __init__(self, channel: Channel, interrupts: Interrupts) -> None:
        self._channel = channel
        self._interrupts = interrupts
        self._lock = threading.RLock()
        self._waiting: list[str] = []
        self._name = ""
        self._n_characters = 0
        self._wake = threading.Event()
        self._is_plain = False
        self.stdout = _Stream(self, "stdout", 1)
        self.stderr = _Stream(self, "stderr", 2)
        threading.Thread(target=self._flush_late, daemon=True).start()

    def write(self, name: str, text: str) -> None:
        """Accept text for a stream."""
        if self._is_plain:
            os.write(2, text.encode("utf-8", "replace"))
            return
        self._interrupts.hold()
        try:
            with self._lock:
                self._write(name, text)
        finally:
            self._interrupts.release()

    def flush(self) -> None:
        """Send the waiting text."""
        self.show("", None)

    def show(self, kind: str, content: Any) -> None:
        """Send the waiting text, then content of another kind, if any."""
        if self._is_plain:
            return
        self._interrupts.hold()
        try:
            with self._lock:
                self._flush()
                if kind:
                    self._send((kind, content))
        finally:
            self._interrupts.release()

    def _write(self, name: str, text: str) -> None:
        if name != self._name:
            self._flush()
            self._name = name
        self._waiting.append(text)
        self._n_characters += len(text)
        if self._n_characters > _MOST_CHARACTERS:
            self._flush()
        elif len(self._waiting) == 1:
            self._wake.set()

    def _flush(self) -> None:
        # A finalizer may print while this runs.
        waiting, self._waiting = self._waiting, []
        text = "".join(waiting)
        self._n_characters = 0
        for start in range(0, len(text), _MOST_CHARACTERS):
            self._send((self._name, text[start : start + _MOST_CHARACTERS]))

    def be_plain(self) -> None:
        """Write text to standard error from now on, in a fork of the child."""
        self._is_plain = True

    def _send(self, message: tuple[str, Any]) -> None:
        self._channel.send(OUTPUT, pickle.dumps(message, protocol=5))

    def _flush_late(self) -> None:
        while self._wake.wait():
            time.sleep(_WAIT_S)
            self._wake.clear()
            self.flush()


class _Stream(io.TextIOBase):
    """A standard stream."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, output: Output, name: str, descriptor: int) -> None:
        self._output = output
        self.name = f"<{name}>"
        self._to = name
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: Any) -> int:
        if not isinstance(text, str):
            message = f"write() argument must be str, not {type(text).__name__}"
            raise TypeError(message)
        self._output.write(self._to, text)
        return len(text)

    def flush(self) -> None:
        self._output.flush()


def refuse_input(*_args: object, **_options: object) -> NoReturn:
    """Replace ``input``, because no one could answer."""
    message = (
        "input() cannot be answered in another process; call it before, and use the "
        "answer there"
    )
    raise IsolatedError(message)
