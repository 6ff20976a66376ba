"""Measures memory that only hidden holders, such as outputs and tracebacks, keep.

An object that a variable refers to as well is not freed when a traceback is deleted.
So the bytes of a holder are those that no variable, no module and no other holder
reaches. Objects that only several holders together reach are reported once for all of
them.
"""

from __future__ import annotations

import functools
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from jupyter_memkit.measure.hidden import (
    HiddenHolder,
    HolderKind,
    find_caches,
    find_hidden,
    is_output_name,
    read_cached,
)
from jupyter_memkit.measure.sizes import Sizes
from jupyter_memkit.measure.sizes.loaded import read_namespace

# Smaller leaks are not worth a hint.
LEAST_BYTES = 1024 * 1024

# A library's own cache is only worth a hint if it is large.
_LEAST_OF_LIBRARY_BYTES = 8 * LEAST_BYTES

_NOTES: dict[HolderKind, str] = {
    "cache": "results cached by functools; the function can compute them again",
    "display": "texts and images of all cells, which IPython keeps for %notebook",
    "figure": "open, with everything drawn in it",
    "output": "displayed once, and kept by {}",
    "script": "%run keeps the variables of its script",
    "traceback": "a failed cell keeps the variables of every function it was in",
}

# Modules in these folders hold no data of the user. Searching them takes seconds.
_LIBRARY_FOLDERS = tuple(
    sysconfig.get_path(each) for each in ("stdlib", "platstdlib", "purelib", "platlib")
)


@dataclass(frozen=True, slots=True)
class HiddenLeak:
    """Holders that are released together, and the memory that this frees."""

    kinds: tuple[HolderKind, ...]
    names: tuple[str, ...]
    bytes: int
    exact: bool
    note: str


@dataclass(slots=True)
class _Group:
    """Holders that one command releases, or that hold the same value."""

    kind: HolderKind
    names: list[str]
    values: list[Any]
    least_bytes: int = LEAST_BYTES


# Measures named values: exactly or by sampling, and optionally not below some objects.
Measure = Callable[..., Sizes]


def find_hidden_leaks(
    shell: Any, variables: Mapping[str, Any], measure: Measure
) -> Iterator[HiddenLeak]:
    """Yield memory that only tracebacks, outputs, figures, scripts or caches hold.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose outputs and errors are searched.
    variables : mapping of str to object
        The user's variables.
    measure : callable
        Measures a mapping of values: with ``exact=True`` by visiting every object,
        with ``ends=`` without following these objects.

    Yields
    ------
    HiddenLeak
        Each leak of at least a MiB.
    """
    caches = list(find_caches())
    hidden = find_hidden(shell)
    needed = [each.value for each in hidden if each.kind == "global"]
    groups = _group(
        [each for each in hidden if each.kind != "global"], caches, variables
    )
    # A cache is not a part of the variable that holds the function.
    ends = [each.value for each in caches]
    kept = _find_kept(shell)
    # A quick estimate first: usually nothing is held, or variables hold it too.
    seen = measure(
        {str(number): group.values for number, group in enumerate(groups)},
        ends=[*ends, *variables.values(), *kept],
    )
    left = {
        number: group
        for number, group in ((str(n), group) for n, group in enumerate(groups))
        if seen[number].bytes >= group.least_bytes
    }
    if not left:
        return
    values = {number: group.values for number, group in left.items()}
    sharing, is_whole = _find_sharing(values, kept + needed, measure, ends)
    sized = measure(values | {"kept": sharing}, exact=True, ends=ends)
    is_whole = is_whole and _is_whole(sized)
    own = {
        number: sized[number].bytes - sized[number].shared_bytes
        if is_whole
        else max(sized[number].bytes - sized[number].shared_bytes, seen[number].bytes)
        for number in left
    }
    for number, group in left.items():
        if own[number] >= group.least_bytes:
            yield _build([group], own[number], exact=is_whole)
    if is_whole:
        joint_bytes = sized.total_bytes - sized["kept"].bytes - sum(own.values())
        joint = [
            group
            for number, group in left.items()
            if sized[number].shared_bytes >= LEAST_BYTES
        ]
        if joint and joint_bytes >= min(group.least_bytes for group in joint):
            yield _build(joint, joint_bytes, exact=True)


