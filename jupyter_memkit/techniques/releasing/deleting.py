"""Deletes variables with their copies, and finds what still holds their memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_memkit.measure.holder_search import Way
from jupyter_memkit.measure.holders import find_ways
from jupyter_memkit.techniques.releasing.holding import explain
from jupyter_memkit.techniques.releasing.hooks import cut_hooks
from jupyter_memkit.techniques.releasing.records import Held
from jupyter_memkit.techniques.releasing.watching import Watch
from jupyter_memkit.techniques.variables.forget import forget_everywhere
from jupyter_memkit.techniques.variables.namespaces import find_namespace

Places = Mapping[str, list[tuple[dict[Any, Any], Any]]]


class Deleting:
    """Deletes variables, and records what is still alive.

    Parameters
    ----------
    places : mapping of str to list of (dict, object)
        The variables, with the dicts and keys where each is found.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell whose copies are deleted as well.
    progress : callable or None
        Called with the number of objects searched so far.
    cut : bool
        Whether to remove the hooks of torch that keep a value alive.
    budget_s : float
        The time limit of a search, in seconds.
    """

    def __init__(
        self,
        places: Places,
        shell: Any,
        progress: Callable[[int], object] | None,
        *,
        cut: bool,
        budget_s: float,
    ) -> None:
        self._places = places
        self._shell = shell
        self._progress = progress
        self._cut = cut
        self._budget_s = budget_s
        self.names = tuple(places)
        self.copies: list[str] = []
        self.hooks: list[str] = []
        self.held: dict[str, Held] = {}

    def run(self) -> None:
        """Delete the variables, and search for what still holds their values."""
        watches = self._delete()
        # All are deleted before one is searched for, because they can hold each other.
        gc.collect()
        # A list that only its watch holds could hold the value of another.
        for watch in [watch for watch in watches if watch.holds_value]:
            if not (watch.has_value and self._search(watch)[0]):
                watch.let_go()
        gc.collect()
        while watches:
            self._examine(watches.pop(0))
        gc.collect()

    def _delete(self) -> list[Watch]:
        """Delete the variables, and return watches of their values."""
        ends = [] if self._shell is None else [self._shell, self._shell.user_ns]
        watches = []
        for name, found in self._places.items():
            # An earlier name may have been the same output.
            values = [place.pop(key) for place, key in found if key in place]
            watches += [Watch(name, value, ends) for value in values]
            while values:
                self.copies += forget_everywhere(values.pop(), self._shell)
        self.copies = list(dict.fromkeys(self.copies))
        return watches

    def _examine(self, watch: Watch) -> None:
        """Record what holds a value, or else the blocks of its memory."""
        ways, is_complete = self._search(watch)
        while self._cut and (removed := cut_hooks(ways)):
            self.hooks += removed
            # A hook can have hidden a longer path.
            ways, is_complete = self._search(watch)
        n_bytes = watch.count_bytes()
        if ways or n_bytes:
            self.held[watch.name] = explain(
                ways,
                find_namespace(None, self._shell),
                is_value=watch.has_value,
                n_bytes=n_bytes,
                is_complete=is_complete,
            )

    def _search(self, watch: Watch) -> tuple[list[Way], bool]:
        """Return the paths to what is alive, and whether everything was searched."""
        gc.collect()
        alive = watch.find_alive()
        if not alive:
            return [], True
        return find_ways(
            alive,
            shell=self._shell,
            budget_s=self._budget_s,
            progress=self._progress,
        )
