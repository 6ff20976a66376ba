"""Pickles arrays that share memory so that they still share it afterwards.

A pickle preserves that two references are to the same object, but not that two arrays
use the same memory: a view would become a copy. So before anything is sent, arrays that
overlap are found. An array that is in the memory of another is sent as a position in
it: in the array that spans all of the memory or, if there is none, in a *carrier* that
is created for them. If neither is possible, sending fails, because a copy would be a
silent difference. Blocks that pandas copies before it writes to them stay separate.
"""

from __future__ import annotations

import array
import bisect
import pickle
from collections.abc import Set as AbstractSet
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.processes.reach import iterate_parts

# Objects whose memory arrays can use.
_OWNERS = (bytearray, array.array)


class Sharing:
    """The memory that is shared within an object to be sent.

    Parameters
    ----------
    value : object
        The object.
    """

    def __init__(self, value: Any, ends: AbstractSet[int] | None = None) -> None:
        self._carriers: dict[int, tuple[Any, Any]] = {}
        # Blocks that pandas copies before it writes, and arrays that share nothing.
        self._alone: set[int] = set()
        # The memory that is sent, without overlaps: first addresses, and (end, array).
        self._starts: list[int] = []
        self._sent: list[tuple[int, Any]] = []
        self._array = find_loaded("numpy", "ndarray")
        if self._array is not None:
            self._plan(value, ends)

    def reduce(self, obj: Any) -> tuple[Any, ...] | None:
        """Return how to pickle an array that is in another; None for other objects.

        Raises
        ------
        pickle.PicklingError
            If it shares memory in a way that cannot be recreated.
        """
        if self._array is None or not issubclass(type(obj), self._array):
            return None
        if id(obj) in self._alone or not obj.nbytes:
            return None
        _, carrier = self._carriers.get(id(obj), (obj, None))
        if carrier is None:
            carrier = self._find_sent(obj)
        if carrier is None or carrier is obj:
            return None
        if type(obj) is not self._array:
            raise _refuse(obj)
        offset = find_span(obj)[0] - find_span(carrier)[0]
        where = (obj.shape, obj.dtype, offset, obj.strides, obj.flags.writeable)
        return _load_view, (carrier, *where)

    def _find_sent(self, obj: Any) -> Any:
        """Return the memory that an array is in, or remember the array.

        The array is new, created while another object was pickled.
        """
        low, high = find_span(obj)
        place = bisect.bisect_right(self._starts, low)
        for near in (place - 1, place):
            if not 0 <= near < len(self._starts):
                continue
            start, (end, other) = self._starts[near], self._sent[near]
            if high <= start or end <= low or other is obj:
                continue
            if start <= low and high <= end and _can_carry(other, self._array):
                return other
            if _is_written(obj) or _is_written(other):
                raise _refuse(obj)
            return None
        self._starts.insert(place, low)
        self._sent.insert(place, (high, obj))
        return None

    def _plan(self, value: Any, ends: AbstractSet[int] | None) -> None:
        arrays, owners = [], set()
        block_kind = find_loaded("pandas._libs.internals", "Block")
        for each in iterate_parts(value, ends=ends):
            if issubclass(type(each), self._array):
                arrays.append(each)
            elif type(each) in _OWNERS:
                owners.add(id(each))
            elif block_kind is not None and issubclass(type(each), block_kind):
                self._leave_to_pandas(each)
        self._plan_owned(arrays, owners)
        spans = sorted(
            (*find_span(each), index)
            for index, each in enumerate(arrays)
            if each.nbytes
            and id(each) not in self._alone
            and id(each) not in self._carriers
        )
        group: list[Any] = []
        low = high = 0
        for start, end, index in spans:
            if group and start >= high:
                self._plan_group(group, low, high)
                group = []
            if not group:
                low, high = start, end
            high = max(high, end)
            group.append(arrays[index])
        if group:
            self._plan_group(group, low, high)

    def _leave_to_pandas(self, block: Any) -> None:
        """Keep a block separate that pandas copies before it writes to it."""
        copies = find_loaded("pandas._config", "using_copy_on_write")
        if (copies is None or copies()) and block.refs.has_reference():
            values = block.values
            for each in (values, *getattr(values, "__dict__", {}).values()):
                self._alone.add(id(each))
            self._alone.add(id(getattr(values, "_ndarray", None)))

    def _plan_owned(self, arrays: list[Any], owners: set[int]) -> None:
        """Place arrays in their owners where these are sent too."""
        for each in arrays:
            owner = find_owner(each)
            if id(owner) in owners and each.nbytes:
                self._carriers[id(each)] = (each, owner)

    def _plan_group(self, arrays: list[Any], low: int, high: int) -> None:
        if len(arrays) == 1 or not any(map(_is_written, arrays)):
            self._alone.update(map(id, arrays))
            self._starts.append(low)
            self._sent.append((high, arrays[0]))
            return
        whole = [
            each
            for each in arrays
            if find_span(each) == (low, high) and _can_carry(each, self._array)
        ]
        # The array that owns the memory comes first.
        whole.sort(key=lambda each: each.base is not None)
        if whole:
            carrier = whole[0]
        elif any(each.dtype.hasobject for each in arrays):
            carrier = find_root(arrays[0])
        else:
            carrier = _make_carrier(arrays[0], low, high)
        for each in arrays:
            self._carriers[id(each)] = (each, carrier)
        self._starts.append(low)
        self._sent.append((high, carrier))


