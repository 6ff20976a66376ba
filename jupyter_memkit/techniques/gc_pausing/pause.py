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
"""Who pauses: a block or a function, of any thread."""


@final
class GcPause(Record):
    """One pause of the garbage collector, as made by `gc_pause`.

    Of nested and overlapping pauses the one that ends last has the figures,
    because only then is anything restored and collected.

    Attributes
    ----------
    collections_avoided : int or None
        How many collections the interpreter would have run, at least: the net
        number of container objects made since the last collection
        (``gc.get_count()[0]``, which counts on in a pause) divided by the
        threshold. Objects made and freed again in between are not in it. From
        Python 3.12 on this holds for Python code only: a C call is never interrupted
        by a collection, however many objects it makes. None until the
        end, under another pause, after the thresholds were changed from outside, and
        on free-threaded builds, where other things than this number decide.
    reclaimed_objects : int or None
        How many unreachable objects the closing collection found; None without
        one.
    reclaimed_bytes : int or None
        How much the process gave back to the system in the closing collection:
        resident memory before minus after. Often 0, because Python keeps freed
        memory for the next objects. None without a closing collection.
    collect_s : float or None
        How long the closing collection took, in seconds; None without one.
    duration_s : float or None
        How long the pause lasted, in seconds; None until the end.
    resumption : Resumption or None
        When and why the collector was resumed early; None when it was not.
    is_frozen : bool
        Whether the objects that were alive at the start were frozen.
    options : PauseOptions
        The options that were given.
    notes : tuple of str
        Remarks on the figures, one sentence each, once the pause has ended.

    Parameters
    ----------
    options : PauseOptions
        The options.
    by : str
        Who asks, as shown to the user.
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

    def __enter__(self) -> GcPause:
        """Begin the pause."""
        if self._claim is not None:
            message = "a pause is for one block; make another with gc_pause()"
            raise MemkitError(message)
        try:
            self._claim = Claim(by=self._by, since_s=time.time(), options=self.options)
            collector_state.begin(self._claim)
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
            # Called with the reference, which is the unused default.
            self._claim.watch = weakref.ref(self, partial(next, ending))
        except BaseException:
            # Ctrl-C half-way: nobody will call __exit__.
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
            # Ctrl-C half-way; releasing twice is harmless.
            self._release()
            raise

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function: each of its calls is a pause of its own."""
        return wrap_calls(
            function, lambda: GcPause(self.options, by=self._by), "gc_pause"
        )

    @property
    def is_frozen(self) -> bool:
        """Whether the objects that were alive at the start were frozen."""
        return self._claim is not None and self._claim.is_frozen

    @property
    def cells(self) -> int:
        """How many cells have begun during it, where they are counted."""
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
            # Before the collector runs again, or it would collect a second time;
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
            return ["Another pause goes on; the last one to end has the figures."]
        if not found_enabled:
            return ["The collector was off before, and still is."]
        notes = []
        if self.options.freeze and not self.is_frozen:
            notes.append(
                "Nothing was frozen: gc.freeze() was called before, and Python "
                "unfreezes all objects or none."
            )
        if self.collections_avoided and not AVOIDED_IS_LOWER_BOUND:
            notes.append(
                "A call of C, such as json.loads, counts as many collections, and "
                "would have been followed by one."
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
    exception's traceback refers to. The claim ends when that is deleted, in a callback
    where a signal that arrives in a Python function would be lost. So a thread ends it,
    because threads handle no signals.
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

    Pauses nest and may overlap in threads in any order. When the last one ends, the
    switch and the thresholds of the collector are restored as they were before the
    first one began, also after an exception, and also when the code in between called
    ``gc.enable()`` or ``gc.set_threshold()``. A collector that was found disabled
    stays disabled, and nothing is collected.

    Parameters
    ----------
    function : callable, optional
        The function to decorate. A coroutine or a generator function pauses
        while it runs and while it is suspended.
    collect : bool
        Whether the last pause to end runs one full collection. If False, nothing is
        collected: what was made counts as old from then on, whereas after a plain
        ``gc.enable()`` the next new object would start a collection of all of it.
    max_growth : int or str, optional
        A size in bytes, or such as ``"2GB"``. When the process has grown by more
        since the start, the collector collects and runs again, as it was found,
        until all pauses have ended. Checked twenty times a second, but not during a C
        call that holds the interpreter's lock, which makes no garbage.
    freeze : bool
        Whether the objects that are alive at the start are exempt from every collection
        until the end, including the closing one (``gc.freeze()``). Afterwards they
        belong to the oldest generation. If the user has frozen objects before,
        nothing is frozen, because Python unfreezes all or none, and a note says so.
    threshold : int or sequence of int, optional
        Raise the collector's thresholds to these until the end instead of disabling
        it: how many more objects may be made than freed before a collection, and how
        many collections of a generation start one of the next older one. Of several
        pauses the highest threshold counts, and one that disables the collector
        counts most. The second and third differ by version: Python 3.14.0 to 3.14.4
        look at a part of the old objects at a time, the smaller the higher the second
        is, and ignore the third; free-threaded builds only have the first.

    Returns
    -------
    GcPause or callable
        The pause, a context manager that ends with its figures
        (``collections_avoided``, ``reclaimed_bytes``); or the decorated function.

    Raises
    ------
    MemkitError
        For an invalid size or threshold, for a pause that is entered twice, and for
        an asynchronous generator function that is decorated.

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
