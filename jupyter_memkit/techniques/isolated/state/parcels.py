"""Pickles the data of a module in parts, each of which another process can ignore.

The other process unpickles only what it needs, because unpickling imports modules.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from jupyter_memkit.measure.sizes.loaded import read_namespace
from jupyter_memkit.techniques.isolated.state.own import Owners
from jupyter_memkit.techniques.processes.pickling import Pickler
from jupyter_memkit.techniques.processes.sharing import Sharing


class CarefulPickler(Pickler):
    """Refuses objects whose pickling would run the user's code.

    Parameters
    ----------
    file, take_buffer, namespace
        As in `Pickler`.
    owners : Owners
        Knows which classes are the user's.
    is_shared : bool
        Whether arrays in the object may share memory that has to stay one.
    """

    def __init__(
        self,
        file: Any,
        take_buffer: Callable[[pickle.PickleBuffer], bool],
        namespace: Mapping[str, Any],
        owners: Owners,
        *,
        is_shared: bool = True,
    ) -> None:
        super().__init__(file, take_buffer, namespace, left_out=None, ends=owners.ends)
        self._owners = owners
        self._is_shared = is_shared

    def plan_sharing(self, obj: Any) -> Sharing:
        """Return what is shared within an object."""
        return super().plan_sharing(obj if self._is_shared else None)

    def reducer_override(self, obj: Any) -> Any:
        """Return how to pickle an object whose type is not built in."""
        if self._owners.runs_own_code(type(obj)):
            message = f"{type(obj).__name__} has its own code for pickling"
            raise pickle.PicklingError(message)
        if type(obj) is FunctionType and not self._can_be_found(obj):
            # A copy would read a copy of its module.
            message = f"{obj.__qualname__} cannot be found by its name"
            raise pickle.PicklingError(message)
        return super().reducer_override(obj)

    def _can_be_found(self, function: FunctionType) -> bool:
        module = function.__module__
        if module == "__main__" or not self._owners.is_own(module):
            return True
        namespace = read_namespace(sys.modules.get(module)) or {}
        name, *inside = function.__qualname__.split(".")
        return bool(inside) or namespace.get(name) is function


@dataclass(frozen=True, slots=True)
class Parcel:
    """The data of a module.

    Attributes
    ----------
    sums : dict of str to (int or None)
        The fingerprint of each name; None if it is too large.
    codes : dict of str to int
        The fingerprints of the functions that the module defines.
    pickles : list of (tuple of str, bytes)
        The values of names, together where they may share objects.
    reasons : dict of str to str
        The names that have no value here, each with the reason.
    """

    sums: dict[str, int | None]
    codes: dict[str, int]
    pickles: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    def unpack(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of these names, except those that cannot be loaded."""
        wanted = set(names)
        values: dict[str, Any] = {}
        for each, content in self.pickles:
            if wanted.isdisjoint(each):
                continue
            try:
                loaded = pickle.loads(content)  # noqa: S301 - from the kernel
            except Exception as error:  # noqa: BLE001 - from the user's own objects
                self.reasons.update(dict.fromkeys(each, f"{error}"))
                continue
            values.update({name: loaded[name] for name in each if name in wanted})
        return values

    def pack(self, values: Mapping[str, Any], owners: Owners) -> None:
        """Add values, separately for each module or function."""
        data = {}
        for name, value in values.items():
            if not is_code(value):
                data[name] = value
            elif (reference := _refer(name, value)) is not None:
                self.pickles.append(((name,), reference))
            else:
                self._pack({name: value}, owners, is_shared=False)
        if self._pack(data, owners):
            return
        for name in data.keys() & self.reasons.keys():
            del data[name]
        if not self._pack(data, owners):
            self.reasons.update(dict.fromkeys(data, "it cannot be pickled"))

    def _pack(
        self, values: dict[str, Any], owners: Owners, *, is_shared: bool = True
    ) -> bool:
        """Add values as one pickle, or the reasons why that is impossible."""
        content = _dump(values, owners, is_shared=is_shared)
        if type(content) is bytes:
            if values:
                self.pickles.append((tuple(values), content))
            return True
        for name, value in values.items():
            alone = _dump(value, owners)
            if type(alone) is str:
                self.reasons[name] = alone
        return False


def is_code(value: Any) -> bool:
    """Return whether a value is a function, a class or a module."""
    return type(value) is FunctionType or issubclass(type(value), (type, ModuleType))


def _refer(name: str, value: Any) -> bytes | None:
    """Return a pickle of the place of a function or class; None if it has none."""
    if type(value) not in (FunctionType, type) or value.__module__ == "__main__":
        return None
    try:
        # Much faster than a separate pickler, and there can be thousands.
        return pickle.dumps({name: value}, protocol=5)
    except (AttributeError, ImportError, pickle.PicklingError):
        return None


def _dump(value: Any, owners: Owners, *, is_shared: bool = True) -> bytes | str:
    """Return the pickle of an object, or why it has none.

    Parameters
    ----------
    value : object
        The object.
    owners : Owners
        As in `CarefulPickler`.
    is_shared : bool
        Whether its parts can share memory, unlike a function that is found by its name.
    """
    file = io.BytesIO()
    namespace = vars(sys.modules["__main__"])
    try:
        pickler = CarefulPickler(
            file, lambda _: True, namespace, owners, is_shared=is_shared
        )
        pickler.dump(value)
    except Exception as error:  # noqa: BLE001 - from a library's code
        return str(error) or type(error).__name__
    return file.getvalue()
