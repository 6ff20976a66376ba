"""Measures the growth of a process for each construction, each in its own fork.

``python -m tests.measure.sizes.table.running LIBRARY`` prints a line of JSON for each.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np  # noqa: F401 - measuring uses it: imported once, not in each fork

from jupyter_memkit.measure.sizes import sizeof

MIB = 1024 * 1024
LIBRARIES = ("python", "standard", "arrays", "frames", "others")
# Their threads do not survive a fork, so they are imported after it.
_THREADED = {"frames", "others"}

# Larger values are more exact and proportionally slower: MEMKIT_TABLE_MIB=20.
_TARGET_BYTES = int(os.environ.get("MEMKIT_TABLE_MIB", "6")) * MIB
_SECONDS = 60
_MOST_OBJECTS = 1_000_000
_TRIED_OBJECTS = 200


# Free memory at the end of the heap is the last number of `mallinfo2` (mallinfo(3)).
_TOP_PLACE = 9


class _HeapInfo(ctypes.Structure):
    _fields_ = (("n", ctypes.c_size_t * 10),)


class MissingError(Exception):
    """A library is not in this environment."""


def read_cases(library: str) -> list[str]:
    """Return the constructions of a library."""
    lines: str = importlib.import_module(f"{__package__}.{library}").CASES
    return [line for line in lines.splitlines() if line]


def run(library: str, cases: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the growth and the reported size of each construction.

    Parameters
    ----------
    library : str
        One of `LIBRARIES`.
    cases : list of str
        Some of its constructions.
    """
    setup = importlib.import_module(f"{__package__}.{library}").SETUP
    namespace: dict[str, Any] = {}
    if library not in _THREADED:
        exec(setup, namespace)
        setup = ""
    for case in cases:
        yield {"library": library, "case": case, **_fork(case, setup, namespace)}


def _fork(case: str, setup: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Measure in a child, whose last line is the answer."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        # CPU time, because a busy machine takes longer.
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)
        # Keeps the collector from visiting the parent's objects again and again.
        gc.freeze()
        try:
            exec(setup, namespace)
            answer = _measure(_compile(case, namespace))
        except (ImportError, AttributeError, MissingError) as error:
            answer = {"missing": repr(error)}
        except BaseException:  # noqa: BLE001 - a child reports any error and exits
            answer = {"failed": traceback.format_exc()}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answered = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(answered) if answered else {"failed": "the process died"}


def _compile(case: str, namespace: dict[str, Any]) -> Callable[[int], Any]:
    """Return a function that makes a value of a number of objects or of bytes."""
    if not case.startswith("*"):
        make: Callable[[int], Any] = eval(f"lambda n: {case}", namespace)
        return make
    make_one = eval(f"lambda i: {case[2:]}", namespace)

    def make_many(count: int) -> list[Any]:
        found: list[Any] = [None] * count
        for number in range(count):
            found[number] = make_one(number)
        return found

    make_many.__name__ = "make_many"
    return make_many


def _measure(make: Callable[[int], Any]) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    amount = 4096
    if make.__name__ == "make_many":
        before = _settle()
        value = make(_TRIED_OBJECTS)
        grown = _settle() - before
        each = max(sizeof(value).bytes, grown) / _TRIED_OBJECTS
        amount = round(min(_TARGET_BYTES / max(each, 16), _MOST_OBJECTS))
        value = None
    else:
        sizeof(make(MIB // 16))
        amount = _TARGET_BYTES
    # The first object can leave something else behind, such as a compiler's memory.
    kept: list[Any] = []
    found = _compare(make, amount, kept)
    return found if is_right(found) else _compare(make, amount, kept)


def _compare(
    make: Callable[[int], Any], amount: int, kept: list[Any]
) -> dict[str, Any]:
    """Return the growth of the process with an object, and the object's size."""
    filler = _fill_holes()
    before = _settle()
    kept.append(make(amount))
    grown = _settle() - before
    filler.clear()
    size = sizeof(kept[-1])
    return {
        "grown": grown,
        "bytes": size.bytes,
        "exact": size.exact,
        "opaque": list(size.opaque),
        "amount": amount,
    }


def _fill_holes() -> list[Any]:
    """Return objects that fill the holes of the heap, which would be used first.

    Small ones are those of Python's pools and of the C library's chunks, by their
    sizes; then come whole arenas and pages.
    """
    for n_bytes in range(1000, 16, -16):
        _fill_chunks(n_bytes)
    found: list[bytes] = []
    for n_bytes in range(512, 32, -16):
        found += [
            bytes(n_bytes - bytes.__basicsize__) for _ in range(MIB // 4 // n_bytes)
        ]
    last = _read_anonymous()
    while True:
        for n_bytes in (460, 700, 3000):
            found += [bytes(n_bytes) for _ in range(MIB // 2 // n_bytes)]
        now = _read_anonymous()
        if now - last > 1.4 * MIB:
            return found
        last = now


def _fill_chunks(n_bytes: int) -> None:
    """Take and leak the free chunks of a size: the process is a fork that exits."""
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.mallinfo2.restype = _HeapInfo
    top_bytes = library.mallinfo2().n[_TOP_PLACE]
    while library.mallinfo2().n[_TOP_PLACE] == top_bytes:
        for _ in range(100):
            library.malloc(n_bytes)


def _settle() -> int:
    """Return the anonymous memory after all free memory was returned."""
    gc.collect()
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    return _read_anonymous()


def _read_anonymous() -> int:
    status = Path("/proc/self/status").read_text()
    found = re.findall(r"Rss(?:Anon|Shmem):\s+(\d+)", status)
    assert len(found) == 2, "Linux"
    return sum(map(int, found)) * 1024


def is_right(found: dict[str, Any]) -> bool:
    """Return whether a size is within two percent of the growth, or marked."""
    if not found.get("exact", False):
        return True
    # Noise of the interpreter, and free memory left in its heap.
    slack = 0.02 * max(found["grown"], found["bytes"]) + MIB * 3 // 4
    return bool(abs(found["grown"] - found["bytes"]) <= slack)


if __name__ == "__main__":
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    chosen = [case for case in read_cases(sys.argv[1]) if wanted in case]
    for found in run(sys.argv[1], chosen):
        verdict = "right" if is_right(found) else "WRONG"
        print(json.dumps({"verdict": verdict, **found}), flush=True)
