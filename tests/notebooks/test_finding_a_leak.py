"""The notebook about leaks."""

from __future__ import annotations

import re
from pathlib import Path

from tests.notebooks.executing import execute

CHECKS = """\
found = {leak.kind: leak for leak in leaks.hints}
assert {"traceback", "view", "output"} <= set(found), found
assert found["traceback"].bytes > 700 * 2**20
assert 350 < found["view"].bytes / 2**20 < 360
(free,) = (c for c in memkit.tracker().cells if c.first_line.startswith("%memfree"))
assert free.before_bytes - free.after_bytes > 700 * 2**20
again = get_ipython().run_line_magic("memleaks", "")
assert not {"traceback", "view"} & {leak.kind for leak in again.hints}, again
"""


def test_finding_a_leak(tmp_path: Path) -> None:
    """The three leaks are found, each with its remedy, and the remedies work."""
    shown = execute("05_finding_a_leak", tmp_path, CHECKS)
    assert shown["sample"] == "'112 kB'"
    assert "memory in use rose by" in shown["after"]
    assert re.search(r"sample +359\.7 MiB", shown["list"])
    assert "not in variables" in shown["list"]
    assert "sample.base" in shown["holders"]
    assert "sys.last_value" in shown["list-all"]
    assert "sample = sample.copy()" in shown["leaks"]
    assert "returned to the system" in shown["free"]
    assert "memory in use fell by" in shown["end"]
