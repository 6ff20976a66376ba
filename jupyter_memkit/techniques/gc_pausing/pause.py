"""Pauses Python's cyclic garbage collector for a block or a function."""

from __future__ import annotations

import _thread
import gc
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Any, TypeVar, final, overload

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.gc_pausing.avoided import (
    AVOIDED_IS_LOWER_BOUND,
    AvoidedCollections,
)
from jupyter_memkit.techniques.gc_pausing.growth import GrowthWatch, Resumption
from jupyter_memkit.techniques.gc_pausing.options import PauseOptions, read_options
from jupyter_memkit.techniques.gc_pausing.state import Claim, collector_state
from jupyter_memkit.wrapping import wrap_calls

_Function = TypeVar("_Function", bound=Callable[..., Any])

BLOCK = "memkit.gc_pause()"
"""The name of a pause by a block or a function, in any thread."""


@final
class GcPause(Record):
    """A pause of the garbage collector, created by `gc_pause`.

    If pauses nest or overlap, the last one to end has the figures, because only then
    is the collector restored and run.

    Attributes
    ----------
    collections_avoided : int or None
        How many collections the interpreter would have run, at least: the net
        number of container objects created since the last collection
        (``gc.get_count()[0]``, which keeps counting during a pause) divided by the
        threshold. Objects that were created and freed again are not included. Since
        Python 3.12 this only holds for Python code, because no collection interrupts
        a call into C, however many objects it creates. None until the end, during
        another pause, after other code changed the thresholds, and on free-threaded
        builds, where this number alone does not decide.
    reclaimed_objects : int or None
        How many unreachable objects the closing collection found; None without one.
    reclaimed_bytes : int or None
        How much memory the closing collection returned to the system: resident memory
        before minus after. Often 0, because Python keeps freed memory for the next
        objects. None without a closing collection.
    collect_s : float or None
        How long the closing collection took, in seconds; None without one.
    duration_s : float or None
        How long the pause lasted, in seconds; None until the end.
    resumption : Resumption or None
        When and why the collector was resumed early; None if it was not.
    is_frozen : bool
        Whether the objects that were alive at the start were frozen.
    has_raised : bool
        Whether a threshold was higher at its start than before the first pause.
    options : PauseOptions
        The options of the pause.
    notes : tuple of str
        Notes on the figures, one sentence each, once the pause has ended.

    Parameters
    ----------
    options : PauseOptions
        The options.
    by : str
        The name of the pause, as shown to the user.
    """

    def __init__(self, options: PauseOptions | None = None, *, by: str = BLOCK) -> None:
        self.options = options or PauseOptions()
        self.notes: tuple[str, ...] = ()
        self.collections_avoided: int | None = None
        self.reclaimed_objects: int | None = None
        self.reclaimed_bytes: int | None = None
        self.collect_s: float | None = None
        self.duration_s: float | None = None
        self.resumption: Resumption | None = None
        self._by = by
        self._claim: Claim | None = None
        self._growth: GrowthWatch | None = None
        self._avoided: AvoidedCollections | None = None
        self._started_s = 0.0
        self.has_raised = False

    def __enter__(self) -> GcPause:
        """Begin the pause."""
        if self._claim is not None:
            message = "a pause is for one block; create another with gc_pause()"
            raise MemkitError(message)
        try:
            self._claim = Claim(by=self._by, since_s=time.time(), options=self.options)
            collector_state.begin(self._claim)
            self.has_raised = collector_state.is_raised
            avoided = AvoidedCollections(
                collector_state.found_thresholds, gc.get_threshold()
            )
            growth_bytes = self.options.max_growth_bytes
            if growth_bytes is not None and collector_state.found_enabled:
                self._growth = GrowthWatch(
                    collector_state, self._claim, avoided, growth_bytes
                )
                self._growth.start()
            self._avoided = avoided
            self._started_s = time.perf_counter()
            ending = _end_later(self._claim, self._growth)
            # `next` gets the reference as its default value, which is not used.
            self._claim.watch = weakref.ref(self, partial(next, ending))
        except BaseException:
            # After Ctrl-C in here __exit__ is not called.
            self._release()
            raise
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the pause."""
        try:
            self._end()
        except BaseException:
            # Such as Ctrl-C in here; releasing twice is harmless.
            self._release()
            raise

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function, each of whose calls is then a separate pause."""
        return wrap_calls(
            function, lambda: GcPause(self.options, by=self._by), "gc_pause"
        )

    @property
    def is_frozen(self) -> bool:
        """Whether the objects that were alive at the start were frozen."""
        return self._claim is not None and self._claim.is_frozen

    @property
    def cells(self) -> int:
        """How many cells began during it, if they are counted."""
        return self._claim.cells if self._claim is not None else 0

    def count_cell(self) -> int:
        """Count a cell that begins during it, and return the count."""
        if self._claim is not None:
            self._claim.cells += 1
        return self.cells

    def _end(self) -> None:
        self.duration_s = time.perf_counter() - self._started_s
        if self._growth is not None:
            self._growth.stop()
            self.resumption = self._growth.resumption
        is_last = collector_state.claims == (self._claim,)
        found_enabled = collector_state.found_enabled
        if is_last:
            self.collections_avoided = self._read_avoided() if found_enabled else 0
        self.notes = tuple(self._explain(is_last=is_last, found_enabled=found_enabled))
        try:
            # Before the collector is resumed, which would collect a second time, and
            # without the lock, because finalizers run in here.
            if is_last and found_enabled and self.options.collect:
                self._close()
            elif is_last and found_enabled and self._claim is not None:
                collector_state.settle(self._claim)
        finally:
            self._release()

    def _read_avoided(self) -> int | None:
        if self.resumption is not None:
            return self.resumption.collections_avoided
        return None if self._avoided is None else self._avoided.read()

    def _explain(self, *, is_last: bool, found_enabled: bool) -> list[str]:
        if not is_last:
            return ["Another pause is active; the last one to end has the figures."]
        if not found_enabled:
            return ["The collector was off before, and still is."]
        notes = []
        if self.options.thresholds is not None and not self.has_raised:
            found = ", ".join(map(str, collector_state.found_thresholds))
            notes.append(
                "No threshold was raised, because none was lower than requested: "
                f"{found}."
            )
        if self.options.freeze and not self.is_frozen:
            notes.append(
                "Nothing was frozen: gc.freeze() was called before, and Python can "
                "only unfreeze all objects."
            )
        if self.collections_avoided and not AVOIDED_IS_LOWER_BOUND:
            notes.append(
                "The number may be too high: a long C call such as json.loads would "
                "have triggered only one collection."
            )
        if self.options.collect:
            notes.append("Python keeps most freed memory for its next objects.")
        return notes

    def _close(self) -> None:
        before_bytes = read_rss_bytes()
        started_s = time.perf_counter()
        self.reclaimed_objects = gc.collect()
        self.collect_s = time.perf_counter() - started_s
        self.reclaimed_bytes = max(0, before_bytes - read_rss_bytes())

    def _release(self) -> None:
        if self._claim is not None:
            _end_claim(self._claim, self._growth)


