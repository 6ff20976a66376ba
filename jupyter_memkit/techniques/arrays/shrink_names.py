"""Shrinks variables: assigns the smaller value to the name, and frees the memory."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.arrays.names import (
    Tick,
    find_chains,
    group_names,
    naming,
)
from jupyter_memkit.techniques.arrays.pandas_columns import examine_column
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.records import Part, Replaced, Shrunk
from jupyter_memkit.techniques.arrays.shrink import (
    Outcome,
    count_up,
    find_kind,
    shrink_taken,
)
from jupyter_memkit.techniques.arrays.undo import remember
from jupyter_memkit.techniques.chunked.interrupts import Interrupts
from jupyter_memkit.techniques.forget import forget
from jupyter_memkit.techniques.namespaces import Namespace, find_namespace


def shrink_names(
    *names: str,
    policy: Policy | None = None,
    dry_run: bool = False,
    namespace: Namespace | None = None,
    shell: Any = None,
    progress: Tick | None = None,
) -> Shrunk:
    """Convert variables to the smallest dtypes that keep every value.

    A frame that only its variable holds is taken apart, so that at most one column is
    in memory twice.

    Parameters
    ----------
    *names : str
        The variables; if one is refused, or on Ctrl-C, all are restored.
    policy : Policy, optional
        What may be done.
    dry_run : bool
        Only report what would change.
    namespace : mutable mapping, optional
        The namespace with the variables; by default the shell's, or ``__main__``.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell; by default the running one, if any.
    progress : callable, optional
        Called with the number of values processed so far.

    Returns
    -------
    Shrunk
        The changes of each variable.

    Raises
    ------
    MemkitError
        If a name is not a variable, or `shrink` refuses its value.

    Examples
    --------
    >>> import numpy as np
    >>> mine = {"numbers": np.arange(1000)}
    >>> shrunk = shrink_names("numbers", namespace=mine)
    >>> shrunk.after_bytes < 0.3 * shrunk.before_bytes, mine["numbers"].dtype
    (True, dtype('int16'))
    """
    started_s = time.perf_counter()
    shell = shell or find_shell()
    namespace = find_namespace(namespace, shell)
    groups = group_names(names, namespace)
    for group in groups:
        naming(group[0], lambda name=group[0]: find_kind(namespace[name]))  # type: ignore[misc] # bound to this iteration
    work = _Work(namespace, policy or Policy(), shell, progress)
    # Memory that was already free does not count as freed.
    release_unused()
    before_bytes = read_rss_bytes()
    if dry_run:
        variables = [work.preview(group) for group in groups]
    else:
        variables = work.shrink(groups)
        release_unused()
    return Shrunk(
        variables=tuple(variables),
        freed_bytes=None if dry_run else before_bytes - read_rss_bytes(),
        duration_s=time.perf_counter() - started_s,
        copies=tuple(work.copies),
        dry_run=dry_run,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A variable that was shrunk, and how to restore it."""

    names: list[str]
    before_type: str
    before_bytes: int
    outcome: Outcome
    # A weak reference, unless nothing else can restore the value.
    find_before: Callable[[], Any]


class _Work:
    def __init__(
        self, namespace: Namespace, policy: Policy, shell: Any, progress: Tick | None
    ) -> None:
        self._namespace = namespace
        self._policy = policy
        self._shell = shell
        self._progress = progress
        self._tick = count_up(progress)
        self.copies: list[str] = []

    def preview(self, names: list[str]) -> Replaced:
        """Return the result for a variable, one column at a time."""
        value = self._namespace[names[0]]
        if find_kind(value) == "frame":
            columns = (value.iloc[:, number] for number in range(value.shape[1]))
            parts = tuple(
                examine_column(column, self._policy, self._tick)[1]
                for column in columns
            )
        else:
            parts = shrink_taken(lambda: value, self._policy, self._tick).parts
        won_bytes = sum(each.before_bytes - each.after_bytes for each in parts)
        before_bytes = sizeof(value).bytes
        return Replaced(
            name=", ".join(names),
            into=", ".join(names),
            before_type=read_type(value),
            after_type=_describe_type(value, parts),
            shape=read_shape(value),
            before_bytes=before_bytes,
            after_bytes=before_bytes - won_bytes,
            parts=parts,
        )

    def shrink(self, groups: list[list[str]]) -> list[Replaced]:
        """Shrink variables, all or none."""
        done: list[_Done] = []
        with Interrupts() as interrupts:
            try:
                # One by one, so that the finished ones are known if one fails.
                done.extend(self._shrink(names, interrupts) for names in groups)
            except BaseException:
                for each in done:
                    self._bind(each.names, _bring_back(each))
                raise
            return [self._conclude(done.pop(0)) for _ in groups]

    def _shrink(self, names: list[str], interrupts: Interrupts) -> _Done:
        value = self._namespace[names[0]]
        with interrupts.allowed():
            before_type, before_bytes = read_type(value), sizeof(value).bytes
        reference = weakref.ref(value)
        # Rounded values cannot be restored.
        kept = value if self._policy.float32 else None
        del value
        outcome = shrink_taken(
            lambda: self._take(names),
            self._policy,
            self._tick,
            lambda before: self._bind(names, before),
            interrupts.allowed,
        )
        self._bind(names, outcome.value)
        return _Done(
            names=names,
            before_type=before_type,
            before_bytes=before_bytes,
            outcome=outcome,
            find_before=reference if kept is None else lambda: kept,
        )

    def _conclude(self, done: _Done) -> Replaced:
        """Release the old value of a variable, and describe the new one."""
        now, before = done.outcome.value, done.find_before()
        held: tuple[str, ...] = ()
        if now is not before:
            reference = weakref.ref(before) if before is not None else _nothing
            self.copies += forget(before, self._shell)
            remember(now, reference, done.outcome.restore)
            del before
            if not self._policy.float32:
                held = self._find_held(reference, done.before_bytes)
        name = ", ".join(done.names)
        return Replaced(
            name=name,
            into=name,
            before_type=done.before_type,
            after_type=read_type(now),
            shape=read_shape(now),
            before_bytes=done.before_bytes,
            after_bytes=sizeof(now).bytes,
            parts=done.outcome.parts,
            held=held,
        )

    def _find_held(self, reference: Callable[[], Any], n_bytes: int) -> tuple[str, ...]:
        if reference() is not None:
            # Only a reference cycle may still hold it.
            gc.collect()
        value = reference()
        if value is None:
            return ()
        return find_chains(value, n_bytes, self._shell, self._progress)

    def _take(self, names: list[str]) -> Any:
        values = [self._namespace.pop(name) for name in names]
        return values[0]

    def _bind(self, names: list[str], value: Any) -> None:
        self._namespace.update(dict.fromkeys(names, value))


def _bring_back(done: _Done) -> Any:
    before = done.find_before()
    if before is not None:
        return before
    assert done.outcome.restore is not None, "otherwise the original is kept"
    return done.outcome.restore(done.outcome.value)


def _nothing() -> None:
    """Return None, for a value that is gone."""


def _describe_type(value: Any, parts: tuple[Part, ...]) -> str:
    name = read_type(value)
    if len(parts) == 1 and name.endswith(f" {parts[0].before_dtype}"):
        return name.removesuffix(parts[0].before_dtype) + parts[0].after_dtype
    return name
