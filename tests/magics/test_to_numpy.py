"""``%to_numpy`` in a shell."""

from __future__ import annotations

import math

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show.to_numpy import build_report
from jupyter_memkit.techniques.arrays.records import Packed, Replaced

MIB = 1024 * 1024


def test_replaces(shell: InteractiveShell) -> None:
    """The variable is set to the array, and the result describes the change."""
    shell.run_cell("prices = [1.5, 2.5]")
    packed = shell.run_line_magic("to_numpy", "prices")
    assert shell.user_ns["prices"].tolist() == [1.5, 2.5]
    assert packed.variables[0].before_type == "list"


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("nan", math.nan), ("-1", -1), ("2.5", 2.5), ("inf", math.inf)],
)
def test_missing(shell: InteractiveShell, missing: str, expected: float) -> None:
    """Missing values become the number, or the name of one, on the line."""
    shell.run_cell("values = [1, None]")
    shell.run_line_magic("to_numpy", f"values --missing={missing}")
    assert str(float(shell.user_ns["values"][1])) == str(float(expected))


def test_missing_text(shell: InteractiveShell) -> None:
    """A word that is not a number is a string."""
    shell.run_cell("values = ['a', None]")
    shell.run_line_magic("to_numpy", "values --missing none")
    assert shell.user_ns["values"].tolist() == ["a", "none"]


def test_options(shell: InteractiveShell) -> None:
    """A frame is assigned to another variable."""
    shell.run_cell("rows = [{'a': 1}, {'a': 2}]")
    shell.run_line_magic("to_numpy", "rows --frame --into table")
    assert shell.user_ns["table"]["a"].tolist() == [1, 2]
    assert isinstance(shell.user_ns["rows"], list)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("nothing_here", "there is no variable 'nothing_here'"),
        ("values", "^values was not changed: it contains None once"),
        ("values --into 2", "'2' is not a name"),
        ("", "needs NAME"),
        ("values --deeper", "has no option"),
    ],
)
def test_refused(shell: InteractiveShell, line: str, sentence: str) -> None:
    """A usage error is one sentence, and the list is kept."""
    shell.run_cell("values = [1, None]")
    with pytest.raises(UsageError, match=sentence):
        shell.run_line_magic("to_numpy", line)
    assert shell.user_ns["values"] == [1, None]


def test_history_of_inputs(shell: InteractiveShell) -> None:
    """IPython's list of inputs is never replaced, and its texts can be packed."""
    shell.run_cell("1 + 1", store_history=True)
    inputs = shell.user_ns["In"]
    with pytest.raises(UsageError, match="In is IPython's own; keep it with --into"):
        shell.run_line_magic("to_numpy", "In")
    shell.run_line_magic("to_numpy", "In --into texts")
    assert shell.user_ns["texts"][-1] == "1 + 1"
    assert shell.user_ns["In"] is inputs


def test_report() -> None:
    """The report shows bytes, speed, and holders of the list, with text escaped."""
    packed = Packed(
        variables=(
            Replaced(
                name="prices",
                into="prices",
                before_type="list",
                after_type="ndarray float64",
                shape=(1_000_000,),
                before_bytes=40 * MIB,
                after_bytes=8 * MIB,
                exact=False,
                held=("kept['<a>']",),
                speedup=20.4,
            ),
        ),
        freed_bytes=32 * MIB,
        duration_s=0.25,
        copies=("Out[3]",),
    )
    assert build_report(packed).text().splitlines() == [
        "prices: ≈ 40.0 MiB → 8.0 MiB, 5.0 times smaller",
        (
            "  prices                  list → ndarray float64 of 1,000,000: ≈ 40.0 "
            "MiB → 8.0 MiB; a sum is 20 times faster"
        ),
        "  returned to the system  32.0 MiB",
        "  took                    250 ms",
        "No longer held by Out[3].",
        (
            "The old value of prices is still held by kept['<a>']; its memory is "
            "freed once that is gone."
        ),
        "≈: estimated from a sample.",
    ]
    assert "<a>" not in build_report(packed).html()


def test_report_of_no_gain() -> None:
    """A result that is not smaller is reported as such."""
    same = Replaced(
        name="few",
        into="few",
        before_type="list",
        after_type="ndarray int64",
        shape=(2,),
        before_bytes=100,
        after_bytes=128,
    )
    packed = Packed(variables=(same,), freed_bytes=0, duration_s=0.25)
    assert build_report(packed).title == "few: 100 B → 128 B, no smaller"
