"""The notebook about arrays."""

from __future__ import annotations

from pathlib import Path

from tests.notebooks.executing import execute

CHECKS = """\
from jupyter_memkit import tracker

(list_,) = packed.variables
assert list_.before_bytes > 4.8 * list_.after_bytes, list_
# An arena of Python's allocator returns once it is empty: what else the kernel made
# meanwhile keeps 5 to 13 of about a hundred.
assert packed.freed_bytes > 0.8 * (list_.before_bytes - list_.after_bytes), packed
assert shrunk.before_bytes > 2.8 * shrunk.after_bytes
assert sample.base is None and len(sample) == 1000
(cell,) = (c for c in tracker().cells if c.first_line.startswith("%spill numbers"))
assert cell.before_bytes - cell.after_bytes > 0.95 * numbers.nbytes, cell
assert not get_ipython().run_line_magic("spill", "").variables
"""


def test_arrays(tmp_path: Path) -> None:
    """Each way to store numbers takes the stated memory, and nothing is lost."""
    shown = execute("02_arrays", tmp_path, CHECKS)
    assert shown["data"] == "'3,273,460 delays, from -86 to 1272 minutes'"
    assert "126.5 MiB" in shown["list"]
    assert "--missing nan" in shown["gap-refused"]
    assert "nan" in shown["gap-show"]
    assert "25.0 MiB" in shown["view-list"]
    assert shown["table-same"] == "np.True_"
    assert "143.9 MiB written" in shown["spill"]
    # The column, and neighbouring data that the system reads.
    (line,) = (line for line in shown["spill-list"].splitlines() if "numbers" in line)
    assert 10 < float(line.split()[3]) < 30, line
