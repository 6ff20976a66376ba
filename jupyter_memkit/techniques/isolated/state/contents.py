"""Fingerprints of objects that two processes can compare.

Unlike a pickle, a fingerprint does not depend on which equal objects are one object, or
on the order of a set. No code of the user's objects runs: their attributes are read
where they are stored. Only objects of libraries are read by their own pickling code.
"""

from __future__ import annotations

import _thread
import marshal
import sys
import zlib
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import repeat
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)
from typing import Any

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.sizes.loaded import read_namespace
from jupyter_memkit.measure.sizes.raw_reads import (
    read_basicsize,
    read_dict,
    read_module,
    read_qualname,
)
from jupyter_memkit.techniques.isolated.fingerprints import Sink
from jupyter_memkit.techniques.isolated.state.own import Owners
from jupyter_memkit.techniques.isolated.state.parcels import CarefulPickler

_PLAIN = frozenset(map(id, (bool, bytes, complex, float, int, str, type(None))))
_CODE = (BuiltinFunctionType, FunctionType, ModuleType)

_NOTHING = object()

# The last version in which equal data have equal bytes, whichever objects are one.
_FORMAT = 2

# More would take longer than most cells; larger values have no fingerprint.
_MOST_BYTES = 64 << 20
_MOST_OBJECTS = 50_000

# The sizes of objects that store nothing but attributes.
_BARE_BYTES = object.__basicsize__ + 2 * tuple.__itemsize__


@dataclass(frozen=True, slots=True)
class Content:
    """The content of an object.

    Attributes
    ----------
    sum : int or None
        Its fingerprint; None if it is too large.
    n_bytes : int
        About how many bytes a pickle of it takes.
    """

    sum: int | None
    n_bytes: int


def read_content(value: Any, owners: Owners) -> Content:
    """Return the fingerprint of an object.

    Examples
    --------
    >>> read_content({3, 1}, Owners()) == read_content({1, 3}, Owners())
    True
    >>> read_content([1], Owners()) == read_content((1,), Owners())
    False
    """
    reader = _Reader(owners)
    try:
        reader.add(value)
    except (OverflowError, RecursionError, RuntimeError):
        # Too large, or changed by a thread at this moment.
        return Content(None, reader.n_bytes)
    return Content(reader.sum, reader.n_bytes)


