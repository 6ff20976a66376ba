"""A search leaves nothing behind in the objects that it reads."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit import sizeof
from jupyter_memkit.hints import find_hints, find_leaks
from tests.hints.finding import run

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

_ROWS = 3_000

INDEXES = {
    "range": "pd.RangeIndex(3_000)",
    "steps": "pd.RangeIndex(5, 30_005, 10)",
    "numbers": "pd.Index(np.arange(3_000) * 2)",
    "objects": "pd.Index([*range(2_999), 'text'])",
    "strings": "pd.Index([str(n) for n in range(3_000)])",
    "nullable": "pd.Index(pd.array(range(3_000), dtype='Int64'))",
    "dates": "pd.date_range('2000', periods=3_000, freq='s')",
    "spans": "pd.timedelta_range(0, periods=3_000, freq='s')",
    "periods": "pd.period_range('2000', periods=3_000, freq='s')",
    "categories": "pd.CategoricalIndex(['a', 'b', 'c'] * 1_000)",
    "intervals": "pd.interval_range(0, 3_000)",
    "levels": "pd.MultiIndex.from_product([range(30), range(100)])",
}


def find_kept(values: list[Any]) -> set[tuple[int, str]]:
    """Return what objects that are reached from values have computed and kept.

    Each is given by its address and its name. Constants, such as the dtype of
    a block, do not count, nor do views.
    """
    met, waiting = {id(each): each for each in values}, list(values)
    while waiting:
        for each in gc.get_referents(waiting.pop()):
            is_data = isinstance(each, (dict, list, tuple)) or (
                type(each).__module__.startswith("pandas") and type(each) is not type
            )
            if is_data and id(each) not in met:
                met[id(each)] = each
                waiting.append(each)
    return {
        (id(kept), name)
        for each in met.values()
        for name, kept in (getattr(each, "_cache", None) or {}).items()
        if sizeof(kept).bytes > _ROWS and name != "levels"
    }


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_pandas_computes_nothing(shell: InteractiveShell, index: str) -> None:
    """No search makes an index, or an object with one, compute and keep its values."""
    run(
        shell,
        f"import numpy as np, pandas as pd\nindex = {index}",
        "frame = pd.DataFrame({'a': np.arange(3_000.0), 'b': 1}, index=index)\n"
        "wide = pd.DataFrame(np.ones((300, 10)), columns=index[:10])\n"
        "series = pd.Series(np.arange(3_000.0), index=index)\n"
        "groups, rolling = frame.groupby('b'), series.rolling(3)\n"
        "nested = [pd.Series(1.0, index=index), {'a': frame.groupby('b')['a']}]\n"
        "for each in range(300): each",
    )
    names = ("index", "frame", "wide", "series", "groups", "rolling", "nested")
    values = [shell.user_ns[name] for name in names]
    before = find_kept(values)
    find_leaks(shell)
    find_hints(shell)
    assert find_kept(values) == before
