"""The cure of each hint saves what the hint reports."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.hints import Hint, find_hints
from jupyter_memkit.measure import deadlines
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.show.hints import build_report
from tests.track.accounts import make_record

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

MIB = 1024 * 1024


def find(shell: InteractiveShell, code: str) -> list[Hint]:
    """Run a cell and return the hints."""
    shell.run_cell(code, store_history=True).raise_error()
    return list(find_hints(shell).hints)


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
@pytest.mark.parametrize("is_called", [False, True])
def test_cures(
    shell: InteractiveShell, code: str, kind: str, cure: str | None, *, is_called: bool
) -> None:
    """Both the line of the cure and its call save what the hint reports."""
    (hint,) = find(shell, code)
    assert (hint.kind, hint.name) == (kind, "x")
    assert cure is None or hint.cure == cure
    before_bytes = sizeof(shell.user_ns["x"]).bytes
    if is_called:
        hint.apply()
    else:
        shell.run_cell(hint.cure).raise_error()
    after_bytes = sizeof(shell.user_ns["x"]).bytes
    assert hint.bytes == pytest.approx(before_bytes - after_bytes, rel=0.1)
    assert "x" not in [each.name for each in find_hints(shell).hints]


@pytest.mark.parametrize(
    "code",
    [
        "x = [1.5] * 100",
        "x = [1.5] * 200_000 + ['no number']",
        "x = [1.5, 2] * 200_000",
        "x = [10**30] * 200_000",
        "import numpy as np\nx = np.arange(1_000_000) * 2**40",
        "import numpy as np\nx = np.random.rand(1_000_000)",
        "import pandas as pd\nx = pd.Series(map(str, range(99_999)), dtype='string')",
        "import pandas as pd\nx = pd.Series([('a',), ('b',)] * 100_000)",
    ],
)
def test_no_hint(bare_shell: InteractiveShell, code: str) -> None:
    """There is no hint where nothing would be saved, or something would be lost."""
    assert find(bare_shell, code) == []


@pytest.mark.parametrize(
    "code",
    [
        "x = np.arange(1_000_000) % 100\nmodel = {'data': x}",
        "x = np.arange(1_000_000) % 100\ny = x[:]",
        "x = [float(n) for n in range(200_000)]\nmodel = {'data': x}",
        "x = [float(n) for n in range(200_000)]\ny = x[:]",
        "x = pd.DataFrame({'a': np.arange(1_000_000) % 100})\nmodel = [x]",
        "x = np.zeros(20_000_000)",
        "x = np.zeros(20_000_000, dtype=int); x[5] = 3",
        "%run {script}",
    ],
)
def test_what_would_not_be_freed(
    shell: InteractiveShell, tmp_path: Path, code: str
) -> None:
    """Neither what something else keeps is promised, nor what takes no memory."""
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np\nx = np.arange(1_000_000) % 9\ndef read(): return x\n"
    )
    shell.run_cell("import numpy as np, pandas as pd")
    hints = find(shell, code.format(script=script) if "%run" in code else code)
    assert [hint for hint in hints if hint.kind in ("dtype", "numbers")] == []


SHARED_COLUMN = """
a, model = np.arange(1_000_000) % 9, np.arange(1_000_000) % 9
x = pd.DataFrame({"a": a, "b": model}, copy=False)
del a
"""


@pytest.mark.parametrize(
    ("code", "saved_bytes"),
    [
        ("x = np.arange(1_000_000) % 100\nx", 7_000_000),
        ("x = [float(n) for n in range(200_000)]\nx", 200_000 * 32),
        (SHARED_COLUMN, 7_000_000),
    ],
)
def test_what_would_be_freed(
    shell: InteractiveShell, code: str, saved_bytes: int
) -> None:
    """What only an output keeps, which the magic deletes, is promised."""
    shell.run_cell("import numpy as np, pandas as pd")
    kinds = ("dtype", "numbers")
    found = [each for each in find(shell, code) if each.kind in kinds]
    (hint,) = [each for each in found if each.name == "x"]
    assert hint.bytes == pytest.approx(saved_bytes, rel=0.2)


def test_collector(bare_shell: InteractiveShell) -> None:
    """A cell that spent much of its time in the collector is reported."""
    cells = [
        make_record(3, duration_s=4.2, gc_s=3.1),
        make_record(4, duration_s=4.2, gc_s=0.1),
        make_record(5, duration_s=0.3, gc_s=0.2),
    ]
    (hint,) = find_hints(bare_shell, cells).hints
    assert hint.name == "cell [3]"
    assert hint.found == "the garbage collector took 3.1 s of its 4.2 s"
    assert (hint.cure, hint.bytes, hint.saved_s) == ("%%gc_pause", None, 3.1)
    with pytest.raises(MemkitError, match=r"edit cell \[3\] to use %%gc_pause"):
        hint.apply()


def test_a_rule_gives_up(
    bare_shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hints found until time was up are reported as incomplete."""
    monkeypatch.setattr(deadlines, "_read_clock_s", map(float, count()).__next__)
    bare_shell.run_cell("x = [1.5] * 1_000_000").raise_error()
    found = find_hints(bare_shell)
    assert (found.hints, found.complete) == ((), False)
    assert "Incomplete" in build_report(found).text()


def test_leaks_are_hints(shell: InteractiveShell) -> None:
    """`%memkit advice` lists what `%memleaks` finds, with the same figures."""
    code = "import numpy as np\nrow = np.ones((100, 10_000))[3]"
    shell.run_cell(code).raise_error()
    shell.run_cell("numbers = [i * 1.5 for i in range(500_000)]").raise_error()
    leaks = shell.run_line_magic("memleaks", "").leaks
    found = shell.run_line_magic("memkit", "advice")
    assert [hint.name for hint in leaks] == ["row"]
    assert found.leaks == leaks
    assert {hint.name for hint in found.hints} == {"row", "numbers"}


def test_a_view_whose_array_is_used(shell: InteractiveShell) -> None:
    """A copy of a view saves nothing while something else keeps the array."""
    shell.run_cell(
        "import numpy as np\n"
        "class Box: pass\nbox = Box(); box.big = np.ones((100, 10_000))\n"
        "row = box.big[3]"
    ).raise_error()
    assert find_hints(shell).hints == ()
