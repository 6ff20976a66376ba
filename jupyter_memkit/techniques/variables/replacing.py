"""Replaces the values of variables, all or none, and measures what that frees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from jupyter_memkit.measure.holders import holders
from jupyter_memkit.techniques.allocator import settle
from jupyter_memkit.techniques.interrupts import Interrupts
from jupyter_memkit.techniques.progress import Progress
from jupyter_memkit.techniques.variables.forget import forget
from jupyter_memkit.techniques.variables.namespaces import Namespace

# A search for the holders of a value takes up to some seconds.
_BUDGET_S = 5.0
# The holders of a smaller value are not searched for.
_SEARCHED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Replaced:
    """Variables that have a new value, and what restores the old one."""

    names: Sequence[str]
    find_before: Callable[[], Any]
    restore: Callable[[Any], Any] | None


class Replacing:
    """Replaces the values of variables; a context for everything that is replaced.

    Within it interrupts wait, except in what is `allowed` to be interrupted, so no
    variable is left half replaced. When it fails, the variables that were replaced get
    their values back.

    Parameters
    ----------
    namespace : mutable mapping
        Where the variables are.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        What has shown the values.
    progress : callable, optional
        Called with the number of objects that were looked at in a search for holders.
    collect : bool
        Whether garbage is collected before memory is read.

    Attributes
    ----------
    copies : list of str
        What held an old value besides its variable, and no longer does.
    freed_bytes : int
        Resident memory before minus after, once it has ended.
    rss_bytes : int
        Resident memory after.
    duration_s : float
        The time from its construction to its end, in seconds.

    Examples
    --------
    >>> mine = {"numbers": [1, 2]}
    >>> with Replacing(mine, None) as replacing:
    ...     with replacing.allowed():
    ...         packed = tuple(mine["numbers"])
    ...     replacing.bind(["numbers"], packed)
    >>> mine
    {'numbers': (1, 2)}
    """

    def __init__(
        self,
        namespace: Namespace,
        shell: Any,
        progress: Progress | None = None,
        *,
        collect: bool = False,
    ) -> None:
        self.copies: list[str] = []
        self.freed_bytes = 0
        self.rss_bytes = 0
        self.duration_s = 0.0
        self._namespace = namespace
        self._shell = shell
        self._progress = progress
        self._collect = collect
        self._interrupts = Interrupts()
        self._replaced: list[_Replaced] = []
        self._started_s = time.perf_counter()
        self._before_bytes = 0

    def __enter__(self) -> Replacing:  # noqa: PYI034 - Python 3.10 has no Self
        """Measure, and let interrupts wait."""
        # What was free before is not freed here.
        self._before_bytes = settle(collect=self._collect)
        self._interrupts.__enter__()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Restore the old values after an error, let interrupts through, measure."""
        try:
            if error_type is not None:
                self._roll_back()
        finally:
            self._replaced.clear()
            self._interrupts.__exit__(error_type, error, traceback)
        self.rss_bytes = settle(collect=self._collect)
        self.freed_bytes = self._before_bytes - self.rss_bytes
        self.duration_s = time.perf_counter() - self._started_s

    def allowed(self) -> AbstractContextManager[None]:
        """Return a context within which an interrupt is raised."""
        return self._interrupts.allowed()

    def take(self, names: Iterable[str]) -> Any:
        """Remove the names of one value, so that only the caller has it; return it."""
        values = [self._namespace.pop(name) for name in names]
        return values[0]

    def bind(self, names: Iterable[str], value: Any) -> None:
        """Give names a value."""
        self._namespace.update(dict.fromkeys(names, value))

    def bind_all(self, values: Mapping[str, Any]) -> None:
        """Give each name its value."""
        self._namespace.update(values)

    def replace(
        self,
        names: Sequence[str],
        value: Any,
        *,
        find_before: Callable[[], Any],
        restore: Callable[[Any], Any] | None,
    ) -> None:
        """Give names a new value, and the old one again should the rest fail.

        Parameters
        ----------
        names : sequence of str
            The names of the variable.
        value : object
            The new value.
        find_before : callable
            Returns the old value, or None when it is gone.
        restore : callable or None
            Makes the old value of the new one; None where the old one is kept.
        """
        self.bind(names, value)
        self._replaced.append(_Replaced(names, find_before, restore))

    def finish(self) -> None:
        """Keep what was replaced, whatever follows."""
        self._replaced.clear()

    def forget(self, value: Any) -> None:
        """Make IPython forget an old value."""
        self.copies += forget(value, self._shell)

    def find_holders(self, value: Any, n_bytes: int) -> tuple[str, ...]:
        """Return the chains by which an old value is still reached, a few at most.

        Parameters
        ----------
        value : object
            The old value.
        n_bytes : int
            Its size; the holders of a small value are not searched for.
        """
        if n_bytes < _SEARCHED_BYTES:
            return ()
        found = holders(
            value, shell=self._shell, budget_s=_BUDGET_S, progress=self._progress
        )
        return tuple(chain.text for chain in found.chains)

    def _roll_back(self) -> None:
        for each in self._replaced:
            before = each.find_before()
            if before is None:
                assert each.restore is not None, "otherwise the value before is kept"
                before = each.restore(self._namespace[each.names[0]])
            self.bind(each.names, before)
