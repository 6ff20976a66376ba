"""The hooks of a child run around each call, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit.techniques.processes.calling import Call
from jupyter_memkit.techniques.processes.hooks import Hooks
from tests.techniques.processes.conftest import started

# The events since the last call, in the child.
events: list[Any] = []


class Recording(Hooks):
    """Records the calls of the hooks."""

    def before_load(self, sent: Any) -> None:
        """Record what the caller sent."""
        events.append(sent)

    def before_call(self) -> None:
        """Record that the call begins."""
        events.append("before")

    def after_call(self) -> list[Any]:
        """Return what was recorded."""
        happened = events.copy()
        events.clear()
        return happened


def make_hooks(output: Any) -> Recording:
    """Create the hooks, and show something through the output."""
    output.show("made", 1)
    return Recording()


def act() -> None:
    """Record the call itself."""
    events.append("called")


def test_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hooks get the data sent for a call, and their result is returned."""
    # Where the child finds this file.
    monkeypatch.syspath_prepend(Path(__file__).parents[3])
    shown: list[tuple[str, Any]] = []
    with started(f"{__name__}:make_hooks") as process:
        for number in (1, 2):
            call = Call(
                process, for_hooks=number, show=lambda *item: shown.append(item)
            )
            assert call.run(act).from_hooks == [number, "before", "called"]
    assert shown == [("made", 1)]


def test_no_hooks() -> None:
    """Without hooks, nothing is reported."""
    with started() as process:
        assert Call(process).run(abs, (-1,)).from_hooks is None
