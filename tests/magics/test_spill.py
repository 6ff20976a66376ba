"""``%spill`` in a shell and in a real kernel, measured from outside."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.measure.holders import holders
from jupyter_memkit.show.spill import build_report
from jupyter_memkit.techniques.spilling import folders, values
from jupyter_memkit.techniques.spilling.listing import (
    SpilledVariable,
    SpilledVariables,
)
from jupyter_memkit.techniques.spilling.variables import Spilled
from tests.real_kernel import real_kernel

pytestmark = pytest.mark.usefixtures("disk")

MIB = 1024 * 1024


def test_there_and_back(shell: InteractiveShell, disk: Path) -> None:
    """A variable is moved to disk, listed, and moved back; then the file is gone."""
    shell.run_cell("import numpy as np\na = np.arange(1_000_000.0)\npart = a[3:5]")
    spilled = shell.run_line_magic("spill", f"a --folder {disk}")
    assert (spilled.names, spilled.along) == (("a",), ("part",))
    assert [path.parent.parent for path in spilled.paths] == [disk]
    listed = shell.run_line_magic("spill", "")
    assert [each.name for each in listed.variables] == ["a", "part"]
    assert listed.file_bytes == 8_000_000
    back = shell.run_line_magic("spill", "--back a")
    assert (back.names, back.along, back.held) == (("a",), ("part",), False)
    assert shell.run_line_magic("spill", "").variables == ()
    assert shell.user_ns["a"].sum() == 499999500000.0
    assert list(disk.glob("*/*.bin")) == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("nothing_here", "there is no variable 'nothing_here'"),
        ("texts", "texts has the type list"),
        ("--back", "give the names to move back"),
        ("--back numbers", "numbers is in memory"),
        ("--folder /tmp", "with the names to move"),
        ("numbers --folder /no/such", "there is no folder /no/such"),
    ],
)
def test_refused(shell: InteractiveShell, line: str, sentence: str) -> None:
    """A usage error is one sentence with the remedy."""
    shell.run_cell("import numpy as np\ntexts = ['a']\nnumbers = np.ones(5)")
    with pytest.raises(UsageError, match=sentence):
        shell.run_line_magic("spill", line)


@pytest.mark.parametrize(
    ("value", "names", "values"),
    [
        ("np.array([[1.5, 2.5]]).view(np.matrix)", "v", "v.tolist()"),
        ("np.rec.array([(1, 2.5)], dtype='i4,f8')", "v", "v.tolist()"),
        (
            "np.ma.array([1.5, 2.5], mask=[0, 1])",
            "v_data v_mask",
            "np.ma.array(v_data, mask=v_mask).tolist()",
        ),
        (
            "np.ma.array([1.5, 2.5])",
            "v_data v_mask",
            "np.ma.array(v_data, mask=v_mask).tolist()",
        ),
        ("np.array([1.5]).view(Own)", "v_values", "v_values.tolist()"),
        (
            "pd.date_range('2000', periods=2, name='day')",
            "v_values",
            "pd.DatetimeIndex(v_values).tolist()",
        ),
        (
            "np.array(['a', 'text'], dtype=np.dtypes.StringDType())",
            "v_texts",
            "v_texts.tolist()",
        ),
    ],
)
def test_remedies(shell: InteractiveShell, value: str, names: str, values: str) -> None:
    """The line of a refusal loses no value, and its result can be moved to disk."""
    if "StringDType" in value and not hasattr(np.dtypes, "StringDType"):
        pytest.skip("this numpy has no strings of any length")
    shell.run_cell("import numpy as np, pandas as pd\nclass Own(np.ndarray): pass")
    shell.run_cell(f"v = {value}\nkept, before = v, str(v.tolist())")
    with pytest.raises(UsageError) as refused:
        shell.run_line_magic("spill", "v")
    shell.run_cell(str(refused.value).rpartition(": ")[2]).raise_error()
    if names != "v":
        assert shell.user_ns["v"] is shell.user_ns["kept"]
    # With another name for it, nothing would be freed.
    shell.run_cell("del kept")
    shell.run_line_magic("spill", names)
    listed = shell.run_line_magic("spill", "").variables
    assert set(names.split()) <= {each.name for each in listed}
    assert eval(f"str({values})", shell.user_ns) == shell.user_ns["before"]


def test_a_refusal_holds_nothing(shell: InteractiveShell) -> None:
    """The error that IPython keeps does not hold the refused value."""
    shell.run_cell("import numpy as np\na = np.ones(1000)\nkept = [a]")
    shell.run_cell("%spill a")
    assert "uses the memory of a" in str(sys.last_value)
    chains = holders(shell.user_ns["a"], shell=shell).chains
    assert not [chain.text for chain in chains if "last_value" in chain.text]


def test_interrupted(
    shell: InteractiveShell, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C while moving back, all is on disk, and nothing else holds it."""
    shell.run_cell("import numpy as np\na = np.ones(1000)\n%spill a")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(values, "read_room_bytes", interrupt)
        shell.run_cell("%spill --back a")
    assert [each.name for each in shell.run_line_magic("spill", "").variables] == ["a"]
    shell.run_cell("del a")
    assert list(disk.glob("*/*.bin")) == []


