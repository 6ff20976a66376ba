"""Deletes variables with their copies, and finds what still holds their memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jupyter_memkit.measure.deadlines import deadline_after, time_left
from jupyter_memkit.measure.holder_buffers import Block, find_users
from jupyter_memkit.measure.holder_rest import Removal
from jupyter_memkit.measure.holder_search import Way
from jupyter_memkit.measure.holders import find_ways
from jupyter_memkit.measure.sizes.loaded import derives_from
from jupyter_memkit.techniques.releasing.holding import explain, find_removal, join_ways
from jupyter_memkit.techniques.releasing.hooks import cut_hooks
from jupyter_memkit.techniques.releasing.records import Held
from jupyter_memkit.techniques.releasing.suspects import find_suspects
from jupyter_memkit.techniques.releasing.watching import Watch
from jupyter_memkit.techniques.variables.forget import forget_everywhere
from jupyter_memkit.techniques.variables.namespaces import find_namespace

# The memory of a tensor, which stays one object as long as anything uses it.
_STORAGE = ("torch.storage", "UntypedStorage")

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

    def run(self) -> bool:
        """Delete the variables, and search for what still holds their values.

        Returns
        -------
        bool
            Whether any value, or a part of it, may have been freed.
        """
        watches = self._delete()
        # All are deleted before one is searched for, because they can hold each other.
        gc.collect()
        # A list that only its watch holds could hold the value of another.
        lists = [watch for watch in watches if watch.holds_value]
        for watch in lists:
            if not (watch.has_value and self._search(watch)[0]):
                watch.let_go()
        # Once, because each takes long; no search meets what waits for it.
        if lists:
            gc.collect()
        del lists
        while watches:
            watch = watches.pop(0)
            self._examine(watch)
            is_alive = bool(watch.find_alive())
            del watch
            if is_alive:
                gc.collect()
        alive = {name for name, held in self.held.items() if held.is_value}
        return not alive.issuperset(self.names)

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
        users, n_bytes, is_complete = self._find_users(watch.find_blocks())
        ways, is_whole = self._search(watch, users)
        if not ways and is_whole and (lent := watch.find_lent_blocks()):
            # No reference leads from a tensor to the array that it was made of.
            users, _, is_complete = self._find_users(lent)
            ways, is_whole = self._search(watch, users)
        while self._cut and (removed := cut_hooks(ways)):
            self.hooks += removed
            gc.collect()
            # A hook can have hidden a longer path.
            ways, is_whole = self._search(watch, users)
        if is_whole:
            ways, is_whole = self._search_rest(watch, users, ways)
        n_bytes += watch.count_bytes()
        if ways or n_bytes:
            namespace = find_namespace(None, self._shell)
            self.held[watch.name] = explain(
                ways,
                namespace,
                is_value=watch.has_value,
                n_bytes=n_bytes,
                is_complete=is_complete and is_whole,
                suspects=() if ways else self._find_suspects(namespace),
                torchscript=not ways and _may_be_compiled(watch.find_alive()),
            )

    def _find_suspects(self, namespace: Mapping[str, Any]) -> tuple[str, ...]:
        program = () if self._shell is None else self._shell.user_ns_hidden
        return find_suspects(namespace, program, self._budget_s)

    def _find_users(self, blocks: list[Block]) -> tuple[list[Any], int, bool]:
        """Return what uses blocks of memory, and how much of them."""
        if not blocks:
            return [], 0, True
        return find_users(
            blocks,
            shell=self._shell,
            budget_s=self._budget_s,
            progress=self._progress,
        )

    def _search_rest(
        self, watch: Watch, users: list[Any], ways: list[Way]
    ) -> tuple[list[Way], bool]:
        """Add the paths that would be left without those that the others start at."""
        namespace = find_namespace(None, self._shell)
        deadline_s = deadline_after(self._budget_s)
        ways = join_ways(ways, [], namespace)
        removal = find_removal(ways, namespace)
        while removal is not None:
            rest, is_complete = self._search(
                watch, users, removal, time_left(deadline_s)
            )
            ways = join_ways(ways, rest, namespace)
            if not rest or not is_complete:
                return ways, is_complete
            removal = find_removal(ways, namespace)
        return ways, True

    def _search(
        self,
        watch: Watch,
        users: Sequence[Any] = (),
        removal: Removal | None = None,
        budget_s: float | None = None,
    ) -> tuple[list[Way], bool]:
        """Return the paths to what is alive, and whether everything was searched."""
        alive = [*watch.find_alive(), *users]
        if not alive:
            return [], True
        return find_ways(
            alive,
            removal=removal,
            shell=self._shell,
            budget_s=self._budget_s if budget_s is None else budget_s,
            progress=self._progress,
        )


def _may_be_compiled(alive: list[Any]) -> bool:
    """Return whether what torch has compiled may hold some of the objects."""
    if not any(derives_from(type(each), *_STORAGE) for each in alive):
        return False
    # Imports torch, which has made the storage.
    from jupyter_memkit.measure.models.torchscript import (  # noqa: PLC0415
        keeps_functions,
    )

    return keeps_functions()
