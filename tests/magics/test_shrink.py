"""``%shrink`` in a shell and in a real kernel."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.show.shrink import build_report
from jupyter_memkit.techniques.arrays.records import Part, Replaced, Shrunk
from jupyter_memkit.techniques.variables.undo import Restored
from tests.real_kernel import real_kernel

MIB = 1024 * 1024

PART = Part(
    label="<a>",
    before_dtype="int64",
    after_dtype="int8",
    before_bytes=8 * MIB,
    after_bytes=MIB,
)
KEPT = Part(
    label="b",
    before_dtype="object",
    after_dtype="object",
    before_bytes=2 * MIB,
    after_bytes=2 * MIB,
    note="unchanged: holds Decimal objects",
)
FRAME = Replaced(
    name="orders",
    into="orders",
    before_type="DataFrame",
    after_type="DataFrame",
    shape=(1_048_576, 2),
    before_bytes=10 * MIB,
    after_bytes=3 * MIB,
    parts=(PART, KEPT),
)


def test_shrink_and_undo(shell: InteractiveShell) -> None:
    """The variable is set to the smaller frame, and undo restores it."""
    shell.user_ns["frame"] = pd.DataFrame({"a": np.arange(1000)})
    planned = shell.run_line_magic("shrink", "frame --dry-run")
    assert shell.user_ns["frame"]["a"].dtype == np.int64
    shrunk = shell.run_line_magic("shrink", "frame")
    assert shell.user_ns["frame"]["a"].dtype == np.int16
    assert (planned.dry_run, shrunk.dry_run) == (True, False)
    assert shell.run_line_magic("shrink", "--undo frame").names == ("frame",)
    assert shell.user_ns["frame"]["a"].dtype == np.int64


def test_float32(shell: InteractiveShell) -> None:
    """Numbers that float32 does not hold are rounded on request."""
    shell.user_ns["numbers"] = np.array([0.1, 2.5] * 99)
    shell.run_line_magic("shrink", "numbers --float32")
    assert shell.user_ns["numbers"].dtype == np.float32


def test_no_categories(shell: InteractiveShell) -> None:
    """Strings stay strings on request."""
    shell.user_ns["texts"] = pd.Series(["a", "b"] * 999)
    shell.run_line_magic("shrink", "texts --no-categories")
    assert shell.user_ns["texts"].dtype != "category"


def test_file(shell: InteractiveShell, tmp_path: Path) -> None:
    """For a file, the code that reads it is shown."""
    path = tmp_path / "orders.csv"
    path.write_text("a\n" + "1\n" * 9)
    advice = shell.run_line_magic("shrink", f"--file {path}")
    assert "dtype={'a': 'int8'}" in advice.code


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "needs the names of variables, or --file PATH"),
        ("nothing_here", "there is no variable 'nothing_here'"),
        ("--undo values", "was not shrunk with %shrink"),
        ("values", "convert it to an array with %to_numpy"),
        ("--file nowhere.csv", "cannot be read"),
        ("values --file nowhere.csv", "takes one path; leave values out"),
        ("values --tiny", "has no option"),
    ],
)
def test_refused(shell: InteractiveShell, line: str, sentence: str) -> None:
    """A usage error is one sentence with the remedy."""
    shell.run_cell("values = [1, 2]")
    with pytest.raises(UsageError, match=sentence):
        shell.run_line_magic("shrink", line)


@pytest.mark.parametrize(
    "lines",
    [
        "%shrink array",
        "%shrink array frame\n%shrink --undo array frame",
        "%shrink 'array' --dry-run\n%shrink array --float32",
        "%to_numpy numbers",
        "%to_numpy numbers --into packed",
        "%to_numpy 'numbers' --into 'packed'",
        "%spill array frame\n%spill --back array frame",
        "%memfree array",
        "%memsnap array",
        "%memls array",
        "%memleaks array",
        "%memguard 90%\n%memguard off",
        "%mem --max 1GB a = 1",
        "%memit -r 1 -o a = 1",
        "%gc_pause\n%gc_pause off",
        "%unload --list",
    ],
)
@pytest.mark.usefixtures("disk")
def test_the_keys_of_the_namespace(shell: InteractiveShell, lines: str) -> None:
    """After a magic, each name is a plain string, by which listings find it."""
    shell.run_cell(
        "import numpy as np, pandas as pd\narray = np.arange(200_000)\n"
        "frame = pd.DataFrame({'n': np.arange(200_000)})\n"
        "numbers = [float(n) for n in range(200_000)]"
    )
    shell.run_cell(lines).raise_error()
    assert {type(name) for name in shell.user_ns} == {str}
    gone = {"array"} if lines.startswith("%memfree") else set()
    listed = {each.name for each in shell.run_line_magic("memls", "").variables}
    assert {"array", "frame", "numbers"} - gone <= listed


@pytest.mark.parametrize(
    "cell",
    [
        "%%chunked array --as part --into total --reduce sum\npart.sum()",
        "%%isolated --in array --out total\ntotal = array.sum()",
    ],
)
def test_the_keys_of_the_results(shell: InteractiveShell, cell: str) -> None:
    """After a magic of a cell, the names of its results are plain strings."""
    shell.run_cell("import numpy as np\narray = np.arange(1000)")
    shell.run_cell(cell).raise_error()
    assert shell.user_ns["total"] == 499_500
    assert {type(name) for name in shell.user_ns} == {str}


@pytest.mark.parametrize(
    ("value", "remedy", "sentence"),
    [
        (
            "np.array([range(300)]).view(np.matrix)",
            "v = np.asarray(v)",
            "result of np.asarray",
        ),
        (
            "np.ma.array(range(300), mask=[0, 1] * 150)",
            "data = v.data.copy(); mask = v.mask",
            r"a copy of its \.data, and keep its \.mask",
        ),
        ("np.arange(300).view(Own)", "data = np.array(v)", r"values = np\.array\(it\)"),
    ],
)
def test_remedies(
    shell: InteractiveShell, value: str, remedy: str, sentence: str
) -> None:
    """The remedy of a refusal loses no value, and its result can be shrunk."""
    shell.run_cell("import numpy as np\nclass Own(np.ndarray): pass")
    shell.run_cell(f"v = {value}\nbefore = v.tolist()")
    with pytest.raises(UsageError, match=sentence):
        shell.run_line_magic("shrink", "v")
    shell.run_cell(remedy)
    shell.run_line_magic("shrink", remedy.partition(" ")[0])
    shell.run_cell("after = data if 'data' in vars() else v")
    shell.run_cell(
        "after = np.ma.array(after, mask=mask) if 'mask' in vars() else after"
    )
    assert shell.user_ns["after"].dtype == np.int16
    assert shell.user_ns["after"].tolist() == shell.user_ns["before"]


def test_report() -> None:
    """The report has a row for each column, with text escaped."""
    shrunk = Shrunk(
        variables=(FRAME,), freed_bytes=7 * MIB, duration_s=0.25, copies=("_",)
    )
    report = build_report(shrunk)
    assert report.text().splitlines() == [
        "orders: 10.0 MiB → 3.0 MiB, 3.3 times smaller",
        "  returned to the system  7.0 MiB",
        "  took                    250 ms",
        "  column  dtype   smaller   before    after  note",
        "  <a>     int64   int8     8.0 MiB  1.0 MiB",
        "  b       object           2.0 MiB  2.0 MiB  unchanged: holds Decimal objects",
        "No longer held by _.",
        "Arithmetic between small integers can overflow; their .sum() does not.",
        "%shrink --undo orders reverts it.",
    ]
    assert "<a>" not in report.html()


def test_report_of_categories() -> None:
    """If strings became categories, the report says what counts them differently."""
    part = dataclasses.replace(FRAME.parts[0], after_dtype="category")
    frame = dataclasses.replace(FRAME, parts=(part,))
    report = build_report(Shrunk(variables=(frame,), freed_bytes=1, duration_s=0.25))
    assert any("Categories that a selection lacks" in each for each in report.notes)
    cities = pd.Series(["Rome", "Paris"], dtype="category")
    assert cities[cities == "Rome"].value_counts().to_dict() == {"Rome": 1, "Paris": 0}


def test_report_of_small_floats() -> None:
    """If floats became smaller, the report warns that their sums are rounded."""
    part = dataclasses.replace(FRAME.parts[0], after_dtype="float32")
    frame = dataclasses.replace(FRAME, parts=(part,))
    report = build_report(Shrunk(variables=(frame,), freed_bytes=1, duration_s=0.25))
    sentence = "Sums of small floats are rounded; convert them to float64 first."
    assert sentence in report.notes
    values = np.full(1 << 20, 0.1, "f4")
    assert values.astype("float64").sum() == np.float64(values[0]) * (1 << 20)


def test_report_of_a_dry_run() -> None:
    """A dry run reports that nothing was changed."""
    planned = Shrunk(
        variables=(FRAME,), freed_bytes=None, duration_s=0.25, dry_run=True
    )
    report = build_report(planned)
    assert report.title.startswith("orders: would shrink from 10.0 MiB to 3.0 MiB")
    assert report.notes == ("Nothing was changed.",)


def test_report_of_no_gain() -> None:
    """A value that cannot become smaller is reported as such."""
    same = Replaced(
        name="numbers",
        into="numbers",
        before_type="ndarray float64",
        after_type="ndarray float64",
        shape=(9,),
        before_bytes=MIB,
        after_bytes=MIB,
    )
    shrunk = Shrunk(variables=(same,), freed_bytes=0, duration_s=0.25)
    report = build_report(shrunk)
    assert report.title == "numbers: 1.0 MiB; no smaller type keeps every value"
    assert (report.table, report.notes) == (None, ())


def test_report_of_an_undoing() -> None:
    """The report of an undo shows how the value was restored."""
    restored = Restored(names=("a",), ways={"a": "original"})
    assert build_report(restored).text() == (
        "a: restored\n  a  the same object, which something else still held"
    )


def test_kernel(tmp_path: Path) -> None:
    """In a kernel, the memory of a displayed frame is freed, too."""
    with real_kernel(tmp_path) as kernel:
        kernel.run("%load_ext jupyter_memkit\nimport numpy as np, pandas as pd")
        kernel.run("frame = pd.DataFrame({'a': np.arange(5_000_000) % 100})")
        kernel.run("frame")
        kernel.run("shrunk = %shrink frame")
        printed = kernel.run(
            "print(shrunk.freed_bytes > 30_000_000, frame.a.dtype, shrunk.copies)"
        )
        assert printed.startswith("True int8 ('Out[")
