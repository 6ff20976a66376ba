"""Replaces the values of variables, all or none, and measures the freed memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.techniques.allocator import settle
from jupyter_memkit.techniques.progress import Progress
from jupyter_memkit.techniques.variables.forget import forget
from jupyter_memkit.techniques.variables.namespaces import Namespace

# The time limit of a search for the holders of a value.
_BUDGET_S = 5.0
# The holders of a smaller value are not searched for.
_SEARCHED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Replaced:
    """Variables with a new value, and how to restore the old one."""

    names: Sequence[str]
    find_before: Callable[[], Any]
    restore: Callable[[Any], Any] | None


class Replacing:
    """A context manager in which the values of variables are replaced.

    In it interrupts wait, except where `allowed`, so that no variable is left half
    replaced. If it fails, the replaced variables get their old values back.

    Parameters
    ----------
    namespace : mutable mapping
        The namespace with the variables.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell whose outputs may hold the values.
    progress : callable, optional
        Called with the number of objects visited in a search for holders.
    collect : bool
        Whether garbage is collected before memory is measured.

    Attributes
    ----------
    copies : list of str
        The holders of an old value, other than its variable, that released it.
    freed_bytes : int
        Resident memory before minus after, once the block has ended.
    rss_bytes : int
        Resident memory after the block.
    duration_s : float
        The time from the construction to the end of the block, in seconds.

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
        # The namespace's own keys of the names that were taken.
        self._keys: dict[str, str] = {}
        self._started_s = time.perf_counter()
        self._before_bytes = 0

    def __enter__(self) -> Replacing:  # noqa: PYI034 - Python 3.10 has no Self
        """Measure the memory, and let interrupts wait."""
        # Memory that was already free does not count as freed.
        self._before_bytes = settle(collect=self._collect)
        self._interrupts.__enter__()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Restore the old values after an error, deliver interrupts, and measure."""
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
        """Return a context manager in which interrupts are raised."""
        return self._interrupts.allowed()

    def take(self, names: Iterable[str]) -> Any:
        """Remove all names of a value, and return the value, now held by the caller."""
        names = list(names)
        self._keep_keys(names)
        values = [self._namespace.pop(name) for name in names]
        return values[0]

    def bind(self, names: Iterable[str], value: Any) -> None:
        """Assign a value to names."""
        self.bind_all(dict.fromkeys(names, value))

    def bind_all(self, values: Mapping[str, Any]) -> None:
        """Assign a value to each name."""
        self._namespace.update(
            {self._keys.get(name) or str(name): values[name] for name in values}
        )

    def replace(
        self,
        names: Sequence[str],
        value: Any,
        *,
        find_before: Callable[[], Any],
        restore: Callable[[Any], Any] | None,
    ) -> None:
        """Assign a new value to names; if the block fails, the old one is restored.

        Parameters
        ----------
        names : sequence of str
            The names of the variable.
        value : object
            The new value.
        find_before : callable
            Returns the old value, or None if it no longer exists.
        restore : callable or None
            Converts the new value back; None if the old one is kept.
        """
        self.bind(names, value)
        self._replaced.append(_Replaced(names, find_before, restore))

    def finish(self) -> None:
        """Keep the new values, even if the block fails later."""
        self._replaced.clear()

    def forget(self, value: Any) -> None:
        """Make IPython forget an old value."""
        self.copies += forget(value, self._shell)

    def find_holders(self, value: Any, n_bytes: int) -> tuple[str, ...]:
        """Return a few of the chains by which an old value is still reachable.

        Parameters
        ----------
        value : object
            The old value.
        n_bytes : int
            Its size; the search is skipped for small values.
        """
        if n_bytes < _SEARCHED_BYTES:
            return ()
        found = holders(
            value, shell=self._shell, budget_s=_BUDGET_S, progress=self._progress
        )
        return tuple(chain.text for chain in found.chains)

    def _keep_keys(self, names: list[str]) -> None:
        """Remember the keys, because a caller's equal string may be of a subclass."""
        taken = set(names)
        # In a list, because other threads may set variables meanwhile. A key of
        # another class could run its own code when it is compared.
        keys = [
            key for key in list(self._namespace) if type(key) is str and key in taken
        ]
        self._keys.update(zip(keys, keys, strict=True))

    def _roll_back(self) -> None:
        for each in self._replaced:
            before = each.find_before()
            if before is None:
                assert each.restore is not None, "otherwise the old value is kept"
                before = each.restore(self._namespace[each.names[0]])
            self.bind(each.names, before)
