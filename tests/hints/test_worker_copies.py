"""Lists that forked workers copy by reading them are found, with their cure."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.measure.children import CopiedPages, children_meter
from tests.hints.finding import cure, find, run
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.own_process,
    pytest.mark.traced_children,
    pytest.mark.skipif(sys.platform != "linux", reason="copies are known on Linux"),
    # The sampler is a thread.
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]

MIB = 1024 * 1024


@contextmanager
def forked(read: Callable[[], object]) -> Iterator[None]:
    """Fork a worker that reads, and then waits to be ended."""
    done, ended = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        read()
        os.write(done[1], b"1")
        os.read(ended[0], 1)
        os._exit(0)
    try:
        os.read(done[0], 1)
        yield
    finally:
        os.write(ended[1], b"1")
        os.waitpid(pid, 0)
        for descriptor in (*done, *ended):
            os.close(descriptor)


def copied_while_read(shell: InteractiveShell) -> CopiedPages:
    """Return what a worker copies that reads all samples of the data set."""
    meter = children_meter()

    def read() -> None:
        for sample in shell.user_ns["dataset"].samples:
            assert sample

    with forked(read):
        pid = next(iter(meter.probe.find()))
        private_bytes = meter.probe.read_private_bytes(pid)

        def is_counted() -> bool:
            meter.observe()
            return meter.latest.bytes > private_bytes * 0.9

        wait_until(is_counted)
    meter.observe()
    return meter.copied


MAKE = """
class Data:
    pass
dataset = Data()
dataset.samples = {samples}
loader = Data()
loader.dataset = dataset
"""


@pytest.mark.parametrize(
    ("samples", "packing"),
    [
        ("[{'id': i, 'name': str(i)} for i in range(400_000)]", "SerializedList"),
        ("[i + 0.5 for i in range(1_500_000)]", "to_numpy"),
        ("[(1 << 64) + i for i in range(1_000_000)]", "SerializedList"),
    ],
)
def test_list_that_a_worker_copies(
    shell: InteractiveShell, samples: str, packing: str
) -> None:
    """The list is named by its attribute; after the cure, 80 % less is copied."""
    run(shell, MAKE.format(samples=samples))
    before = copied_while_read(shell)
    assert before.count == 1
    assert before.bytes > 20 * MIB
    hint = find(shell)["copies"]
    assert hint.name == "dataset.samples"
    assert hint.bytes is not None
    assert 0.5 * before.bytes < hint.bytes <= before.bytes
    assert packing in hint.cure
    cure(shell, hint)
    assert copied_while_read(shell).bytes < before.bytes * 0.2
    assert "copies" not in find(shell)


def test_worker_that_reads_an_array(shell: InteractiveShell) -> None:
    """An array is not copied, so no hint is given."""
    run(shell, "import numpy as np", MAKE.format(samples="np.ones((50_000, 200))"))

    def read() -> None:
        assert shell.user_ns["dataset"].samples.sum()

    with forked(read):
        meter = children_meter()
        meter.observe()
        meter.observe()
    assert "copies" not in find(shell)
