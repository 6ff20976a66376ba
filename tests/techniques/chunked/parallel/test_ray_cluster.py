"""Which cluster of Ray a run uses, and what it leaves there."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.parallel.choosing import open_cluster
from tests.techniques.chunked.parallel.running import BUDGET_BYTES, run_on, values
from tests.waiting import has_ended, interrupt_when, wait_until


@pytest.mark.ml
def test_the_cluster_of_init(ray: Any) -> None:
    """The cluster of `ray.init` is used and stays, and no process of the run does."""
    with open_cluster("ray", memory_bytes=BUDGET_BYTES) as cluster:
        assert cluster.n_workers == 2
        pids = values(run_on(cluster, range(6), lambda _: os.getpid(), rows=1))
    assert os.getpid() not in pids
    wait_until(lambda: all(map(has_ended, pids)))
    assert ray.is_initialized()


@pytest.mark.ml
def test_cores_that_are_taken(ray: Any) -> None:
    """A run does not wait for cores that actors of the user occupy for good."""

    class Idle:
        def ready(self) -> bool:
            return True

    idle = [ray.remote(num_cpus=1)(Idle).remote() for _ in range(2)]
    ray.get([each.ready.remote() for each in idle])
    with open_cluster("ray", memory_bytes=BUDGET_BYTES) as cluster:
        assert sum(values(run_on(cluster, range(9), sum, rows=2))) == sum(range(9))
    for each in idle:
        ray.kill(each)


@pytest.mark.ml
def test_chunks_in_flight(ray: Any) -> None:
    """Results that wait for the chunks before them do not grow without bound."""
    del ray
    read = []

    def count() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    ahead = []
    chunks = chunked(count(), rows=1, memory=BUDGET_BYTES).map(sum)
    chunks.run(
        "append",
        on="ray",
        progress=lambda step: ahead.append(len(read) - step.rows),
    )
    assert len(read) == 100
    # Two groups of eight chunks for each of two workers.
    assert max(ahead) <= 32


@pytest.mark.ml
def test_worker_that_always_dies(ray: Any) -> None:
    """It is one error that names the chunk, and nothing hangs."""
    del ray

    def die(chunk: list[int]) -> int:
        if chunk[0] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return chunk[0]

    with (
        open_cluster("ray", memory_bytes=BUDGET_BYTES) as cluster,
        pytest.raises(MemkitError, match="every worker that got chunk"),
    ):
        run_on(cluster, range(3), die, rows=1)


@pytest.mark.ml
def test_interrupt(ray: Any, tmp_path: Path) -> None:
    """Ctrl-C ends the processes of the run, even while they are at work."""
    del ray
    begun, pid_file = tmp_path / "begun", tmp_path / "pid"

    def sleep_long(_chunk: Any) -> None:
        pid_file.write_text(str(os.getpid()))
        begun.touch()
        time.sleep(600)

    thread = interrupt_when(begun)
    with (
        open_cluster("ray", memory_bytes=BUDGET_BYTES) as cluster,
        pytest.raises(KeyboardInterrupt),
    ):
        run_on(cluster, range(1), sleep_long, rows=1)
    thread.join()
    wait_until(lambda: has_ended(int(pid_file.read_text())))


@pytest.mark.ml
def test_own_cluster_is_closed() -> None:
    """Where there is none, one starts, and neither it nor its SIGTERM stays."""
    ray = pytest.importorskip("ray")
    ray.shutdown()
    before = set(psutil.Process().children(recursive=True))
    handler = signal.getsignal(signal.SIGTERM)
    summary = chunked(range(10), rows=2).map(sum).run("sum", on="ray", workers=1)
    assert (summary.value, summary.workers) == (sum(range(10)), 1)
    assert not ray.is_initialized()
    assert set(psutil.Process().children(recursive=True)) <= before
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.ml
def test_own_cluster_ends_if_it_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cluster that started, and whose nodes cannot be read, does not stay."""
    ray = pytest.importorskip("ray")
    ray.shutdown()

    def fail() -> None:
        raise OSError

    monkeypatch.setattr(ray, "nodes", fail)
    with pytest.raises(OSError):  # noqa: PT011 - raised here.
        open_cluster("ray", memory_bytes=BUDGET_BYTES, n_workers=1)
    assert not ray.is_initialized()


@pytest.mark.ml
def test_no_cores() -> None:
    """A cluster without cores is refused with what to call."""
    ray = pytest.importorskip("ray")
    ray.shutdown()
    ray.init(address="local", num_cpus=0, include_dashboard=False)
    with pytest.raises(MemkitError, match=r"no cores; call ray\.shutdown"):
        open_cluster("ray", memory_bytes=BUDGET_BYTES)
    ray.shutdown()


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Ray it is one sentence with the command that installs it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MemkitError, match=r'pip install "jupyter_memkit\[ray\]"'):
        open_cluster("ray", memory_bytes=BUDGET_BYTES)


def test_address_of_ray() -> None:
    """An address is refused with the two steps that use it."""
    with pytest.raises(
        MemkitError, match=r"call ray\.init\('ray://host:10001'\) first"
    ):
        open_cluster("ray://host:10001", memory_bytes=BUDGET_BYTES)