class _Reader:
    def __init__(self, owners: Owners) -> None:
        self.sum = 0
        self.n_bytes = 0
        self._owners = owners
        self._n_objects = 0
        # The objects that contain the current one, each with its depth.
        self._around: dict[int, int] = {}

    def add(self, value: Any) -> None:
        """Add an object to the fingerprint."""
        kind = type(value)
        if id(kind) in _PLAIN:
            self._put(marshal.dumps(value, _FORMAT))
            return
        self._n_objects += 1
        if self._n_objects > _MOST_OBJECTS:
            raise OverflowError
        if id(value) in self._around:
            self._put(b"around %d" % self._around[id(value)])
            return
        self._around[id(value)] = len(self._around)
        self._put(_name_class(kind))
        self._add_parts(kind, value)
        del self._around[id(value)]

    def _put(self, data: bytes) -> None:
        self.n_bytes += len(data)
        if self.n_bytes > _MOST_BYTES:
            raise OverflowError
        self.sum = zlib.crc32(data, self.sum)

    def _add_parts(self, kind: type, value: Any) -> None:
        if kind is list or kind is tuple:
            self._add_all(value)
        elif kind is dict:
            self._add_all(dict.keys(value))
            self._add_all(dict.values(value))
        elif kind is set or kind is frozenset:
            self._add_set(value)
        elif kind is MethodType:
            self.add(value.__func__)
            self.add(value.__self__)
        elif kind is ContextVar:
            now = value.get(_NOTHING)
            self._add_all([] if now is _NOTHING else [now])
        elif kind is _thread._local:  # noqa: SLF001 - `threading.local`
            self.add(kind.__getattribute__(value, "__dict__"))
        elif kind is GeneratorType:
            frame = value.gi_frame
            self._put(b"ended" if frame is None else b"%d" % frame.f_lasti)
        elif kind in _CODE or issubclass(kind, type):
            self._put(_describe_code(value))
        elif self._owners.is_class_own(kind):
            self._add_own(kind, value)
        else:
            self._add_pickle(value)

    def _add_all(self, values: Iterable[Any]) -> None:
        parts = list(values)
        if _are_plain(parts):
            self._put(marshal.dumps(parts, _FORMAT))
            return
        self._put(b"%d" % len(parts))
        for each in parts:
            self.add(each)

    def _add_set(self, values: Iterable[Any]) -> None:
        """Add the elements of a set, in any order."""
        parts = list(values)
        before, total = self.sum, 0
        if _are_plain(parts):
            dumped = list(map(marshal.dumps, parts, repeat(_FORMAT)))
            self.n_bytes += sum(map(len, dumped))
            total = sum(map(zlib.crc32, dumped))
        else:
            for each in parts:
                self.sum = 0
                self.add(each)
                total += self.sum
        self.sum = before
        self._put(b"%d of %d" % (total, len(parts)))

    def _add_own(self, kind: type, value: Any) -> None:
        """Add an object of a class of the user's."""
        for name, attribute in read_attributes(value):
            self._put(name.encode("utf-8", "surrogatepass"))
            self.add(attribute)
        if issubclass(kind, dict):
            self._add_all(dict.keys(value))
            self._add_all(dict.values(value))
        elif issubclass(kind, list):
            self._add_all(list.__iter__(value))
        elif issubclass(kind, (set, frozenset)):
            self._add_set(set.union(set(), value))
        elif read_basicsize(kind) > _BARE_BYTES and not self._owners.runs_own_code(
            kind
        ):
            # A base stores something besides attributes.
            self._add_pickle(value)

    def _add_pickle(self, value: Any) -> None:
        """Add a library's pickle of its object; nothing if it cannot be pickled."""
        sink = Sink(_MOST_BYTES - self.n_bytes)
        namespace = vars(sys.modules["__main__"])
        try:
            # Which objects share memory makes no difference to a fingerprint.
            pickler = CarefulPickler(
                sink, sink.take_buffer, namespace, self._owners, is_shared=False
            )
            pickler.dump(value)
        except OverflowError:
            raise
        except Exception:  # noqa: BLE001 - from a library's code
            return
        self.n_bytes = _MOST_BYTES - sink.left_bytes
        self._put(b"%d" % sink.sum)


def _are_plain(values: list[Any]) -> bool:
    return set(map(id, map(type, values))) <= _PLAIN


def _name_class(kind: type) -> bytes:
    return f"{_read_text(read_module, kind)}.{_read_text(read_qualname, kind)}".encode()


def _read_text(read: Any, kind: type) -> str:
    try:
        text = read(kind)
    except AttributeError:
        return ""
    return text if type(text) is str else ""


def _describe_code(value: Any) -> bytes:
    """Return the name of a module, function or class; with the notebook's, its code."""
    kind = type(value)
    if issubclass(kind, type):
        name = _name_class(value)
        parts = read_dict(value).values() if name.startswith(b"__main__.") else ()
        codes = [each.__code__ for each in parts if type(each) is FunctionType]
    elif issubclass(kind, ModuleType):
        namespace = read_namespace(value) or {}
        return repr(namespace.get("__name__")).encode()
    else:
        name = f"{value.__module__!r}.{value.__qualname__}".encode()
        is_of_main = kind is FunctionType and value.__module__ == "__main__"
        codes = [value.__code__] if is_of_main else []
    return name + b"".join(b" %d" % sum_code(each) for each in codes)


def sum_code(code: CodeType) -> int:
    """Return a fingerprint of the code of a function."""
    constants = [
        sum_code(each) if isinstance(each, CodeType) else repr(each)
        for each in code.co_consts
        # Their order differs between processes.
        if not isinstance(each, frozenset)
    ]
    return zlib.crc32(repr((code.co_code, code.co_names, constants)).encode())
