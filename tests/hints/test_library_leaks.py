"""Arrays, frames and figures that lose memory are found, with their cures.

Apart from `test_leaks`, whose searches take less time without these libraries.
"""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.hints.finding import cure, find, run

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

MIB = 1024 * 1024


def test_views_of_one_array(shell: InteractiveShell) -> None:
    """Small views that keep an array together are one leak with one cure."""
    run(shell, "import numpy as np\nbig = np.ones((100, 10_000))")
    run(shell, "a, b = big[3], {'x': big[4]}\ndel big")
    leak = find(shell)["view"]
    assert leak.name == "a, b"
    cure(shell, leak)
    assert find(shell) == {}


def test_figure(shell: InteractiveShell) -> None:
    """Data that open figures keep are a leak."""
    run(
        shell,
        "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt",
        "import numpy as np\nplt.figure(); plt.plot(np.arange(200_000.0));",
    )
    leak = find(shell)["figure"]
    assert leak.name == "figure 1"
    assert leak.bytes is not None
    assert leak.bytes > MIB
    cure(shell, leak)
    assert "figure" not in find(shell)


def test_view(shell: InteractiveShell) -> None:
    """A small view of an array that no variable holds is a leak."""
    run(shell, "import numpy as np\nbig = np.ones((100, 10_000))\nrow = big[3]")
    assert "view" not in find(shell)
    run(shell, "del big")
    leak = find(shell)["view"]
    assert (leak.name, leak.bytes) == ("row", 99 * 80_000)
    cure(shell, leak)
    assert "view" not in find(shell)


def test_view_of_a_nullable_column(shell: InteractiveShell) -> None:
    """A view is found even if part of its array was never touched."""
    run(
        shell,
        "import numpy as np, pandas as pd",
        "few = pd.Series(np.arange(4_000_000), dtype='Int64').iloc[:5]",
    )
    leak = find(shell)["view"]
    assert leak.name == "few"
    assert leak.bytes is not None
    assert leak.bytes >= 4_000_000 * 8 - 45
    cure(shell, leak)
    assert find(shell) == {}


def test_views_in_objects(shell: InteractiveShell) -> None:
    """A view in an attribute is found, unless another variable shows its array."""
    run(
        shell,
        "import numpy as np\nfrom types import SimpleNamespace",
        "a = SimpleNamespace(part=np.ones(1_000_000)[:5])",
        "big = np.ones(1_000_000)\nb = SimpleNamespace(part=big[:5])",
    )
    leak = find(shell)["view"]
    assert leak.cure == "a.part = a.part.copy()"
    cure(shell, leak)
    assert find(shell) == {}


TEXTS = "texts = [f'a text that is longer than a few {n}' for n in range(200_000)]\n"


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\na = np.array(texts, dtype=object)[:9]",
        "import pandas as pd\na = pd.DataFrame({'t': texts, 'n': 1}).iloc[:9]",
        "import pandas as pd\na = pd.Series(texts).iloc[-9:]",
        "import pandas as pd\na = pd.Series(1, index=[*range(9, 400_000)]).iloc[:9]",
        "import polars as pl\na = pl.DataFrame({'t': texts}).head(9)",
        "import polars as pl\na = pl.Series(texts).slice(5, 9)",
        "import polars as pl\na = pl.select(n=pl.int_range(2_000_000)).head(9)",
        "import polars as pl\na = pl.select(n=pl.int_range(2_000_000))['n'].head(9)",
        "import pyarrow as pa\na = pa.table({'t': texts, 'n': range(200_000)})[7:9]",
        "import pyarrow as pa\na = pa.array(texts).slice(5, 9)",
        "import pyarrow as pa\na = [pa.table({'t': texts})[:9]]",
        "import pyarrow as pa\na = (pa.table({'t': texts})[:9], 1)",
        "import pyarrow as pa\na = {'k': pa.table({'t': texts})[:9], 2: 1}",
        "import pandas as pd\na = pd.array(texts, dtype='string[pyarrow]')[5:9]",
        "import pandas as pd\na = pd.DataFrame({'n': 1}, index=texts)[5:9]",
        "import pandas as pd\na = pd.Series(1, pd.RangeIndex(10**6) * 1.5).iloc[:9]",
        "import pyarrow as pa\na = pa.array([0.5] * 10**6).to_numpy()[:9]",
    ],
)
def test_slice(shell: InteractiveShell, code: str) -> None:
    """A small slice of a frame is a leak, and its cure keeps the values."""
    run(shell, TEXTS + code + "\nbefore = str(a)\ndel texts")
    leak = find(shell)["view"]
    assert leak.name == "a"
    cure(shell, leak)
    assert str(shell.user_ns["a"]) == shell.user_ns["before"]
    assert "view" not in find(shell)


@pytest.mark.parametrize(
    "code",
    [
        "import pandas as pd\na = pd.DataFrame({'t': texts, 'n': 1})\nb = a.iloc[:9]",
        "import polars as pl\na = pl.DataFrame({'t': texts})\nb = a.head(9)",
        "import polars as pl\na = pl.select(n=pl.int_range(2_000_000))\nb = a.head(9)",
        "import polars as pl\na = [pl.select(pl.int_range(2000000))]\nb = a[0][:9]",
        "import pyarrow as pa\na = pa.table({'t': texts})\nb = a[7:9]",
        "import pyarrow as pa\na = pa.table({'t': texts})[:190_000]",
        "import polars as pl\na = pl.DataFrame({'t': texts}).filter(pl.lit(True))",
    ],
)
def test_no_slice(shell: InteractiveShell, code: str) -> None:
    """A slice of a variable, or of nearly all of a frame, is not a leak."""
    run(shell, TEXTS + code + "\ndel texts")
    assert "view" not in find(shell)


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\na = np.arange(1_000_000.0)\nb = a.copy()",
        "import pandas as pd\na = pd.DataFrame({'x': range(10**6)})\nb = a.copy()",
        "import pandas as pd\na = pd.Series(range(1_000_000))\nb = a.copy(deep=True)",
    ],
)
def test_duplicate(shell: InteractiveShell, code: str) -> None:
    """Equal data in different memory are reported, and the cure keeps one copy."""
    run(shell, code)
    leak = find(shell)["duplicate"]
    assert (leak.name, leak.cure) == ("b", "b = a")
    cure(shell, leak)
    assert "duplicate" not in find(shell)


def test_no_duplicate(shell: InteractiveShell) -> None:
    """Views, other names of an object, and different data are not duplicates."""
    run(
        shell,
        "import numpy as np\na = np.arange(1_000_000.0)\nb = a\nc = a[:]",
        "d = a.copy(); d[-1] = 0\ne = a.astype('i8')",
    )
    assert "duplicate" not in find(shell)
