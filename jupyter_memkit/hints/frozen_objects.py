"""Objects that the user's `gc.freeze()` hides from the collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.techniques.gc_pausing.state import collector_state


def find(_: Scene) -> Iterator[Hint]:
    """Yield a hint if code other than a pause has frozen objects.

    Which of them are garbage is known only when they are no longer frozen.
    """
    if collector_state.is_frozen_by_others:
        yield Hint(
            kind="gc_frozen",
            name="gc.freeze()",
            found=(
                f"{gc.get_freeze_count():,} objects are frozen, and those in reference "
                "cycles stay in memory even if nothing else refers to them"
            ),
            cure="import gc; gc.unfreeze(); gc.collect()",
            _call=_unfreeze,
        )


def _unfreeze() -> None:
    gc.unfreeze()
    # They are old then, and full collections are rare.
    gc.collect()