def _find_sharing(
    values: dict[str, Any], kept: list[Any], measure: Measure, ends: list[Any]
) -> tuple[list[Any], bool]:
    """Return what shares anything with the holders, and whether all was compared.

    It is an estimate, since visiting every object of every variable would take seconds.
    """
    names = {f"kept {number}": value for number, value in enumerate(kept)}
    sized = measure(names | values, ends=ends)
    is_whole = _is_whole(sized)
    sharing = [
        value
        for name, value in names.items()
        if sized[name].shared_bytes or sized[name].error_ratio is None
    ]
    return sharing, is_whole


def _is_whole(sized: Sizes) -> bool:
    """Return whether nothing was left out for lack of time."""
    return all(size.error_ratio is not None for size in sized.values())


def _build(groups: list[_Group], n_bytes: int, *, exact: bool) -> HiddenLeak:
    kinds = tuple(dict.fromkeys(group.kind for group in groups))
    names = tuple(name for group in groups for name in group.names[:1])
    if len(groups) == 1:
        names = tuple(groups[0].names)
        note = _NOTES[groups[0].kind].format(join(names))
    else:
        note = f"kept by {join(names)} together"
    if len(groups) == 1 and groups[0].kind == "figure":
        names = (join(names),)
    return HiddenLeak(kinds=kinds, names=names, bytes=n_bytes, exact=exact, note=note)


def _group(
    hidden: list[HiddenHolder], caches: list[HiddenHolder], variables: Mapping[str, Any]
) -> list[_Group]:
    """Group the hidden holders that are released together."""
    held = {id(value) for value in variables.values()}
    groups: dict[Any, _Group] = {}
    for holder in hidden:
        if holder.kind == "output" and id(holder.value) in held:
            continue
        one = holder.kind in ("figure", "traceback")
        key = holder.kind if one else (holder.kind, id(holder.value))
        _add(groups, key, holder, [holder.value])
    for holder in caches:
        if type(holder.value) is functools._lru_cache_wrapper:  # noqa: SLF001 - it has no public name
            # A walk does not enter the cache itself, so its contents are measured.
            _add(groups, id(holder.value), holder, read_cached(holder.value))
            if not _is_from_user(holder.value):
                groups[id(holder.value)].least_bytes = _LEAST_OF_LIBRARY_BYTES
    return list(groups.values())


def _add(
    groups: dict[Any, _Group], key: Any, holder: HiddenHolder, values: list[Any]
) -> None:
    group = groups.setdefault(key, _Group(holder.kind, [], []))
    if holder.name not in group.names:
        group.names.append(holder.name)
    group.values += values


def _find_kept(shell: Any) -> list[Any]:
    """Return what stays: the values of the user's variables and modules."""
    kept: list[Any] = []
    for name, value in list(shell.user_ns.items()):
        if name in ("In", "Out", "_oh") or is_output_name(str(name)):
            continue
        kept.append(value)
        if type(value) is FunctionType:
            kept += _read_function(value)
    for module in sys.modules.copy().values():
        namespace = read_namespace(module)
        if namespace is not None and _is_of_user(namespace):
            kept.append(list(namespace.values()))
    return kept


def _read_function(function: FunctionType) -> Iterator[Any]:
    """Yield what a function itself holds, without its globals."""
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # Nothing has been assigned to the variable yet.
            yield cell.cell_contents
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def _is_from_user(cache: Any) -> bool:
    """Return whether a cached function is the user's own."""
    name = getattr(cache, "__module__", None)
    namespace = read_namespace(sys.modules.get(name)) if type(name) is str else None
    return name == "__main__" or namespace is None or _is_of_user(namespace)


def _is_of_user(namespace: dict[str, Any]) -> bool:
    """Return whether a module was imported from one of the user's own files."""
    path = namespace.get("__file__")
    return type(path) is str and not path.startswith(_LIBRARY_FOLDERS)


def join(names: tuple[str, ...] | list[str]) -> str:
    """Join names with commas; of more than four, only the first three are named."""
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return ", ".join(names)
