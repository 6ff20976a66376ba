"""The bar that shows progress."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from tqdm import tqdm

from jupyter_memkit.show import progress_bar


def test_interrupted_while_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar that an interrupt leaves half made says nothing when it is deleted."""
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setattr(progress_bar, "get_ipython", lambda: shell)
    kinds: list[Any] = []

    def interrupt(kind: Any) -> None:
        kinds.append(kind)
        raise KeyboardInterrupt

    monkeypatch.setattr(tqdm, "get_lock", classmethod(interrupt))
    unraised: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraised.append)
    with pytest.raises(KeyboardInterrupt):
        progress_bar.make_bar(10, "rows")
    assert kinds
    assert unraised == []