class _Carrier:
    """Memory between two addresses, in the form that numpy accepts."""

    def __init__(self, owner: Any, low: int, high: int) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "data": (low, False),
            "shape": (high - low,),
            "typestr": "|u1",
            "version": 3,
        }


def _make_carrier(owner: Any, low: int, high: int) -> Any:
    return find_loaded("numpy", "asarray")(_Carrier(owner, low, high))


def find_root(obj: Any) -> Any:
    """Return the last array in the chain of bases of an array."""
    kind = find_loaded("numpy", "ndarray")
    while issubclass(type(kind.base.__get__(obj)), kind):
        obj = kind.base.__get__(obj)
    return obj


def find_owner(obj: Any) -> Any:
    """Return the object that owns the memory of an array."""
    root = find_root(obj)
    base = find_loaded("numpy", "ndarray").base.__get__(root)
    if type(base) is memoryview:
        base = base.obj
    return root if base is None else base


def find_span(obj: Any) -> tuple[int, int]:
    """Return the first address of an array's memory, and the first one after it."""
    if type(obj) in _OWNERS:
        obj = find_loaded("numpy", "frombuffer")(obj, "u1")
    low = high = obj.__array_interface__["data"][0]
    if obj.flags.c_contiguous:
        return low, high + obj.nbytes
    for length, stride in zip(obj.shape, obj.strides, strict=True):
        reach = (length - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high + obj.itemsize


def _can_carry(obj: Any, kind: type) -> bool:
    if type(obj) in _OWNERS:
        return True
    flags = obj.flags
    return type(obj) is kind and (flags.c_contiguous or flags.f_contiguous)


def _is_written(obj: Any) -> bool:
    return type(obj) in _OWNERS or bool(obj.flags.writeable)


def _refuse(obj: Any) -> pickle.PicklingError:
    message = (
        f"this {type(obj).__name__} shares its memory with another object that is "
        "sent, and the copies would not share it"
    )
    return pickle.PicklingError(message)


def _load_view(
    carrier: Any,
    shape: tuple[int, ...],
    dtype: Any,
    offset: int,
    strides: tuple[int, ...],
    writes: bool,  # noqa: FBT001 - pickled
) -> Any:
    """Return an array in the memory of another."""
    import numpy as np  # noqa: PLC0415 - loaded if there are arrays

    memory = carrier.ravel("K") if isinstance(carrier, np.ndarray) else carrier
    if dtype.hasobject:
        start = memory[offset // dtype.itemsize :]
        view = np.lib.stride_tricks.as_strided(start, shape, strides)
    else:
        backwards = (
            (length - 1) * min(stride, 0)
            for length, stride in zip(shape, strides, strict=True)
        )
        # With negative strides, its first element is the last in memory.
        first = offset - sum(backwards)
        view = np.ndarray(shape, dtype, memory, first, strides)
    if not writes:
        view.flags.writeable = False
    return view
