"""The state in a short message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import jupyter_memkit as memkit
from jupyter_memkit import protocol
from jupyter_memkit.channel.state import read_state, state_message
from jupyter_memkit.measure.gpu import GpuMeter
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.techniques.gc_pausing.pause import gc_pause
from jupyter_memkit.techniques.guard.guarding import guard
from jupyter_memkit.track.largest import LargestVariables, LargeVariable
from jupyter_memkit.track.tracker import MemoryTracker
from tests.channel.scene import Scene
from tests.fake_nvml import FakeGpu, FakeNvml
from tests.golden import golden
from tests.real_kernel import real_kernel
from tests.waiting import wait_until


def shape(value: Any) -> Any:
    """Return the keys of a message, without the values."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return [shape(each) for each in value[:1]] if isinstance(value, list) else None


PIB = 1 << 50


@contextmanager
def busy_scene(text: str) -> Iterator[Scene]:
    """A kernel in which everything happens at once, with long texts and numbers."""
    scene = Scene()
    gpus = [FakeGpu(used_bytes=PIB, total_bytes=PIB) for _ in range(8)]
    scene.tracker = MemoryTracker(
        PeakMeter(scene.probe),
        scene.clock,
        gpu=GpuMeter(lambda: FakeNvml(*gpus)),
    )
    scene.probe.use(PIB)
    largest = scene.tracker.largest = LargestVariables(dict)
    largest.latest = tuple(
        LargeVariable(name=f"{text * 79}{n}", bytes=PIB) for n in range(5)
    )
    for count in range(20):
        cell = scene.tracker.begin_cell(
            text * 300, execution_count=10**6 + count, cell_id=text * 300
        )
        scene.tracker.end_cell(cell, error=text * 300)
    scene.tracker.begin_cell(text * 300, execution_count=10**6, cell_id=None)
    with (
        scene.work.open(text * 300, "rows") as report,
        guard("90%", action="warn"),
        gc_pause(),
    ):
        report(PIB, PIB, chunks=1)
        yield scene
    scene.channel.detach()
    scene.tracker.stop()


@pytest.mark.parametrize("text", ["x", "\U0001f600", '"', "\ud800"])
def test_state_is_short(text: str) -> None:
    """The state is short, however much there is, and long texts are in JSON."""
    with busy_scene(text) as scene:
        state = read_state(scene.tracker, scene.work)
        assert len(json.dumps(state_message(state)).encode()) <= 2048
        assert state.guard
        assert state.running
        assert state.activity
        assert len(state.gpus) == 2
        assert state.largest, "the largest come before cells"


def test_the_wire_has_what_the_protocol_says(shell: InteractiveShell) -> None:
    """The message has the keys, also the inner ones, that programs rely on."""
    scene = Scene()
    largest = scene.tracker.largest = LargestVariables(dict)
    largest.latest = (LargeVariable(name="a", bytes=400),)
    cell = scene.tracker.begin_cell("a = 1", execution_count=1, cell_id=None)
    scene.tracker.end_cell(cell, error=None)
    scene.tracker.sample()
    scene.tracker.begin_cell("b = 1", execution_count=2, cell_id=None)
    with guard("90%", action="warn"):
        message = scene.ask(golden("ask_state"))
    assert shape(message) == shape(golden("state"))
    assert message.keys() == protocol.State.__annotations__.keys()
    shell.run_cell("x = 1")
    plain = memkit.state().to_dict()
    assert {*plain, "type", "protocol"} == golden("state").keys()
    assert plain["last_cells"][0]["first_line"] == "x = 1"
    scene.channel.detach()


def test_answered_without_a_subscription() -> None:
    """The request does not subscribe, and is answered while a cell runs."""
    scene = Scene()
    scene.tracker.begin_cell("work()", execution_count=1, cell_id=None)
    reply: Any = scene.ask(golden("ask_state"))
    assert reply["type"] == "state"
    assert reply["running"]["first_line"] == "work()"
    assert scene.channel.subscribers == 0
    scene.channel.detach()


def test_state_of_a_real_kernel_while_a_cell_runs(tmp_path: Path) -> None:
    """With 10,000 variables, the largest are named, and no code of theirs runs."""
    end = tmp_path / "end"
    with real_kernel(tmp_path, MEM_LIMIT="2000000000") as kernel:
        kernel.run(
            "globals().update({f'{\"n\" * 150}{n}': [n] for n in range(10_000)})\n"
            "calls = []\n"
            "class Loud:\n"
            "    def __sizeof__(self): calls.append('sizeof'); return 1\n"
            "loud = Loud()\n"
            "large = b'x' * 80_000_000\n"
        )
        asked = {"type": "state", "protocol": protocol.PROTOCOL_VERSION}

        def has_largest() -> bool:
            # They are measured after cells, at a limited share of the time.
            kernel.run("pass")
            return bool(kernel.request(asked)["largest"])

        wait_until(has_largest)
        running = kernel.start(
            "print('started', flush=True)\nimport os, time\n"
            f"while not os.path.exists({str(end)!r}): time.sleep(0.01)"
        )
        reply = kernel.request(asked)
        end.touch()
        kernel.iopub_until_idle(running)
        assert reply["running"]["first_line"] == "print('started', flush=True)"
        assert reply["largest"][0]["name"] == "large"
        assert reply["limit"]["name"] == "MEM_LIMIT"
        assert reply["limit"]["room_bytes"] < reply["limit"]["bytes"]
        assert len(json.dumps(reply)) <= 2048
        assert kernel.run("print(calls)") == "[]\n"