def _end_claim(claim: Claim, growth: GrowthWatch | None) -> None:
    claim.watch = None
    if growth is not None:
        growth.stop()
    collector_state.end(claim)


def _end_later(claim: Claim, growth: GrowthWatch | None) -> Iterator[int]:
    """Return an iterator whose first ``next`` ends a claim that its pause left behind.

    Ctrl-C before the first instruction of ``__exit__`` leaves a pause that only the
    exception's traceback refers to. The claim ends in a callback when the traceback is
    deleted. A signal that arrived in a Python function there would be lost, so a thread
    ends the claim, because threads do not handle signals.
    """
    return map(_thread.start_new_thread, [_end_claim], [(claim, growth)])


@overload
def gc_pause(function: _Function, /) -> _Function: ...
@overload
def gc_pause(
    *,
    collect: bool = True,
    max_growth: int | str | None = None,
    freeze: bool = False,
    threshold: int | Sequence[int] | None = None,
) -> GcPause: ...
def gc_pause(
    function: _Function | None = None,
    /,
    *,
    collect: bool = True,
    max_growth: int | str | None = None,
    freeze: bool = False,
    threshold: int | Sequence[int] | None = None,
) -> _Function | GcPause:
    """Pause the garbage collector for a block or, as a decorator, for each call.

    Pauses can be nested, and can overlap in threads in any order. When the last one
    ends, the switch and the thresholds of the collector are restored to what they were
    before the first one, even after an exception, and even if the code in between
    called ``gc.enable()`` or ``gc.set_threshold()``. A collector that was already
    disabled stays disabled, and nothing is collected.

    Parameters
    ----------
    function : callable, optional
        The function to decorate. A coroutine or generator function pauses the
        collector while it runs and while it is suspended.
    collect : bool
        Whether the last pause to end runs one full collection. If False, nothing is
        collected, and the objects created during the pause count as old from then on.
        After a plain ``gc.enable()`` the next new object would start a collection of
        all of them.
    max_growth : int or str, optional
        A size in bytes, or such as ``"2GB"``. When the process has grown by more since
        the start, the garbage is collected and the collector runs as before the pause
        until all pauses have ended. The memory is checked twenty times a second, but
        not during a C call that holds the interpreter's lock, which creates no garbage.
    freeze : bool
        Whether the objects that are alive at the start are exempt from every collection
        until the end, including the closing one (``gc.freeze()``). Afterwards they
        belong to the oldest generation. If the user has already frozen objects, nothing
        is frozen, because Python can only unfreeze all of them; a note reports this.
    threshold : int or sequence of int, optional
        Raise the collector's lower thresholds to these until the end instead of
        disabling it: how many more objects may be created than freed before a
        collection, and how many collections of a generation start one of the next older
        one. Among several pauses the highest threshold applies, and a pause that
        disables the collector takes precedence. The second and third differ by version:
        Python 3.14.0 to 3.14.4 collect a part of the old objects at a time, which is
        smaller the higher the second is, and ignore the third; free-threaded builds
        only have the first.

    Returns
    -------
    GcPause or callable
        The pause, a context manager that has its figures at the end
        (``collections_avoided``, ``reclaimed_bytes``); or the decorated function.

    Raises
    ------
    MemkitError
        For an invalid size or threshold, for a pause that is entered twice, and for a
        decorated asynchronous generator function.

    Examples
    --------
    >>> with gc_pause() as pause:
    ...     rows = [{"row": row} for row in range(100_000)]
    >>> pause.collections_avoided > 10
    True
    """
    options = read_options(
        collect=collect, max_growth=max_growth, freeze=freeze, threshold=threshold
    )
    if function is not None:
        return GcPause(options)(function)
    return GcPause(options)
