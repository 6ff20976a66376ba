"""Garbage that the user's own `gc.freeze()` hides from the collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.hints import Hint, find_leaks
from tests.hints.finding import cure, run

pytestmark = [
    pytest.mark.usefixtures("unfrozen"),
    # The searches of a fresh process visit fewer objects.
    pytest.mark.own_process(scope="module"),
    pytest.mark.traced_children,
]


@pytest.fixture
def unfrozen() -> Iterator[None]:
    """Unfreeze what a failed test left frozen."""
    yield
    gc.unfreeze()


def find_freeze(shell: InteractiveShell) -> list[Hint]:
    """Return the hints about frozen objects, which come first."""
    hints = find_leaks(shell).hints
    return [hint for hint in hints if hint.kind == "gc_frozen"]


def test_frozen_garbage(shell: InteractiveShell) -> None:
    """Frozen objects are counted, and the remedy frees those that are garbage."""
    assert find_freeze(shell) == []
    run(
        shell,
        "import gc\nclass Node: pass\nnode = Node(); node.me = node; gc.freeze()",
    )
    watch = weakref.ref(shell.user_ns["node"])
    run(shell, "del node", "%memfree")
    assert watch() is not None
    before = gc.get_freeze_count()
    (hint,) = find_freeze(shell)
    # Frozen objects that nothing refers to any longer are freed meanwhile.
    found = int(hint.found.split()[0].replace(",", ""))
    assert f"{found:,} objects" in hint.found
    assert gc.get_freeze_count() <= found <= before
    cure(shell, hint)
    assert watch() is None
    assert find_freeze(shell) == []


def test_applied(shell: InteractiveShell) -> None:
    """The remedy can be applied without a cell."""
    run(shell, "import gc; gc.freeze()")
    (hint,) = find_freeze(shell)
    hint.apply()
    assert find_freeze(shell) == []


def test_frozen_by_a_pause(shell: InteractiveShell) -> None:
    """What a pause of the kit has frozen is unfrozen by its end, without a hint."""
    run(shell, "%gc_pause on --freeze")
    assert gc.get_freeze_count() > 1000
    assert find_freeze(shell) == []
    run(shell, "%gc_pause off")
    assert find_freeze(shell) == []
