"""Shrinks variables: assigns the smaller value to the name, and frees the memory."""

from __future__ import annotations

import dataclasses
import gc
import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.techniques.arrays.pandas_columns import examine_column
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.records import Part, Replaced, Shrunk
from jupyter_memkit.techniques.arrays.shrink import (
    Kind,
    ShrunkValue,
    find_kind,
    shrink_taken,
)
from jupyter_memkit.techniques.progress import Progress, count_up
from jupyter_memkit.techniques.variables.namespaces import (
    Namespace,
    find_namespace,
    group_names,
    naming,
)
from jupyter_memkit.techniques.variables.replacing import Replacing
from jupyter_memkit.techniques.variables.undo import remember

# A value is kept while it is shrunk if it, or each of its columns, is smaller than
# this, because it may get no smaller.
_SMALL_BYTES = 1 << 20
_SMALL_COLUMN_BYTES = 4096

# More than this must be saved per column: the allocators round sizes up, and in pandas
# each column that has changed gets its own block.
_LEAST_SAVED_BYTES: dict[Kind, int] = {
    "array": 0,
    "series": 16,
    "frame": 1024,
    "polars": 64,
    "arrow": 64,
}


def shrink_names(
    *names: str,
    policy: Policy | None = None,
    dry_run: bool = False,
    namespace: Namespace | None = None,
    shell: Any = None,
    progress: Progress | None = None,
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
    shell = shell or find_shell()
    namespace = find_namespace(namespace, shell)
    replacing = Replacing(namespace, shell, progress)
    groups = group_names(names, namespace)
    for group in groups:
        naming(group[0], lambda name=group[0]: find_kind(namespace[name]))  # type: ignore[misc] # of this round
    work = _Work(namespace, policy or Policy(), replacing, count_up(progress))
    with replacing:
        if dry_run:
            with replacing.allowed():
                variables = [work.preview(group) for group in groups]
        else:
            variables = work.shrink(groups)
    return Shrunk(
        variables=tuple(variables),
        freed_bytes=None if dry_run else replacing.freed_bytes,
        duration_s=replacing.duration_s,
        copies=tuple(replacing.copies),
        dry_run=dry_run,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A variable that was shrunk, and what finds its old value."""

    names: list[str]
    before_type: str
    before_bytes: int
    outcome: ShrunkValue
    # A weak reference, unless nothing else can restore the value.
    find_before: Callable[[], Any]


class _Work:
    def __init__(
        self,
        namespace: Namespace,
        policy: Policy,
        replacing: Replacing,
        progress: Progress | None,
    ) -> None:
        self._namespace = namespace
        self._policy = policy
        self._replacing = replacing
        self._tick = progress

    def preview(self, names: list[str]) -> Replaced:
        """Return the result for a variable, one column at a time."""
        value = self._namespace[names[0]]
        before_bytes = sizeof(value).bytes
        kind = find_kind(value)
        if kind == "frame" and not _is_small(value, before_bytes):
            columns = (value.iloc[:, number] for number in range(value.shape[1]))
            parts = tuple(
                examine_column(column, self._policy, self._tick)[1]
                for column in columns
            )
        else:
            outcome = shrink_taken(lambda: value, self._policy, self._tick)
            parts = _keep_unless_smaller(outcome, value, kind).parts
        won_bytes = sum(each.before_bytes - each.after_bytes for each in parts)
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
        done = [self._shrink(names) for names in groups]
        self._replacing.finish()
        return [self._conclude(done.pop(0)) for _ in groups]

    def _shrink(self, names: list[str]) -> _Done:
        value = self._namespace[names[0]]
        with self._replacing.allowed():
            before_type, before_bytes = read_type(value), sizeof(value).bytes
        reference = weakref.ref(value)
        # Rounded values cannot be restored, and small ones may get no smaller.
        is_small = _is_small(value, before_bytes)
        kept = value if self._policy.float32 or is_small else None
        kind = find_kind(value)
        del value
        outcome = shrink_taken(
            lambda: self._replacing.take(names),
            self._policy,
            self._tick,
            lambda before: self._replacing.bind(names, before),
            self._replacing.allowed,
        )
        if kept is not None:
            outcome = _keep_unless_smaller(outcome, kept, kind)
        find_before: Callable[[], Any] = reference
        if self._policy.float32:
            find_before = partial(_return, kept)
        del kept
        self._replacing.replace(
            names, outcome.value, find_before=find_before, restore=outcome.restore
        )
        return _Done(
            names=names,
            before_type=before_type,
            before_bytes=before_bytes,
            outcome=outcome,
            find_before=find_before,
        )

    def _conclude(self, done: _Done) -> Replaced:
        """Let go of the old value, and report what the variable is now."""
        now, before = done.outcome.value, done.find_before()
        held: tuple[str, ...] = ()
        is_kept = now is before
        if not is_kept:
            reference = weakref.ref(before) if before is not None else _nothing
            self._replacing.forget(before)
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
            after_bytes=done.before_bytes if is_kept else sizeof(now).bytes,
            parts=done.outcome.parts,
            held=held,
        )

    def _find_held(self, reference: Callable[[], Any], n_bytes: int) -> tuple[str, ...]:
        if reference() is not None:
            # Only a reference cycle may have it.
            gc.collect()
        value = reference()
        if value is None:
            return ()
        return self._replacing.find_holders(value, n_bytes)


def _keep_unless_smaller(outcome: ShrunkValue, before: Any, kind: Kind) -> ShrunkValue:
    """Return the result of shrinking, or of keeping the value if that is no larger."""
    saved_bytes = sum(each.before_bytes - each.after_bytes for each in outcome.parts)
    least_bytes = _LEAST_SAVED_BYTES[kind] * len(outcome.parts)
    if outcome.value is before or saved_bytes > least_bytes:
        return outcome
    parts = [_keep(part) for part in outcome.parts]
    return ShrunkValue(value=before, parts=tuple(parts))


def _keep(part: Part) -> Part:
    if (part.after_dtype, part.after_bytes) == (part.before_dtype, part.before_bytes):
        return part
    return dataclasses.replace(
        part,
        after_dtype=part.before_dtype,
        after_bytes=part.before_bytes,
        note="unchanged: too small to save memory",
    )


def _is_small(value: Any, n_bytes: int) -> bool:
    """Return whether a value, or each of its columns, may get no smaller."""
    _, *columns = read_shape(value) or (0,)
    return n_bytes < max(_SMALL_BYTES, _SMALL_COLUMN_BYTES * math.prod(columns))


def _return(value: Any) -> Any:
    return value


def _nothing() -> None:
    """Return None, for a value that was freed."""


def _describe_type(value: Any, parts: tuple[Part, ...]) -> str:
    name = read_type(value)
    if len(parts) == 1 and name.endswith(f" {parts[0].before_dtype}"):
        return name.removesuffix(parts[0].before_dtype) + parts[0].after_dtype
    return name
