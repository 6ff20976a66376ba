"""``%memfree`` in a shell and in a real kernel, measured from outside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show.memfree import build_report
from jupyter_memkit.techniques.releasing.records import (
    Freed,
    FreedDevice,
    FreeingStep,
    Held,
)
from tests.real_kernel import real_kernel

MIB = 1024 * 1024


def test_options(shell: InteractiveShell) -> None:
    """Each option requests what it says."""
    shell.run_cell("data = [1.5]")
    freed = shell.run_line_magic("memfree", "data --all")
    assert freed.names == ("data",)
    names = [step.name for step in freed.steps]
    assert {"outputs of cells", "open figures", "caches of functions"} <= set(names)
    assert "open figures" not in [
        step.name for step in shell.run_line_magic("memfree", "").steps
    ]


def test_undefined(shell: InteractiveShell) -> None:
    """An unknown name is reported in one sentence with the remedy."""
    with pytest.raises(UsageError, match="there is no variable 'nothing_here'"):
        shell.run_line_magic("memfree", "nothing_here")
    shell.run_cell("data = [[1.5]]\nother = 1").raise_error()
    with pytest.raises(UsageError, match=r"nothing was deleted: .* a part of data;"):
        shell.run_line_magic("memfree", "data[0]")
    with pytest.raises(UsageError, match="separated by spaces: data other"):
        shell.run_line_magic("memfree", "data,other")
    assert {"data", "other"} <= shell.user_ns.keys()


def test_needed_by_python(shell: InteractiveShell) -> None:
    """The name of the user's module is refused: classes would belong to another."""
    with pytest.raises(UsageError, match="'__name__' is needed by Python"):
        shell.run_line_magic("memfree", "__name__")
    shell.run_cell("class Kept: pass").raise_error()
    assert shell.user_ns["Kept"].__module__ == "__main__"


def test_report() -> None:
    """The report shows what was freed, and what is still alive."""
    freed = Freed(
        total_bytes=381 * MIB,
        rss_bytes=100 * MIB,
        steps=(
            FreeingStep(name="tracebacks of failed cells", freed_bytes=381 * MIB),
            FreeingStep(name="lines of source files", freed_bytes=-4096),
        ),
        names=("x",),
        copies=("Out[3]", "_"),
        held={
            "x": Held(
                is_value=True,
                bytes=0,
                holders=("kept['<a>']",),
                remedies=("%memfree kept",),
            )
        },
    )
    assert build_report(freed).text().splitlines() == [
        "381.0 MiB returned to the system; 100.0 MiB in use now",
        "      freed  by releasing",
        "  381.0 MiB  tracebacks of failed cells",
        "No longer held by Out[3], _.",
        (
            "x is deleted, but its value is still held by kept['<a>']. Remedy: "
            "%memfree kept"
        ),
    ]
    assert "<a>" not in build_report(freed).html()
    nothing = Freed(total_bytes=0, rss_bytes=MIB, steps=())
    assert build_report(nothing).title == "nothing was freed; 1.0 MiB in use now"
    rise = Freed(total_bytes=-MIB, rss_bytes=MIB, steps=())
    assert "the process grew by 1.0 MiB" in build_report(rise).title


linux = pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")


@linux
def test_failed_cell_of_a_kernel(tmp_path: Path) -> None:
    """After a failed cell that held 381 MiB, use is within 5 MiB of before."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("import numpy as np\n%memfree")
        before = kernel.read_rss_mib()
        reply = kernel.client.execute_interactive(
            "def f():\n    x = np.ones(50_000_000)\n    raise ValueError\nf()",
            output_hook=lambda _: None,
            stop_on_error=False,
        )
        assert reply["content"]["ename"] == "ValueError"
        assert kernel.read_rss_mib() > before + 380
        kernel.run("%memfree")
        assert kernel.read_rss_mib() < before + 5


@linux
def test_shown_value_of_a_kernel(tmp_path: Path) -> None:
    """A displayed value of 381 MiB is freed with its name."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("import numpy as np\n%memfree")
        before = kernel.read_rss_mib()
        kernel.run("shown = np.ones(50_000_000)")
        kernel.run("shown")
        assert kernel.read_rss_mib() > before + 380
        kernel.run("%memfree shown")
        assert kernel.read_rss_mib() < before + 5


