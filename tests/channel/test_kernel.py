"""The kernel's side of the protocol, on a fake kernel that records messages."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_memkit import protocol
from jupyter_memkit.techniques.gc_pausing.pause import gc_pause
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.guarding import guard
from tests.channel.scene import Scene
from tests.fake_gauge import FakeGaugeMeter
from tests.golden import golden

pytestmark = pytest.mark.traced_children

MIB = 1024 * 1024


SUBSCRIBE = {"type": "subscribe", "protocol": 1, "client_id": "a", "since_s": 0}

NO_OBJECT = "a request must be an object"
BAD_VERSION = "protocol must be the number of a version"
BAD_ID = "client_id must be a string of 1 to 128 characters"
BAD_TIME = "since_s must be a number of seconds since the epoch, 0 for all"


@pytest.fixture
def scene() -> Iterator[Scene]:
    """An attached channel."""
    scene = Scene()
    yield scene
    scene.channel.detach()


def test_golden_requests_are_answered(scene: Scene) -> None:
    """The sidebar's requests are understood."""
    assert scene.ask(golden("subscribe"))["type"] == "snapshot"
    assert scene.channel.subscribers == 1
    assert scene.ask(golden("unsubscribe")) == golden("unsubscribed")
    assert scene.channel.subscribers == 0


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        *((content, NO_OBJECT) for content in (["subscribe"], "subscribe", None, 1)),
        *(
            (SUBSCRIBE | {"protocol": version}, BAD_VERSION)
            for version in (None, True, 1.0, -1, math.nan, math.inf, 10**400, "1")
        ),
        *(
            (SUBSCRIBE | {"type": kind}, golden("refused")["message"])
            for kind in ("evaluate", None, ["x"], {"a": 1}, "subscribe" * 10**6)
        ),
        *(
            (SUBSCRIBE | {"client_id": client}, BAD_ID)
            for client in (None, "", "a" * 129, {"a": 1}, 7)
        ),
        *(
            (SUBSCRIBE | {"since_s": since_s}, BAD_TIME)
            for since_s in (None, True, "0", -1, math.nan, math.inf, 1e300, 10**400)
        ),
    ],
    ids=str,
)
def test_bad_request_is_refused(scene: Scene, request_: Any, message: str) -> None:
    """An invalid request is answered with a short sentence, and does not subscribe."""
    reply = scene.ask(request_)
    assert reply == {"type": "refused", "protocol": 1, "message": message}
    assert len(json.dumps(reply)) < 300
    assert scene.channel.subscribers == 0


def test_unknown_keys_are_ignored(scene: Scene) -> None:
    """A request of a newer page with further keys is answered."""
    assert scene.ask(SUBSCRIBE | {"further": [math.nan]})["type"] == "snapshot"


def test_oldest_subscriber_leaves(scene: Scene) -> None:
    """Of too many pages the one whose renewal is oldest receives no more."""
    for number in range(64):
        scene.ask(SUBSCRIBE | {"client_id": f"{number}"})
    scene.ask(SUBSCRIBE | {"client_id": "0"})
    scene.ask(SUBSCRIBE | {"client_id": "64"})
    assert scene.channel.subscribers == 64
    assert "0" in scene.channel._feed._credits
    assert "1" not in scene.channel._feed._credits


def test_other_version_gets_both(scene: Scene) -> None:
    """A page of another version receives ours."""
    reply = scene.ask({"type": "subscribe", "protocol": 99, "client_id": "a"})
    assert reply["type"] == "incompatible"
    assert reply["protocol"] == protocol.PROTOCOL_VERSION


def test_unwatched_kernel_is_silent(scene: Scene) -> None:
    """Without subscribers nothing is sent, whatever happens."""
    scene.tracker.begin_cell("work()", execution_count=1, cell_id=None)
    scene.probe.use(900 * MIB)
    scene.tick(0.25)
    assert scene.kernel.sent == []


def test_idle_flat_kernel_is_silent(scene: Scene) -> None:
    """An idle kernel does not report changes of less than a MiB."""
    scene.subscribe()
    scene.probe.use(100 + 900_000)
    scene.tick(1.0)
    assert scene.kernel.broadcasts() == []


