"""Packs variables: assigns the array to the name, and frees the list's memory."""

from __future__ import annotations

import dataclasses
import keyword
import sys
import time
from collections.abc import Callable
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import belongs_to_ipython, find_shell
from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.loaded import derives_from
from jupyter_memkit.techniques.arrays.records import Packed, Replaced
from jupyter_memkit.techniques.arrays.to_numpy import to_numpy
from jupyter_memkit.techniques.progress import Progress
from jupyter_memkit.techniques.variables.namespaces import (
    Namespace,
    find_namespace,
    group_names,
    naming,
)
from jupyter_memkit.techniques.variables.replacing import Replacing

# The number of values to sum, three times.
_SUMMED = 100_000
_REPEATS = 3

# The references to a value that only we still hold: our variable, and the call that
# counts.
_OUR_REFERENCES = 2


def pack_names(
    *names: str,
    missing: Any = None,
    frame: bool = False,
    into: str | None = None,
    namespace: Namespace | None = None,
    shell: Any = None,
    progress: Progress | None = None,
) -> Packed:
    """Convert the values of variables to arrays.

    Parameters
    ----------
    *names : str
        The variables; if one is refused, none is changed.
    missing, frame
        As in `to_numpy`.
    into : str, optional
        The variable for the result, if there is only one; by default the same variable,
        and then the outputs that refer to the old value are removed.
    namespace : mutable mapping, optional
        The namespace with the variables; by default the shell's, or ``__main__``.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell; by default the running one, if any.
    progress : callable, optional
        Called with the number of values packed so far.

    Returns
    -------
    Packed
        The changes of each variable.

    Raises
    ------
    MemkitError
        If a name is not a variable, or `to_numpy` refuses its value.

    Examples
    --------
    >>> mine = {"prices": [1.5, 2.5]}
    >>> packed = pack_names("prices", namespace=mine)
    >>> packed.variables[0].after_type, mine["prices"]
    ('ndarray float64', array([1.5, 2.5]))
    """
    shell = shell or find_shell()
    namespace = find_namespace(namespace, shell)
    replacing = Replacing(namespace, shell, progress)
    groups = group_names(names, namespace)
    if into is None:
        _check_own(groups, namespace, shell)
    else:
        _check_into(into, groups)
    with replacing:
        with replacing.allowed():
            results = [
                _pack(group, namespace, into, missing, progress, frame=frame)
                for group in groups
            ]
        # From here on, everything is completed.
        variables = []
        for group, (result, packed) in zip(groups, results, strict=True):
            value = namespace[group[0]]
            held: tuple[str, ...] = ()
            replacing.bind([into] if into else group, result)
            if into is None:
                replacing.forget(value)
                if sys.getrefcount(value) > _OUR_REFERENCES:
                    held = replacing.find_holders(value, packed.before_bytes)
            variables.append(dataclasses.replace(packed, held=held))
            del value
    return Packed(
        variables=tuple(variables),
        freed_bytes=replacing.freed_bytes,
        duration_s=replacing.duration_s,
        copies=tuple(replacing.copies),
    )


def _check_own(groups: list[list[str]], namespace: Namespace, shell: Any) -> None:
    for name in (name for group in groups for name in group):
        if shell is not None and belongs_to_ipython(name, namespace, shell):
            message = f"{name} is IPython's own; keep it with --into NAME"
            raise MemkitError(message)


def _check_into(into: str, groups: list[list[str]]) -> None:
    if not into.isidentifier() or keyword.iskeyword(into):
        message = f"{into!r} is not a valid name; give one such as prices"
        raise MemkitError(message)
    if len(groups) != 1:
        message = "into works for one variable only; pack the others separately"
        raise MemkitError(message)


def _pack(
    group: list[str],
    namespace: Namespace,
    into: str | None,
    missing: Any,
    progress: Progress | None,
    *,
    frame: bool,
) -> tuple[Any, Replaced]:
    name, value = ", ".join(group), namespace[group[0]]
    # An estimate from a sample, because visiting every value takes longer than packing
    # it.
    before = sizeof(value, exact=False)
    result = naming(
        name, lambda: to_numpy(value, missing=missing, frame=frame, progress=progress)
    )
    packed = Replaced(
        name=name,
        into=into or name,
        before_type=read_type(value),
        after_type=read_type(result),
        shape=read_shape(result),
        before_bytes=before.bytes,
        after_bytes=sizeof(result).bytes,
        exact=before.exact,
        speedup=_compare_sums(value, result),
    )
    return result, packed


def _compare_sums(value: Any, result: Any) -> float | None:
    """Return how many times faster a sum is; None if nothing can be summed."""
    if type(value) is not list and type(value) is not tuple:
        return None
    if not derives_from(type(result), "numpy", "ndarray"):
        return None
    if result.ndim != 1 or result.dtype.kind not in "iuf" or len(value) < _SUMMED:
        return None
    some = value[:_SUMMED]
    if any(each is None for each in some):
        return None
    return _time(lambda: sum(some)) / _time(result[:_SUMMED].sum)


def _time(work: Callable[[], Any]) -> float:
    """Return the time of the fastest of a few runs, in seconds."""
    durations_s = []
    for _ in range(_REPEATS):
        started_s = time.perf_counter()
        work()
        durations_s.append(time.perf_counter() - started_s)
    return min(durations_s)