def test_unloading_the_extension(shell: InteractiveShell, disk: Path) -> None:
    """The files are removed with the extension; their variables remain usable."""
    shell.run_cell("import numpy as np\na = np.ones(1000)")
    shell.run_line_magic("spill", "a")
    assert len(list(disk.glob("*/*.bin"))) == 1
    shell.run_line_magic("unload_ext", "jupyter_memkit")
    if sys.platform != "win32":
        assert list(disk.glob("jupyter-memkit*")) == []
    assert shell.user_ns["a"].sum() == 1000


def test_report() -> None:
    """The reports show what was freed, what moved along, and what went wrong."""
    path = Path("/tmp/<x>.bin")
    spilled = Spilled(
        names=("a",),
        along=("b",),
        forgotten=("Out[3]", "_"),
        paths=(path,),
        file_bytes=200 * MIB,
        freed_bytes=200 * MIB,
        rss_bytes=100 * MIB,
        duration_s=1.5,
    )
    assert build_report(spilled).text().splitlines() == [
        "a on disk: 200.0 MiB written, 200.0 MiB returned to the system",
        "  moved along  b (the same memory)",
        f"  file         {path}",
        "  took         1.5 s",
        "  in use now   100.0 MiB",
        "Changes are written to the file, which is deleted when the kernel ends.",
        "Outputs deleted, because they referred to the data: Out[3], _.",
    ]
    assert "<x>" not in build_report(spilled).html()
    little = Spilled(
        names=("a",),
        along=(),
        forgotten=(),
        paths=(path,),
        file_bytes=200 * MIB,
        freed_bytes=0,
        rss_bytes=100 * MIB,
        duration_s=1.5,
    )
    assert "nothing was freed" in build_report(little).title
    assert "something else may still hold" in build_report(little).text()
    back = Spilled(
        names=("a",),
        along=(),
        forgotten=(),
        paths=(path,),
        file_bytes=200 * MIB,
        freed_bytes=-200 * MIB,
        rss_bytes=300 * MIB,
        duration_s=0.5,
        is_back=True,
        held=True,
    )
    assert build_report(back).title == "a back in memory: 200.0 MiB read"
    text = build_report(back).text()
    assert "so it is kept" in text
    assert "%memfree --outputs" in text


def test_report_of_the_list() -> None:
    """The list has a line for each variable, and reports what was removed."""
    variable = SpilledVariable(
        name="a",
        type="ndarray float64",
        shape=(1000, 3),
        path=Path("/tmp/a.bin"),
        file_bytes=MIB,
        resident_bytes=4096,
    )
    nameless = SpilledVariable(
        name=None,
        type="",
        shape=None,
        path=Path("/tmp/b.bin"),
        file_bytes=MIB,
        resident_bytes=None,
    )
    listed = SpilledVariables(
        variables=(variable, nameless), file_bytes=2 * MIB, removed_bytes=MIB
    )
    lines = build_report(listed).text().splitlines()
    assert lines[0] == "2.0 MiB on disk"
    columns = re.split(r"\s{2,}", lines[2].strip())
    assert columns[:3] == ["a", "1.0 MiB", "4.0 KiB"]
    assert columns[3:] == ["ndarray float64", "1,000 x 3", str(Path("/tmp/a.bin"))]
    assert lines[3].split()[:5] == ["(no", "variable)", "1.0", "MiB", "?"]
    assert lines[4] == "Removed 1.0 MiB left by killed kernels."
    nothing = SpilledVariables(variables=(), file_bytes=0, removed_bytes=0)
    assert build_report(nothing).title.startswith("nothing is on disk; %spill NAME")


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_kernel(tmp_path: Path) -> None:
    """A displayed array is on disk and not in memory; at the end nothing is left."""
    folder = tmp_path / "spilled"
    folder.mkdir()
    with real_kernel(tmp_path) as kernel:
        kernel.run(f"import numpy as np\nx = np.ones(9)\n%spill x --folder {folder}")
        kernel.run("%memfree")
        before = kernel.read_rss_mib()
        kernel.run("numbers = np.random.default_rng(0).random(25_000_000)")
        total = kernel.run("print(numbers.sum())")
        kernel.run("numbers[:5]")
        held = kernel.read_rss_mib()
        kernel.run(f"spilled = %spill numbers --folder {folder}")
        now = kernel.read_rss_mib()
        assert held > before + 185
        assert now < before + 10
        reported = int(kernel.run("print(spilled.freed_bytes)")) / MIB
        # Modules that the magic imported remain in memory.
        assert held - now == pytest.approx(reported, rel=0.05)
        assert kernel.run("print(numbers.sum())") == total
        assert len(list(folder.glob("*/*.bin"))) == 2
        kernel.run("%spill --back numbers")
        assert len(list(folder.glob("*/*.bin"))) == 1
    # Its kernel was killed, so the next one cleans up.
    folders.remove_left(folder)
    assert list(folder.iterdir()) == []
