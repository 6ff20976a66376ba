"""Pauses Python's cyclic garbage collector for a block or a function.

The collector is one for the process, so the pauses of all threads are held
together: the first one to begin finds out whether the collector runs, the last
one to end restores exactly that.
"""

from __future__ import annotations

import gc
import sysconfig
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar, final, overload

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.wrapping import wrap_calls

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Free-threaded builds also look at the size of the heap before they collect, so
# that the counter alone tells nothing there.
_COUNTER_TELLS = not sysconfig.get_config_var("Py_GIL_DISABLED")


@dataclass(slots=True, kw_only=True)
class Standing:
    """The pauses of the process that have begun and not ended.

    Attributes
    ----------
    tokens : set of object
        One for each pause.
    found_enabled : bool
        Whether the collector ran before the first of them.
    since_s : float
        When the first of them began, in seconds since the epoch.
    """

    tokens: set[object]
    found_enabled: bool
    since_s: float


standing = Standing(tokens=set(), found_enabled=True, since_s=0.0)

# Reentrant: a signal handler or a finalizer may end a pause while this very thread
# holds it.
_lock = threading.RLock()


@final
class GcPause:
    """One pause of the garbage collector, as made by `gc_pause`.

    Of nested and overlapping pauses the one that ends last has the figures,
    because only then is anything restored and collected.

    Attributes
    ----------
    collections_avoided : int or None
        How many collections the interpreter would have run, at least: the net
        number of container objects made since the last collection
        (``gc.get_count()[0]``, which counts on in a pause) divided by the
        threshold. Objects made and freed again in between are not in it. None
        until the end, under another pause, and on free-threaded builds, where
        other things than this number decide.
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
    collect : bool
        Whether its end collects.
    note : str
        What the figures mean, in one sentence, once it has ended.
    """

    def __init__(self, *, collect: bool = True) -> None:
        self.collect = collect
        self.note = ""
        self._token: object | None = None
        self._started_s = 0.0
        self._threshold = 0
        self.collections_avoided: int | None = None
        self.reclaimed_objects: int | None = None
        self.reclaimed_bytes: int | None = None
        self.collect_s: float | None = None
        self.duration_s: float | None = None

    def __enter__(self) -> GcPause:
        """Begin the pause."""
        with _lock:
            if self._token is not None:
                message = "a pause is for one block; make another with gc_pause()"
                raise MemkitError(message)
            try:
                self._token = object()
                if not standing.tokens:
                    standing.found_enabled = gc.isenabled()
                    standing.since_s = time.time()
                standing.tokens.add(self._token)
                self._threshold = gc.get_threshold()[0]
                self._started_s = time.perf_counter()
                gc.disable()
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

    def __del__(self) -> None:
        """End a pause that nobody can end any more."""
        # Ctrl-C before the first instruction of __exit__ leaves a pause that only
        # the exception's traceback knows. It goes when that goes.
        self._release()

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function: each of its calls is a pause of its own."""
        return wrap_calls(function, lambda: GcPause(collect=self.collect), "gc_pause")

    def _end(self) -> None:
        with _lock:
            self.duration_s = time.perf_counter() - self._started_s
            is_last = standing.tokens == {self._token}
            count = gc.get_count()[0]
        if not is_last:
            self.note = "Another pause goes on; the last one to end has the figures."
        elif not standing.found_enabled:
            self.note = "The collector was off before, and still is."
            self.collections_avoided = 0
        else:
            self.note = "Python keeps most freed memory for its next objects."
            if _COUNTER_TELLS:
                self.collections_avoided = _count_avoided(count, self._threshold)
        try:
            # Before the collector runs again, or it would collect a second time;
            # without the lock, because finalizers run in here.
            if is_last and standing.found_enabled and self.collect:
                self._close()
        finally:
            self._release()

    def _close(self) -> None:
        before_bytes = read_rss_bytes()
        started_s = time.perf_counter()
        self.reclaimed_objects = gc.collect()
        self.collect_s = time.perf_counter() - started_s
        self.reclaimed_bytes = max(0, before_bytes - read_rss_bytes())

    def _release(self) -> None:
        # Not a with block: its end makes a tuple, on which the collector would start
        # before the pause is over.
        _lock.acquire()
        try:
            if self._token not in standing.tokens:
                return
            is_last = len(standing.tokens) == 1
            if is_last and standing.found_enabled:
                gc.enable()
            else:
                gc.disable()
            standing.tokens.remove(self._token)
        finally:
            _lock.release()


def _count_avoided(count: int, threshold: int) -> int:
    """Return a lower bound: each collection sets the count to 0, a pause never."""
    # A collection begins above the threshold; a threshold of 0 means never.
    return count // (threshold + 1) if threshold else 0


@overload
def gc_pause(function: _Function, /) -> _Function: ...
@overload
def gc_pause(*, collect: bool = True) -> GcPause: ...
def gc_pause(
    function: _Function | None = None, /, *, collect: bool = True
) -> _Function | GcPause:
    """Pause the garbage collector for a block or, as a decorator, for each call.

    Pauses nest and may overlap in threads in any order. When the last one ends, the
    collector is again what it was before the first one began, enabled or disabled,
    also after an exception, and also when the code in between called
    ``gc.enable()`` or ``gc.disable()``. A collector that was found disabled stays
    so, and nothing is collected: the pause changed nothing.

    Parameters
    ----------
    function : callable, optional
        The function to decorate. A coroutine or a generator function pauses
        while it runs and while it is suspended.
    collect : bool
        Whether the last pause to end collects once, in full.

    Returns
    -------
    GcPause or callable
        The pause, a context manager that ends with its figures
        (``collections_avoided``, ``reclaimed_bytes``); or the decorated function.

    Raises
    ------
    MemkitError
        When a pause is entered twice, or an asynchronous generator function is
        decorated.

    Examples
    --------
    >>> with gc_pause() as pause:
    ...     rows = [{"row": row} for row in range(100_000)]
    >>> pause.collections_avoided > 10
    True
    """
    if function is not None:
        return wrap_calls(function, lambda: GcPause(collect=collect), "gc_pause")
    return GcPause(collect=collect)