@pytest.mark.own_process
def test_idle_change_is_reported(scene: Scene) -> None:
    """Allocations of a background thread are reported without a cell."""
    scene.subscribe()
    scene.probe.use(50 * MIB)
    scene.tick(1.0)
    (message,) = scene.kernel.broadcasts()
    assert message["samples"]["rss_bytes"] == [100, 50 * MIB]
    assert message["running"] is None


@pytest.mark.own_process
def test_idle_spike_is_reported(scene: Scene) -> None:
    """A spike that is over by the next reading is reported, too."""
    scene.subscribe()
    scene.probe.use(50 * MIB, 100)
    scene.tick(1.0)
    (message,) = scene.kernel.broadcasts()
    assert message["samples"]["peak_bytes"] == [100, 50 * MIB]


def test_running_cell_moves_at_least_twice_a_second(scene: Scene) -> None:
    """A cell whose memory does not change is reported at every second reading."""
    scene.subscribe()
    scene.tracker.begin_cell("spin()", execution_count=1, cell_id=None)
    sent = []
    for _ in range(9):
        scene.tick(0.2)
        sent.append(len(scene.kernel.broadcasts()))
    assert sent == [1, 0, 1, 0, 1, 0, 1, 0, 1]


def test_growing_cell_is_reported_at_every_reading(scene: Scene) -> None:
    """A cell whose memory changes is reported at every reading."""
    scene.subscribe()
    scene.tracker.begin_cell("grow()", execution_count=1, cell_id=None)
    for step in range(1, 5):
        scene.probe.use(step * MIB)
        scene.tick(0.25)
    messages = scene.kernel.broadcasts()
    assert [m["samples"]["rss_bytes"][-1] for m in messages] == [
        MIB,
        2 * MIB,
        3 * MIB,
        4 * MIB,
    ]
    assert messages[-1]["running"]["peak_bytes"] == 4 * MIB


def done_in(messages: list[dict[str, Any]]) -> list[int | None]:
    """Return the progress in each message, None if there is none."""
    activities = [message["activity"] for message in messages]
    return [activity and activity["done"] for activity in activities]


def test_progress_is_reported_at_every_reading(scene: Scene) -> None:
    """Progress, including its end, is sent with the next reading, and only once."""
    scene.subscribe()
    scene.tracker.begin_cell("run()", execution_count=1, cell_id=None)
    scene.tick(0.2)
    with scene.work.open("orders.csv", "rows") as update:
        for chunk in range(1, 4):
            update(chunk * 100, 300, chunks=chunk)
            scene.tick(0.2)
    scene.tick(0.2)
    assert done_in(scene.kernel.broadcasts()) == [None, 100, 200, 300, None]
    scene.tick(0.2)
    assert scene.kernel.broadcasts() == []


def test_progress_of_an_idle_kernel_is_reported(scene: Scene) -> None:
    """Progress of a thread is sent without a cell, but only when it changes."""
    scene.subscribe()
    with scene.work.open("orders.csv", "rows") as update:
        update(100, chunks=1)
        scene.tick(1.0)
        scene.tick(1.0)
        assert done_in(scene.kernel.broadcasts()) == [100]
    scene.tick(1.0)
    assert done_in(scene.kernel.broadcasts()) == [None]


def test_unwatched_progress_is_silent(scene: Scene) -> None:
    """Without subscribers no progress is sent; a new subscriber receives it."""
    with scene.work.open("orders.csv", "rows") as update:
        update(100, chunks=1)
        scene.tick(0.2)
        assert scene.kernel.sent == []
        assert scene.ask(golden("subscribe"))["activity"]["done"] == 100


def test_end_of_work_that_only_the_snapshot_knew(scene: Scene) -> None:
    """The end of work that ended before the first reading is reported."""
    scene.subscribe()
    with scene.work.open("orders.csv", "rows"):
        assert scene.ask(golden("subscribe"))["activity"] is not None
    scene.tick(1.0)
    assert done_in(scene.kernel.broadcasts()) == [None]


def test_end_of_work_that_only_the_other_page_knew(scene: Scene) -> None:
    """A snapshot for one page does not replace the news for another."""
    scene.subscribe("first")
    with scene.work.open("orders.csv", "rows"):
        scene.tick(1.0)
    scene.kernel.broadcasts()
    assert scene.ask(golden("subscribe"))["activity"] is None
    scene.tick(1.0)
    assert done_in(scene.kernel.broadcasts()) == [None]


