"""The line that stands for a cell."""

from __future__ import annotations

import pytest

from jupyter_memkit.cells.headline import find_headline


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = 1\ny = 2", "x = 1"),
        ("\n\n  # why\n\nx = 1", "x = 1"),
        ("import os\nfrom re import sub  # (text; more)\nx = 1", "x = 1"),
        ("from os import (\n    path,\n    sep,\n)\n\nx = 1", "x = 1"),
        ("from os import path, \\\n    sep\nx = 1", "x = 1"),
        ("import os; os.getcwd()", "import os; os.getcwd()"),
        ("from_here = 1", "from_here = 1"),
        ("importance = 1", "importance = 1"),
        ("!pip install \\\n  numpy\nx = 1", "x = 1"),
        ("%matplotlib inline\nx = 1", "x = 1"),
        ("files = !ls", "files = !ls"),
        ("packed = %to_numpy delays", "packed = %to_numpy delays"),
        ("%%mem\n\nx = 1", "x = 1"),
        ("\n%%gc_pause\n%%time\n# why\nx = 1", "x = 1"),
        ("%%bash\n# why\nls", "ls"),
        ("def work():\n    import os\n    x = 1", "def work():"),
        ("@cache\ndef work(): pass", "@cache"),
        ("x = 1\r\ny = 2", "x = 1"),
        # No other line says more.
        ("%memfree df\n%memls", "%memfree df"),
        ("# why\nimport os\n%memls", "import os"),
        ("# why\n# how", "# why"),
        ("%%isolated --name model\n", "%%isolated --name model"),
        ("%%mem\nimport os", "import os"),
        ("from os import (\n", "from os import ("),
        ("", ""),
        ("\n \n", ""),
        ("x" * 300, "x" * 200),
    ],
)
def test_headline(code: str, line: str) -> None:
    """A comment, a magic or an import stands for a cell without any other line."""
    assert find_headline(code) == line


def test_long_cells() -> None:
    """No cell makes the search slow, however long it is or deeply nested."""
    for code in ("%%mem\n" * 5_000, "import (" * 50_000, "# x\n" * 50_000):
        assert find_headline(code + "\nx = 1")
