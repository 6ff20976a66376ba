"""The actions that the page offers for a value."""

from __future__ import annotations

import numpy as np

from jupyter_memkit.channel import acting
from jupyter_memkit.channel.offers import find_actions
from jupyter_memkit.channel.requests import ACTIONS
from jupyter_memkit.measure.sizes import Size, sizeof
from jupyter_memkit.techniques.spilling import spill


def test_array_on_disk_that_was_not_sized() -> None:
    """An array on disk can be loaded, also where time was up before it was sized."""
    spilled = spill(np.ones(1_000_000))
    assert find_actions(spilled, sizeof(spilled)) == ["delete", "shrink", "load"]
    cut = Size(bytes=0, exact=False, error_ratio=None)
    assert find_actions(spilled, cut) == ["delete", "shrink", "load"]
    assert find_actions(np.ones(10), cut) == ["delete", "shrink", "spill"]


def test_every_action_can_be_done() -> None:
    """The kernel can do each action that the protocol has."""
    assert acting._ACTIONS.keys() == set(ACTIONS)
