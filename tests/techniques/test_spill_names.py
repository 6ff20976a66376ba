"""Several names of one value on disk, moved back together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.spilling.files import find_file
from jupyter_memkit.techniques.spilling.listing import list_spilled
from jupyter_memkit.techniques.spilling.variables import (
    spill_variables,
    unspill_variables,
)

pytestmark = pytest.mark.usefixtures("disk")


def make(kind: str) -> Any:
    """Return a value that can be moved to a file."""
    rows = np.arange(6000.0).reshape(2000, 3)
    if kind == "array":
        return rows
    if kind == "series":
        return pd.Series(rows[:, 0].copy(), name="x")
    frame = pd.DataFrame(rows.copy(), columns=["a", "b", "c"])
    if kind == "duplicate columns":
        frame.columns = pd.Index(["a", "a", "b"])
    elif kind == "multiindex":
        frame.index = pd.MultiIndex.from_product([range(20), range(100)])
    elif kind == "freq":
        frame.index = pd.date_range("2020", periods=2000, freq="h")
    return frame


@pytest.mark.parametrize("asked", [("value",), ("same",), ("value", "same")])
@pytest.mark.parametrize(
    "kind", ["array", "series", "frame", "duplicate columns", "multiindex", "freq"]
)
def test_all_names_move_back(disk: Path, kind: str, asked: tuple[str, ...]) -> None:
    """Names of one value are names of one value again, and nothing stays on disk."""
    names: dict[str, Any] = {"value": make(kind)}
    names["same"] = names["_own"] = names["value"]
    spilled = spill_variables(*asked, namespace=names)
    back = unspill_variables(*asked, namespace=names)
    assert names["same"] is names["value"] is names["_own"]
    assert set(back.along) == set(spilled.along) == set(names) - set(asked)
    assert not back.held
    assert list(disk.glob("*/*.bin")) == []
    if kind == "array":
        assert np.array_equal(names["value"], make(kind))
    elif kind == "series":
        pd.testing.assert_series_equal(names["value"], make(kind))
    else:
        pd.testing.assert_frame_equal(names["value"], make(kind), check_freq=True)


def test_an_output_is_not_a_name(disk: Path) -> None:
    """An output that shows the value is not replaced, so its file is kept."""
    names: dict[str, Any] = {"value": make("frame")}
    spill_variables("value", namespace=names)
    names["_3"] = shown = names["value"]
    back = unspill_variables("value", namespace=names)
    assert names["_3"] is shown is not names["value"]
    assert (back.along, back.held) == ((), True)
    assert len(list(disk.glob("*/*.bin"))) == 1


def test_shown_and_registered(shell: InteractiveShell, disk: Path) -> None:
    """An array that was shown is refused if a callback holds it as well."""
    shell.run_cell("import numpy as np\nvalue = np.arange(1e6)", store_history=True)
    shell.run_cell("value", store_history=True)
    held = partial(print, shell.user_ns["value"])
    shell.events.register("post_execute", held)
    try:
        with pytest.raises(MemkitError, match=r"get_ipython\(\)\.events\.callbacks"):
            spill_variables("value", shell=shell)
    finally:
        shell.events.unregister("post_execute", held)
    del held
    assert spill_variables("value", shell=shell).forgotten
    assert len(list(disk.glob("*/*.bin"))) == 1


def test_an_array_of_a_frame_stays(disk: Path) -> None:
    """An array of a frame on disk is not moved along, which would copy it."""
    names: dict[str, Any] = {"value": make("frame")}
    spill_variables("value", namespace=names)
    names["rows"] = rows = names["value"].to_numpy()
    assert find_file(rows) is not None
    back = unspill_variables("value", namespace=names)
    assert names["rows"] is rows
    assert (back.along, back.held) == ((), True)
    assert [each.name for each in list_spilled(names).variables] == ["rows"]
    unspill_variables("rows", namespace=names)
    del rows
    assert list(disk.glob("*/*.bin")) == []
