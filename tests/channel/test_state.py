"""The state in a short message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit as memkit
from jupyter_memkit.track.tracker import MemoryTracker
from tests.channel.test_kernel import Scene
from tests.channel.test_messages import golden


@pytest.mark.parametrize("text", ["x", "\U0001f600", '"', "\ud800"])
def test_state_is_short(text: str) -> None:
    """The state is short, however long texts are in JSON."""
    with MemoryTracker() as tracker:
        cell = tracker.begin_cell(text * 300, execution_count=1, cell_id="a" * 300)
        tracker.end_cell(cell, error=text * 300)
        tracker.begin_cell(text * 300, execution_count=2, cell_id=None)
        assert len(json.dumps(memkit.state()).encode()) <= 2048


def test_state_has_what_a_golden_state_has(shell: InteractiveShell) -> None:
    """The message has the keys that programs rely on."""
    shell.run_cell("x = 1")
    assert memkit.state().keys() == golden("state").keys()


def test_answered_without_a_subscription() -> None:
    """The request does not subscribe, and is answered while a cell runs."""
    scene = Scene()
    scene.tracker.begin_cell("work()", execution_count=1, cell_id=None)
    reply: Any = scene.ask(golden("ask_state"))
    assert reply["type"] == "state"
    assert reply["running"]["first_line"] == "work()"
    assert scene.channel.subscribers == 0
    scene.channel.detach()
