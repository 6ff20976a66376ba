"""Changes that the user made to modules after they were imported.

Another process imports a module from its file. When it has done so, it compares the
data of the user's own modules with those here, and takes over what differs; what
differs and could not be sent is reported. Functions and classes of the notebook are
also sent if they were assigned in a library's module. A file that has changed since it
was imported here is reported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
)
from typing import Any

from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import read_namespace
from jupyter_memkit.measure.sizes.raw_reads import (
    read_basicsize,
    read_dict,
    read_dictoffset,
    read_itemsize,
)
from jupyter_memkit.techniques.isolated.state.contents import read_content, sum_code
from jupyter_memkit.techniques.isolated.state.imports import is_executing
from jupyter_memkit.techniques.isolated.state.own import Owners
from jupyter_memkit.techniques.isolated.state.parcels import Parcel, is_code
from jupyter_memkit.techniques.isolated.state.row import Row

_LEFT_OUT = frozenset({"__main__", "__mp_main__", "builtins", "jupyter_memkit"})

# Part of the code of a class, rather than of its data.
_OF_CLASSES = (
    *(BuiltinFunctionType, classmethod, GetSetDescriptorType, MemberDescriptorType),
    *(property, staticmethod),
)

# Sending more with each call would take longer than most cells.
_MOST_BYTES = 16 << 20
_MOST_COMPARED_BYTES = 256 << 20
_TOO_LARGE = "too large to send"
_NOT_COMPARED = "too large to compare"

_read_module = vars(type)["__module__"].__get__

# The parcels that were taken over from the other process.
_taken: dict[str, Parcel] = {}
_unsent: dict[str, str] = {}


class _Modules(dict[str, Parcel]):
    """The modules at one moment, whose values are only pickled to be sent."""

    def __init__(self) -> None:
        super().__init__()
        # About the bytes of each value.
        self.sizes: dict[tuple[str, str], int] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        owners, left_bytes = Owners(), _MOST_BYTES
        for name, parcel in self.items():
            namespace = read_namespace(sys.modules.get(name)) or {}
            values = {}
            for each, value in _find_data(name, namespace, owners):
                n_bytes = self.sizes.get((name, each))
                if n_bytes is None:
                    continue
                if n_bytes <= left_bytes:
                    left_bytes -= n_bytes
                    values[each] = value
                else:
                    parcel.reasons[each] = _TOO_LARGE
            parcel.pack(values, owners)
        return dict, (dict(self),)


def _read() -> _Modules:
    owners, left_bytes = Owners(), _MOST_COMPARED_BYTES
    found = _Modules()
    for name, module in sys.modules.copy().items():
        namespace = read_namespace(module)
        if namespace is None or name.partition(".")[0] in _LEFT_OUT:
            continue
        sums: dict[str, int | None] = {}
        for each, value in _find_data(name, namespace, owners):
            sums[each] = None
            if left_bytes > 0:
                content = read_content(value, owners)
                left_bytes -= content.n_bytes
                sums[each] = content.sum
                found.sizes[name, each] = content.n_bytes
            if sums[each] is None:
                found.sizes.pop((name, each), None)
        if owners.is_file_own(namespace.get("__file__")):
            found[name] = Parcel(sums, _sum_codes(name, namespace))
        elif sums:
            found[name] = Parcel(sums, {})
    return found


def _find_data(
    module: str, namespace: dict[str, Any], owners: Owners
) -> Iterator[tuple[str, Any]]:
    """Yield what may differ in another process: names, as ``Class.name``, and values.

    In a library's module these are only functions and classes of the notebook.
    """
    if not owners.is_file_own(namespace.get("__file__")):
        # One expression, because it visits every name of every module at each call.
        yield from [
            (each, value)
            for each, value in namespace.copy().items()
            if (
                value.__module__ == "__main__"
                if type(value) is FunctionType
                else issubclass(type(value), type) and _read_module(value) == "__main__"
            )
        ]
        return
    for name, value in namespace.copy().items():
        if name[:2] == "__" or value is sys.modules.get(f"{module}.{name}"):
            continue  # The import of a submodule sets its name.
        yield name, value
        if type(value) is FunctionType and value.__module__ == module:
            inside = value.__dict__.copy()
        elif issubclass(type(value), type) and _read_module(value) == module:
            inside = {
                each: part
                for each, part in read_dict(value).items()
                if not contains_identical(_OF_CLASSES, type(part))
            }
        else:
            continue
        for each, part in inside.items():
            # Enumerations and abstract classes keep their own names with underscores.
            if each[:2] != "__" and not (each[0] == "_" == each[-1]):
                yield f"{name}.{each}", part


def _sum_codes(module: str, namespace: dict[str, Any]) -> dict[str, int]:
    """Return fingerprints of the functions that a module defines."""
    sums: dict[str, int] = {}
    if type(namespace.get("__loader__")) is not SourceFileLoader:
        # Another loader may produce different code in each process.
        return sums
    for name, value in namespace.copy().items():
        parts = {name: value}
        if issubclass(type(value), type) and _read_module(value) == module:
            parts = {f"{name}.{each}": part for each, part in read_dict(value).items()}
        for each, part in parts.items():
            if type(part) is FunctionType and part.__module__ == module:
                sums[each] = sum_code(part.__code__)
    return sums


def _write(parcels: dict[str, Parcel]) -> list[str]:
    """Apply the parcels to loaded modules, and return those that are not loaded."""
    for name, parcel in parcels.items():
        namespace = read_namespace(sys.modules.get(name))
        if namespace is None or is_executing(name) or _taken.get(name) == parcel:
            continue
        _taken[name] = parcel
        _apply(name, namespace, parcel)
    return [name for name in parcels if name not in sys.modules]


def _apply(module: str, namespace: dict[str, Any], parcel: Parcel) -> None:
    """Take over the data of a module that differ, and note what is missing."""
    owners = Owners()
    data = dict(_find_data(module, namespace, owners))
    for name in data.keys() - parcel.sums.keys():
        if "." not in name and not is_code(data[name]):
            del namespace[name]
    differing = _find_differing(data, parcel, owners)
    values = parcel.unpack(differing)
    _fill_all(namespace, values)
    # An object may have had several names, of which only one has changed.
    data = dict(_find_data(module, namespace, owners))
    differing = _find_differing(data, parcel, owners)
    values.update(parcel.unpack(set(differing) - values.keys()))
    for name in differing:
        if name in values:
            _store(namespace, name, values[name])
        else:
            _unsent[f"{module}.{name}"] = parcel.reasons.get(name, _NOT_COMPARED)
    codes = _sum_codes(module, namespace)
    if codes and any(codes.get(name) != each for name, each in parcel.codes.items()):
        _unsent[module] = "its file has changed since the import"


def _find_differing(data: dict[str, Any], parcel: Parcel, owners: Owners) -> list[str]:
    """Return the names whose values differ from those of the other process."""
    return [
        name
        for name, sum_there in parcel.sums.items()
        if sum_there is None
        or name not in data
        or read_content(data[name], owners).sum != sum_there
    ]


def take_unsent() -> tuple[str, ...]:
    """Return what modules here lack from the other process, each with a reason."""
    unsent = tuple(f"{name} ({_unsent[name]})" for name in sorted(_unsent))
    _unsent.clear()
    return unsent


def _fill_all(namespace: dict[str, Any], values: dict[str, Any]) -> None:
    """Store values; an object that others may refer to keeps its place."""
    old = {
        id(value): namespace[name]
        for name, value in values.items()
        if name in namespace and _can_fill(namespace[name], value)
    }
    for name, value in values.items():
        if id(value) in old:
            _fill(old[id(value)], value, old)
        else:
            _store(namespace, name, value)


def _store(namespace: dict[str, Any], path: str, value: Any) -> None:
    """Store a value under a name of a module, or under one of a class or function."""
    name, _, inside = path.partition(".")
    owner = namespace.get(name)
    if not inside:
        namespace[name] = value
    elif issubclass(type(owner), type):
        type.__setattr__(owner, inside, value)
    elif type(owner) is FunctionType:
        owner.__dict__[inside] = value


def _can_fill(old: Any, new: Any) -> bool:
    """Return whether an object can get the content of another one."""
    kind = type(old)
    if kind is not type(new) or old is new:
        return False
    # Other objects may store something besides their attributes.
    is_bare = read_basicsize(kind) == read_basicsize(_Bare) and not read_itemsize(kind)
    return kind in (dict, list, set) or (is_bare and read_dictoffset(kind) != 0)


class _Bare:
    """Has nothing but attributes."""


def _fill(old: Any, new: Any, others: dict[int, Any]) -> None:
    """Give an object the content of another one.

    Parameters
    ----------
    old, new : object
        The object, and the other one.
    others : dict of int to object
        The objects that replace others, by the addresses of these.
    """
    if type(old) is list:
        old[:] = [others.get(id(each), each) for each in new]
    elif type(old) is set:
        old.clear()
        old.update(new)
    else:
        here, there = (old, new) if type(old) is dict else (vars(old), vars(new))
        here.clear()
        here.update({each: others.get(id(it), it) for each, it in there.items()})


def _differ(before: _Modules, now: _Modules) -> bool:
    """Return whether modules that were loaded before have changed."""
    return any(
        (now[name].sums, now[name].codes) != (parcel.sums, parcel.codes)
        for name, parcel in before.items()
        if name in now
    )


ROWS = (Row("modules", _read, _write, differs=_differ),)
