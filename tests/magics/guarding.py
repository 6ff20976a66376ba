"""Kernels for the tests of ``%memguard``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.guarded_kernel import GuardedKernel
from tests.real_kernel import real_kernel


def clean(kernel: GuardedKernel) -> None:
    """Delete what tests leave behind."""
    kernel.run("%reset_selective -f ^x")


def limits(kernel: GuardedKernel) -> str:
    """Return what arming changes: the limit, the score, the hooks."""
    return kernel.run(
        "import resource, signal\nshell = get_ipython()\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA),"
        " open('/proc/self/oom_score_adj').read().strip(), shell.custom_exceptions,"
        " [len(each) for each in shell.events.callbacks.values()],"
        " [n for n in signal.valid_signals() if callable(signal.getsignal(n))])"
    )


@contextlib.contextmanager
def start(home: Path, *, is_traced: bool) -> Iterator[GuardedKernel]:
    """Start a kernel with numpy imported."""
    with real_kernel(home, is_traced=is_traced) as kernel:
        guarded = GuardedKernel(kernel)
        guarded.run("import numpy as np\nkept = list(range(1000))")
        # Without the search for cures, which takes longer than most tests.
        guarded.run(
            "from jupyter_memkit.magics.memguard import stopped_cell\n"
            "stopped_cell._HINTS_S = 0.0"
        )
        yield guarded


@contextlib.contextmanager
def armed(kernel: GuardedKernel) -> Iterator[GuardedKernel]:
    """Arm the guard at 300 MB; variables are intact at the end."""
    before = limits(kernel)
    assert "(300 MB)" in kernel.run("%memguard 300MB")
    yield kernel
    clean(kernel)
    kernel.run("%memguard off")
    assert limits(kernel) == before
    assert kernel.run("print(kept == list(range(1000)))") == "True\n"