def test_paused_collector_is_reported_at_once(scene: Scene) -> None:
    """An idle kernel also reports the start and end of a pause, each only once."""
    scene.subscribe()
    with gc_pause(collect=False):
        scene.tick(1.0)
        scene.tick(1.0)
        (message,) = scene.kernel.broadcasts()
        pause = message["present"]["collector_pause"]
        assert (pause["enabled"], pause["by"]) == (False, "memkit.gc_pause()")
        assert scene.ask(golden("subscribe"))["present"]["collector_pause"] == pause
    scene.tick(1.0)
    (message,) = scene.kernel.broadcasts()
    assert message["present"]["collector_pause"] is None


def test_collector_that_the_user_disabled_is_reported(scene: Scene) -> None:
    """A collector that the user disabled is reported as well, without a time."""
    scene.subscribe()
    gc.disable()
    try:
        scene.tick(1.0)
    finally:
        gc.enable()
    (message,) = scene.kernel.broadcasts()
    assert message["present"]["collector_pause"] == {
        "enabled": False,
        "by": "gc.disable()",
        "since_s": None,
    }


def test_ended_cells_are_reported_together(scene: Scene) -> None:
    """Cells that end between two readings are sent once, in one message."""
    scene.subscribe()
    for count in (1, 2):
        cell = scene.tracker.begin_cell("x", execution_count=count, cell_id=None)
        scene.tracker.end_cell(cell, error=None)
    scene.tick(0.05)
    scene.tick(1.0)
    (message,) = (m for m in scene.kernel.broadcasts() if m["type"] == "cells")
    assert [cell["execution_count"] for cell in message["cells"]] == [1, 2]


def test_end_of_a_cell_is_reported(scene: Scene) -> None:
    """After the last cell, a broadcast reports that none is running."""
    scene.subscribe()
    cell = scene.tracker.begin_cell("x", execution_count=1, cell_id=None)
    scene.tick(0.25)
    scene.tracker.end_cell(cell, error=None)
    scene.kernel.broadcasts()
    scene.tick(0.05)
    running = [m["running"] for m in scene.kernel.broadcasts() if "running" in m]
    assert running == [None]


def test_end_of_a_cell_that_only_the_snapshot_knew(scene: Scene) -> None:
    """The end of a cell that ended before the first reading is reported."""
    cell = scene.tracker.begin_cell("x", execution_count=1, cell_id=None)
    reply = scene.ask(golden("subscribe"))
    scene.tracker.end_cell(cell, error=None)
    scene.tick(0.05)
    assert reply["running"]["execution_count"] == 1
    assert scene.kernel.broadcasts()[0]["running"] is None


def test_subscription_ends_with_its_credit(scene: Scene) -> None:
    """A closed page is removed; one that renews is kept."""
    credit = scene.subscribe("gone")["credit"]
    for step in range(credit):
        scene.probe.use((step % 2 + 1) * 50 * MIB)
        scene.tick(1.0)
    assert scene.channel.subscribers == 0
    scene.kernel.broadcasts()
    scene.probe.use(500 * MIB)
    scene.tick(1.0)
    assert scene.kernel.broadcasts() == []


@pytest.mark.own_process
def test_late_page_does_not_get_the_past_twice(scene: Scene) -> None:
    """Readings in a snapshot are not broadcast again."""
    for _ in range(100):
        scene.tick(1.0)
    scene.subscribe()
    scene.probe.use(50 * MIB)
    scene.tick(1.0)
    (message,) = scene.kernel.broadcasts()
    assert message["samples"]["t_s"] == [1100.25, 1101.25]


def test_reading_kept_back_for_a_page_that_left(scene: Scene) -> None:
    """A reading held back before a page left is not sent to the next one."""
    scene.subscribe("first")
    scene.tick(1.0)
    scene.ask({"type": "unsubscribe", "protocol": 1, "client_id": "first"})
    scene.tick(100.0)
    scene.ask(golden("subscribe"))
    scene.probe.use(50 * MIB)
    scene.tick(1.0)
    (message,) = scene.kernel.broadcasts()
    assert message["samples"]["t_s"] == [1102.25]


def test_one_of_two_pages_leaves(scene: Scene) -> None:
    """Closing one sidebar does not affect another."""
    scene.subscribe("first")
    scene.subscribe("second")
    scene.ask({"type": "unsubscribe", "protocol": 1, "client_id": "first"})
    scene.probe.use(50 * MIB)
    scene.tick(1.0)
    assert len(scene.kernel.broadcasts()) == 1


