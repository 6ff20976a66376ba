"""Resident memory of this and other processes."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import (
    ProcProbe,
    PsutilProbe,
    read_rss_bytes,
    read_swap_bytes,
    system_probe,
)

MIB = 1024 * 1024


@pytest.mark.own_process(scope="module")
def test_own_memory_agrees_with_psutil() -> None:
    """Two readings of the same figure agree to a MiB."""
    expected = psutil.Process().memory_info().rss
    assert abs(read_rss_bytes() - expected) < MIB


def test_memory_of_another_process() -> None:
    """A child that holds 64 MiB is read from outside."""
    code = "import sys; held = b'x' * (64 << 20); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        rss_bytes = read_rss_bytes(child.pid)
        child.communicate()
    assert 64 * MIB < rss_bytes < 128 * MIB


def test_ended_process_is_one_clear_sentence() -> None:
    """Reading an ended process raises an error that names it."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with pytest.raises(MemkitError, match=f"process {child.pid} cannot be read"):
        read_rss_bytes(child.pid)


@pytest.mark.own_process(scope="module")
@pytest.mark.skipif(sys.platform != "linux", reason="needs waitid(2)")
def test_killed_process_that_nobody_has_asked_about() -> None:
    """A zombie has no memory figure, rather than 0 bytes."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        child.kill()
        # Wait for its end, and leave it in the table.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(MemkitError, match="it has ended"):
            read_rss_bytes(child.pid)
    finally:
        child.communicate()


@pytest.mark.own_process(scope="module")
def test_probes_agree() -> None:
    """The probe for other systems reads what the one for Linux reads."""
    assert abs(PsutilProbe().read_rss_bytes() - read_rss_bytes()) < MIB
    assert PsutilProbe().reset_high_water() is False


@pytest.mark.skipif(sys.platform != "linux", reason="the probe of Linux")
def test_linux_has_the_exact_probe() -> None:
    """Linux is read through /proc."""
    assert isinstance(system_probe(), ProcProbe)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no descriptors")
def test_reading_leaves_no_descriptor_open() -> None:
    """A hundred readings need as many descriptors as one."""
    probe = system_probe()
    process = psutil.Process()
    before = process.num_fds()
    for _ in range(100):
        probe.reset_high_water()
        probe.read_rss_bytes()
        probe.read_high_water_bytes()
    assert process.num_fds() == before


def _refuse(_self: object) -> int:
    raise OSError


def test_hidden_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the files of /proc cannot be read, psutil is used."""
    monkeypatch.setattr(ProcProbe, "read_high_water_bytes", _refuse)
    assert isinstance(system_probe(), PsutilProbe)


def test_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """If psutil fails as well, the error is one sentence with the remedy."""

    def fail() -> None:
        raise psutil.NoSuchProcess(1)

    monkeypatch.setattr(ProcProbe, "read_rss_bytes", _refuse)
    monkeypatch.setattr(psutil, "Process", fail)
    with pytest.raises(MemkitError, match="make /proc visible to it"):
        system_probe()


def test_swap() -> None:
    """On Linux the memory in swap is known."""
    assert (read_swap_bytes() is not None) == (sys.platform == "linux")


def test_swap_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it is unknown, it is None."""

    def refuse(_path: str) -> bytes:
        raise FileNotFoundError

    monkeypatch.setattr("jupyter_memkit.measure.process.read_proc_file", refuse)
    assert read_swap_bytes() is None
