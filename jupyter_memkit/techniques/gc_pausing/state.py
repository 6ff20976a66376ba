"""The state of the collector, which all pauses of the process share.

A process has one collector, so the pauses of all threads share one state: the first
pause records the settings of the collector, and the last one restores them.
"""

from __future__ import annotations

import gc
import sysconfig
import threading
from dataclasses import dataclass

from jupyter_memkit.techniques.gc_pausing.options import PauseOptions

IS_FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
"""Whether this Python's collector has no generations."""

# Python 3.12 starts with a few hundred frozen objects; after gc.freeze() there are
# thousands.
_MOST_FROZEN_BY_PYTHON = 1000


@dataclass(slots=True, kw_only=True, eq=False)
class Claim:
    """The settings that an active pause requests.

    Attributes
    ----------
    by : str
        The name of the pause, as shown to the user.
    since_s : float
        When it began, in seconds since the epoch.
    options : PauseOptions
        The options of the pause.
    is_frozen : bool
        Whether the live objects were frozen for it.
    cells : int
        How many cells began during it, if they are counted.
    watch : object
        A weak reference that ends the claim when its pause is deleted.
    """

    by: str
    since_s: float
    options: PauseOptions
    is_frozen: bool = False
    cells: int = 0
    watch: object = None


class CollectorState:
    """The original settings of the collector, and the active pauses."""

    def __init__(self) -> None:
        # Reentrant, because a signal handler or a finalizer may end a pause while its
        # thread holds the lock.
        self._lock = threading.RLock()
        self._claims: list[Claim] = []
        self._has_frozen = False
        self._is_resumed = False
        self.found_enabled = True
        """Whether the collector ran before the first pause."""
        self.found_thresholds = gc.get_threshold()
        """Its thresholds before the first pause."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The active pauses, in the order in which they began."""
        return tuple(self._claims)

    @property
    def is_resumed(self) -> bool:
        """Whether the collector runs despite them, because a limit was exceeded."""
        return self._is_resumed

    @property
    def is_frozen_by_others(self) -> bool:
        """Whether other code than a pause has frozen objects, with `gc.freeze`."""
        return not self._can_freeze()

    @property
    def is_raised(self) -> bool:
        """Whether a threshold is higher than before the first pause."""
        thresholds = zip(gc.get_threshold(), self.found_thresholds, strict=True)
        return any(now > found for now, found in thresholds)

    def begin(self, claim: Claim) -> None:
        """Apply the settings of a pause until it ends."""
        with self._lock:
            if not self._claims:
                self.found_enabled = gc.isenabled()
                self.found_thresholds = gc.get_threshold()
                self._is_resumed = False
            self._claims.append(claim)
            self._apply(self._claims)
            if claim.options.freeze and self.found_enabled:
                self._freeze(claim)

    def resume(self, claim: Claim) -> None:
        """Restore the original settings until all pauses have ended."""
        # As in `end`.
        self._lock.acquire()
        try:
            if claim in self._claims:
                self._is_resumed = True
                self._apply(self._claims)
        finally:
            self._lock.release()

    def settle(self, claim: Claim) -> None:
        """Make the objects created in the last pause count as old when it ends.

        Otherwise the collector would run at once, because there are more young objects
        than its threshold, and the time of that collection would not be saved.
        """
        with self._lock:
            if self._claims == [claim] and not IS_FREE_THREADED and self._can_freeze():
                # `end` unfreezes them, even after Ctrl-C in between.
                self._has_frozen = True
                gc.freeze()

    def end(self, claim: Claim) -> None:
        """Apply the settings of the remaining pauses, or the original ones."""
        # Not a with block, because its end creates a tuple, on which the collector
        # could start before the pause is over.
        self._lock.acquire()
        try:
            if claim not in self._claims:
                return
            left = [each for each in self._claims if each is not claim]
            if self._has_frozen and not any(each.is_frozen for each in left):
                gc.unfreeze()
                self._has_frozen = False
            self._apply(left)
            self._claims.remove(claim)
        finally:
            self._lock.release()

    def _apply(self, claims: list[Claim]) -> None:
        """Set the thresholds, then the switch, which may start a collection."""
        is_paused, thresholds = False, self.found_thresholds
        if not self._is_resumed:
            raised = [each.options.thresholds for each in claims]
            is_paused = None in raised
            thresholds = _raise_to(thresholds, raised)
        gc.set_threshold(*thresholds)
        if is_paused or not self.found_enabled:
            gc.disable()
        else:
            gc.enable()

    def _freeze(self, claim: Claim) -> None:
        """Freeze the live objects.

        `gc.unfreeze` unfreezes all objects, so nothing is frozen if the user has frozen
        objects before.
        """
        if not self._can_freeze():
            return
        # In this order, so that Ctrl-C in between leaves nothing frozen.
        claim.is_frozen = True
        if not self._has_frozen:
            self._has_frozen = True
            gc.freeze()

    def _can_freeze(self) -> bool:
        """Return whether the user has frozen nothing."""
        return self._has_frozen or gc.get_freeze_count() <= _MOST_FROZEN_BY_PYTHON


def _raise_to(
    found: tuple[int, int, int], wanted: list[tuple[int, ...] | None]
) -> tuple[int, int, int]:
    """Return the highest value of each threshold."""
    young, middle, old = (
        max(found[place], *(each[place] for each in wanted if each and each[place:]), 0)
        for place in range(3)
    )
    # A first threshold of 0 disables the collector, and a pause may not enable it.
    return (young if found[0] else 0), middle, old


collector_state = CollectorState()
"""The state of this process."""
