"""Hints, and that the line of each does what it says."""

from __future__ import annotations

import time

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.show.advice import build_report
from jupyter_memkit.techniques.arrays.preview import preview
from jupyter_memkit.track.advice import Advice, find_advice
from jupyter_memkit.track.cells import CellRecord

MIB = 1024 * 1024


def make_record(number: int, duration_s: float, gc_s: float) -> CellRecord:
    """Make the account of a cell."""
    return CellRecord(
        execution_count=number,
        cell_id=None,
        first_line="",
        started_s=0.0,
        duration_s=duration_s,
        before_bytes=0,
        after_bytes=0,
        peak_bytes=0,
        exact=True,
        peak_line=None,
        children_before_bytes=0,
        children_peak_bytes=0,
        children_exact=True,
        gc_s=gc_s,
        gc_young=0,
        gc_middle=0,
        gc_old=0,
        gc_young_s=0.0,
        gc_middle_s=0.0,
        gc_old_s=0.0,
        gc_found=0,
        minor_faults=None,
        major_faults=None,
        error=None,
    )


def advise(shell: InteractiveShell, code: str) -> list[Advice]:
    """Run a cell and return the hints."""
    shell.run_cell(code, store_history=True).raise_error()
    return list(find_advice(shell, preview=preview).advices)


@pytest.mark.parametrize(
    ("code", "kind", "cure"),
    [
        (
            "x = [float(i) for i in range(200_000)]",
            "numbers",
            "%to_numpy x",
        ),
        ("x = [True, False] * 100_000", "numbers", None),
        (
            "import numpy as np\nx = np.arange(1_000_000) % 200",
            "dtype",
            "%shrink x",
        ),
        (
            "import numpy as np\nx = np.ones((100, 10_000))[3]",
            "view",
            "x = x.copy()",
        ),
        (
            "import pandas as pd\nx = pd.DataFrame({'c d': ['abc', 'def'] * 200_000})",
            "dtype",
            "%shrink x",
        ),
        (
            "import pandas as pd\nx = pd.Series(['abc', None] * 200_000, dtype=object)",
            "dtype",
            "%shrink x",
        ),
    ],
)
def test_cures(shell: InteractiveShell, code: str, kind: str, cure: str | None) -> None:
    """The line that is given saves what was said."""
    (advice,) = advise(shell, code)
    assert (advice.kind, advice.variable) == (kind, "x")
    assert cure is None or advice.cure == cure
    assert advice.bytes_now is not None
    assert advice.bytes_after is not None
    before_bytes = sizeof(shell.user_ns["x"]).bytes
    shell.run_cell(advice.cure).raise_error()
    after_bytes = sizeof(shell.user_ns["x"]).bytes
    saved_bytes = advice.bytes_now - advice.bytes_after
    assert before_bytes - after_bytes == pytest.approx(saved_bytes, rel=0.1)
    left = find_advice(shell, preview=preview).advices
    assert advice.variable not in [each.variable for each in left]


@pytest.mark.parametrize(
    "code",
    [
        "x = [1.5] * 100",
        "x = [1.5] * 200_000 + ['no number']",
        "x = [1.5, 2] * 200_000",
        "x = [10**30] * 200_000",
        "import numpy as np\nx = np.arange(1_000_000) * 2**40",
        "import numpy as np\nx = np.random.rand(1_000_000)",
        "import pandas as pd\nx = pd.DataFrame({'c': [str(i) for i in range(99_999)]})",
        "import pandas as pd\nx = pd.Series([('a',), ('b',)] * 100_000)",
    ],
)
def test_no_advice(bare_shell: InteractiveShell, code: str) -> None:
    """Where nothing would be won, or something lost, nothing is said."""
    assert advise(bare_shell, code) == []


def test_collector(bare_shell: InteractiveShell) -> None:
    """A cell in which the collector took much of the time is told."""
    cells = [
        make_record(3, duration_s=4.2, gc_s=3.1),
        make_record(4, duration_s=4.2, gc_s=0.1),
        make_record(5, duration_s=0.3, gc_s=0.2),
    ]
    (advice,) = find_advice(bare_shell, cells).advices
    assert advice.text == ("the garbage collector took 3.1 s of the 4.2 s of cell [3]")
    assert (advice.cure, advice.bytes_now) == ("%%gc_pause", None)


def test_a_rule_gives_up(
    bare_shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where time is up, the hints say that they are not all."""
    seconds = iter(range(10**9))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(seconds)))
    bare_shell.run_cell("x = [1.5] * 1_000_000").raise_error()
    found = find_advice(bare_shell)
    assert (found.advices, found.complete) == ((), False)
    assert "Incomplete" in build_report(found).text()
