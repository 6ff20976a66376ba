"""Finds what keeps an object alive, as the shortest chains from names to it.

`gc.get_referrers` looks through all objects for each step, and does not see arrays. So
the search runs the other way: from the existing names, level by level through
everything, noting where it meets the object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.deadlines import deadline_after
from jupyter_memkit.measure.heap import leaving_no_growth
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.holder_homes import start_at_home
from jupyter_memkit.measure.holder_rest import Removal, leave_out
from jupyter_memkit.measure.holder_roots import find_roots, read_ends
from jupyter_memkit.measure.holder_search import Search, Way
from jupyter_memkit.measure.sizes.loaded import read_module_ends
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.records import Record

_MOST_CHAINS = 5
BUDGET_S = 10.0
"""The default time limit of a search, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Record):
    """A path from a name to an object.

    Attributes
    ----------
    text : str
        The path as a Python expression (``jobs[2].frame``); a step that cannot be
        written is an arrow and the type of the next holder.
    holder : str
        The type of the direct referrer.
    """

    text: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders(Record):
    """What keeps an object alive.

    Attributes
    ----------
    chains : tuple of Chain
        The shortest paths, one for each direct referrer, the shortest first.
    more : int
        The number of further referrers that were found.
    complete : bool
        Whether everything was searched before the time limit.
    """

    chains: tuple[Chain, ...]
    more: int
    complete: bool


def holders(
    obj: Any,
    *,
    shell: Any = None,
    most: int = _MOST_CHAINS,
    budget_s: float = BUDGET_S,
    progress: Callable[[int], object] | None = None,
) -> Holders:
    """Find what keeps an object alive.

    Parameters
    ----------
    obj : object
        Any object; the caller's own variables and containers count as well.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell whose outputs and tracebacks are searched; by default the running one.
    most : int
        The maximum number of chains.
    budget_s : float
        The time limit, in seconds.
    progress : callable, optional
        Called with the number of objects searched so far.

    Returns
    -------
    Holders
        The chains. There are none if only a running function or a reference cycle holds
        the object: it is then freed with the function, or by the next collection.

    Examples
    --------
    >>> import __main__
    >>> data = [1.5, 2.5]
    >>> __main__.kept_here = {"data": data}
    >>> holders(data).chains[0].text
    "kept_here['data']"
    >>> del __main__.kept_here
    """
    shell = shell or find_shell()
    deadline_s = deadline_after(budget_s)
    with leaving_no_growth():
        search = Search([obj], deadline_s, progress, ends=read_ends(shell))
        search.run(find_roots(shell))
        # Describing a path can create the attribute dict of an object, which would
        # appear in the next path, so all paths are traced first.
        ways = list(map(start_at_home, search.trace(most)))
        return Holders(
            # A context and its copies have the same variables.
            chains=tuple(dict.fromkeys(map(_describe, ways[:most]))),
            more=max(0, search.n_found - most),
            complete=search.is_complete,
        )


def find_ways(
    targets: Sequence[Any],
    *,
    removal: Removal | None = None,
    shell: Any = None,
    budget_s: float = BUDGET_S,
    progress: Callable[[int], object] | None = None,
) -> tuple[list[Way], bool]:
    """Find the paths to any of several objects, one for each direct referrer.

    What is reached without a module is searched first: it is the user's own, and a
    hundredth of all objects. Only if nothing there refers to the objects, modules are
    searched as well.

    Parameters
    ----------
    targets : sequence of object
        The objects; a path through one of them to another is not searched.
    removal : Removal, optional
        What to leave out, to find the paths that remain without it.
    shell, budget_s, progress
        As in `holders`.

    Returns
    -------
    ways : list of Way
        The shortest first. They keep the objects alive.
    complete : bool
        Whether everything was searched before the time limit.
    """
    shell = shell or find_shell()
    deadline_s = deadline_after(budget_s)
    with leaving_no_growth():
        ends = read_ends(shell)
        roots = list(find_roots(shell))
        if removal is not None:
            roots, more = leave_out(removal, roots, shell)
            ends += more
        own = [root for root in roots if root.origin != "module"]
        # Their namespaces as well, because functions refer to these.
        modules = [root.value for root in roots if root.origin == "module"]
        modules += read_module_ends()
        search = Search(targets, deadline_s, progress, ends=ends + modules)
        search.run(own)
        if not search.n_found:
            search = Search(targets, deadline_s, progress, ends=ends)
            search.run(roots)
        ways = map(start_at_home, search.trace(search.n_found, every_name=True))
        return list(ways), search.is_complete


def _describe(way: Way) -> Chain:
    """Return a path as text, with the type of the direct referrer."""
    has_referrer = len(way.steps) > 1
    holder = name_type(type(way.steps[-2])) if has_referrer else ""
    return Chain(text=way.write(), holder=holder)