@linux
def test_small_strings_of_a_kernel(tmp_path: Path) -> None:
    """Of 280 MiB of deleted strings as much is freed as by hand, and it is reported."""
    by_hand = (
        "import gc, ctypes; gc.collect(); ctypes.CDLL(None).malloc_trim(0); print()"
    )
    left = {}
    for name, cure in (("hand", by_hand), ("memfree", "freed = %memfree")):
        with real_kernel(tmp_path) as kernel:
            kernel.run("%memfree")
            before = kernel.read_rss_mib()
            kernel.run("s = [str(i) * 5 for i in range(3_000_000)]")
            kernel.run("%reset_selective -f ^s$")
            held = kernel.read_rss_mib()
            kernel.run(cure)
            now = kernel.read_rss_mib()
            left[name] = now - before
            if name == "memfree":
                reported = int(kernel.run("print(freed.total_bytes)")) / MIB
                assert abs(held - now - reported) < 1
    assert left["memfree"] < left["hand"] + 5


def test_copy_in_a_process(shell: InteractiveShell) -> None:
    """A copy in a process of `%%isolated` is named with the line that ends it."""
    shell.run_cell("data = [1.5]").raise_error()
    shell.run_cell("%%isolated --name work --in data\nlen(data)").raise_error()
    freed = shell.run_line_magic("memfree", "data")
    assert freed.isolated == {"data": ("work",)}
    (note,) = build_report(freed).notes
    assert note == (
        "A copy of data is in a separate process; %isolated --close work ends it."
    )
    shell.run_cell("%isolated --close work").raise_error()


def test_report_of_unknown_holders() -> None:
    """If nothing that can be named holds a value, a way that works is named."""
    freed = Freed(
        total_bytes=0,
        rss_bytes=MIB,
        steps=(),
        devices=(
            FreedDevice(
                name="GPU 0", before_bytes=2 * MIB, after_bytes=MIB, of_process=False
            ),
        ),
        names=("model",),
        hooks=("other._forward_hooks[3]",),
        held={
            "model": Held(
                is_value=False,
                bytes=64 * MIB,
                holders=(),
                remedies=(),
                complete=False,
            )
        },
    )
    assert build_report(freed).notes == (
        (
            "GPU 0: 2.0 MiB before, 1.0 MiB after, in use by all processes according "
            "to the driver."
        ),
        "Removed the hooks other._forward_hooks[3].",
        (
            "model is deleted, but at least 64.0 MiB of it is still held by compiled "
            "code, a running function or what was registered with atexit (the search "
            "for holders reached its time limit). atexit.unregister releases what was "
            "registered; this kernel cannot release the rest, but what a cell with "
            "%%isolated --name model takes is always released, by %isolated --close "
            "model."
        ),
    )


def test_suspects_of_what_did_not_come_back(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """What may hold the rest is named: a query over a deleted frame keeps its data."""
    pytest.importorskip("polars")
    shell.run_cell("import numpy as np, polars as pl").raise_error()
    shell.run_cell(
        "frame = pl.DataFrame({'a': np.ones(8 << 20)})", store_history=True
    ).raise_error()
    shell.run_cell("query = frame.lazy()", store_history=True).raise_error()
    shell.run_cell("freed = %memfree frame\nfreed", store_history=True).raise_error()
    assert shell.user_ns["freed"].suspects == ("query",)
    assert "can be other variables, such as query, a part" in capsys.readouterr().out


def test_report_of_suspects() -> None:
    """What may hold a value is named as a possibility, with the line for that case."""
    held = Held(
        is_value=True, bytes=0, holders=(), remedies=(), suspects=("walk", "query")
    )
    freed = Freed(
        total_bytes=0, rss_bytes=MIB, steps=(), names=("data",), held={"data": held}
    )
    (note,) = build_report(freed).notes
    assert "It may be held by walk or query, a part of which Python" in note
    assert "if so, %memfree walk query releases it." in note


def test_what_did_not_come_back(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the cell that made a variable kept more, the report says what can be left."""
    shell.run_cell(
        "model, rest = bytearray(40 << 20), bytearray(60 << 20)\n"
        "model[::4096] = rest[: 10 << 20: 1024] = b'x' * 10240\n"
        "rest[::4096] = b'x' * 15360",
        store_history=True,
    ).raise_error()
    shell.run_cell("freed = %memfree model\nfreed", store_history=True).raise_error()
    freed = shell.user_ns["freed"]
    assert freed.made_in == (1,)
    assert freed.made_bytes > 90 * MIB
    shown = capsys.readouterr().out
    assert "Cell [1], which made model, kept " in shown
    assert "%isolated --close model" in shown
    assert freed.suspects == ()
    shell.run_cell("%memfree rest", store_history=True).raise_error()
    shell.run_cell("other = bytearray(b'x') * (60 << 20)", store_history=True)
    shell.run_cell("freed = %memfree other", store_history=True).raise_error()
    assert shell.user_ns["freed"].made_in == ()