def test_broadcast_reads_memory_once(scene: Scene) -> None:
    """A broadcast adds no reading to the one that it reports, and one of the limits."""
    gauge = scene.tracker._moment._gauge_meter = FakeGaugeMeter(64 * MIB, "test")
    counts = []
    for subscribe in (lambda: None, scene.subscribe):
        subscribe()
        scene.probe.use(scene.probe.read_rss_bytes() + 10 * MIB)
        scene.probe.reads = gauge.reads = 0
        scene.tick(1.0)
        # As the last state does.
        scene.tracker.gauge()
        counts.append((scene.probe.reads, gauge.reads))
    (message,) = scene.kernel.broadcasts()
    assert counts == [(1, 1), (1, 1)]
    present = message["present"]
    assert present["gauge"] == {
        "limit_bytes": 64 * MIB,
        "used_bytes": message["samples"]["rss_bytes"][-1],
        "name": "test",
        "covers": "family",
    }
    assert present["highest"]["bytes"] == present["gauge"]["used_bytes"]


def test_guard_is_sent_as_soon_as_it_is_armed(scene: Scene) -> None:
    """Arming and disarming the guard is sent, although the memory does not change."""
    assert scene.subscribe()["present"]["guard"] is None
    with guard("90%", action="warn"):
        scene.tick(1.0)
        (message,) = scene.kernel.broadcasts()
        assert message["present"]["guard"] == {"mark": "90%", "action": "warn"}
    scene.tick(1.0)
    (message,) = scene.kernel.broadcasts()
    assert message["present"]["guard"] is None
    process_guard().close()


def test_broadcast_belongs_to_no_cell(scene: Scene) -> None:
    """A broadcast has no parent, so no output area claims it."""
    scene.subscribe()
    scene.probe.use(50 * MIB)
    scene.tick(1.0)
    (message,) = scene.kernel.sent
    assert (message.stream, message.parent) == ("iopub", {})
    assert message.msg_type == protocol.BROADCAST_TYPE


def test_busy_is_said_again_after_a_request_in_a_cell(scene: Scene) -> None:
    """After a request during a cell, "busy" is published again."""
    scene.kernel.trigger("pre_run_cell")
    scene.ask(golden("unsubscribe"))
    (message,) = scene.kernel.sent
    assert message.msg_type == "status"
    assert message.content == {"execution_state": "busy"}
    assert message.parent == {"header": {"msg_id": "cell"}}


def test_idle_kernel_is_not_called_busy(scene: Scene) -> None:
    """After a cell, and after an empty one, "busy" is not published again."""
    scene.kernel.trigger("pre_run_cell")
    scene.kernel.trigger("post_run_cell")
    scene.kernel.trigger("post_run_cell")
    scene.ask(golden("unsubscribe"))
    assert scene.kernel.sent == []


def test_detach_takes_everything_away() -> None:
    """No handler, hook or observer is left, and the pages are notified."""
    scene = Scene()
    scene.subscribe()
    scene.channel.detach()
    assert scene.kernel.broadcasts() == [golden("goodbye")]
    assert scene.kernel.control_handlers == {}
    assert scene.kernel.events == {"pre_run_cell": [], "post_run_cell": []}
    scene.probe.use(50 * MIB)
    scene.tick(1.0)
    assert scene.kernel.sent == []


def test_a_cell_that_ends_between_two_looks(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every cell is sent once, even one that ends while another is being packed."""
    scene.subscribe()
    take = scene.tracker.latest_cells
    late = scene.tracker.begin_cell("late", execution_count=2, cell_id=None)

    def latest_cells(count: int) -> Any:
        if scene.tracker.cells_ended == 1:
            scene.tracker.end_cell(late, error=None)
        return take(count)

    cell = scene.tracker.begin_cell("early", execution_count=1, cell_id=None)
    scene.tracker.end_cell(cell, error=None)
    monkeypatch.setattr(scene.tracker, "latest_cells", latest_cells)
    scene.tick(0.25)
    scene.tick(0.25)
    sent = [
        each["first_line"]
        for message in scene.kernel.broadcasts()
        if message["type"] == "cells"
        for each in message["cells"]
    ]
    assert sent == ["early", "late"]
