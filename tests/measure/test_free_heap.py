"""What is free in the heaps of C and of Python."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from jupyter_memkit.measure.free_heap import (
    read_free_heap_bytes,
    read_free_python_heap_bytes,
)
from jupyter_memkit.measure.heap import trim_allocator
from jupyter_memkit.measure.process import read_rss_bytes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no memory streams")


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident pages")
def test_trimming_returns_what_is_free() -> None:
    """What is free in the heap of C is what trimming returns, and then it is little."""
    if not trim_allocator():
        pytest.skip("needs glibc")
    texts = [bytes(10_000) for _ in range(10_000)]
    survivors = texts[::50]
    del texts
    free_bytes, before_bytes = read_free_heap_bytes(), read_rss_bytes()
    trim_allocator()
    returned_bytes = before_bytes - read_rss_bytes()
    assert returned_bytes > 90_000_000
    assert abs(free_bytes - returned_bytes) < 0.05 * returned_bytes
    assert read_free_heap_bytes() < 0.05 * returned_bytes
    assert len(survivors) == 200


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident pages")
@pytest.mark.parametrize("n_texts", [100, 2_000])
def test_heaps_of_threads(n_texts: int) -> None:
    """What threads have freed in heaps of their own is free as well."""
    if not trim_allocator():
        pytest.skip("needs glibc")
    before_bytes = read_free_heap_bytes()
    made, ended = threading.Barrier(4), threading.Event()
    survivors = []

    def work() -> None:
        texts = [b"x" * 50_000 for _ in range(n_texts)]
        survivors.append(texts[::50])
        del texts
        made.wait()
        ended.wait()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    made.wait()
    free_bytes, before_rss = read_free_heap_bytes() - before_bytes, read_rss_bytes()
    trim_allocator()
    returned_bytes = before_rss - read_rss_bytes()
    ended.set()
    for thread in threads:
        thread.join()
    assert returned_bytes > 0.8 * 3 * n_texts * 50_000
    # A text that is in use keeps parts of two pages.
    assert abs(free_bytes - returned_bytes) < 0.1 * returned_bytes


@pytest.mark.own_process
def test_survivors_keep_the_heap() -> None:
    """What survivors keep from the system is free in the heap, until they are gone."""
    before_bytes, before_rss = read_free_python_heap_bytes(), read_rss_bytes()
    numbers = [float(n) for n in range(2_000_000)]
    grown_bytes = read_rss_bytes() - before_rss
    survivors = numbers[::1000]
    numbers.clear()
    kept_bytes = read_rss_bytes() - before_rss
    free_bytes = read_free_python_heap_bytes() - before_bytes
    assert kept_bytes > 0.6 * grown_bytes
    assert abs(free_bytes - kept_bytes) < 0.1 * kept_bytes
    survivors.clear()
    assert read_free_python_heap_bytes() - before_bytes < 0.1 * free_bytes
    assert read_rss_bytes() - before_rss < 0.2 * grown_bytes


def test_nothing_is_printed_or_kept() -> None:
    """Reading writes to no stream of the process, and opens no file."""
    code = (
        "import os\n"
        "from jupyter_memkit.measure.free_heap import read_free_python_heap_bytes\n"
        "files = os.listdir('/dev/fd')\n"
        "for _ in range(100): read_free_python_heap_bytes()\n"
        "assert os.listdir('/dev/fd') == files\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_another_allocator() -> None:
    """Without Python's own allocator the figure is unknown."""
    code = (
        "from jupyter_memkit.measure.free_heap import read_free_python_heap_bytes\n"
        "print(read_free_python_heap_bytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONMALLOC": "malloc"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"0\n"
