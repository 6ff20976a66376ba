"""The types written in C whose whole memory is visible; all others may hide some.

Everything in a class written in Python is visible. A type written in another language
is trusted only when it has its own ``__sizeof__``, adds no field to its base, has a
sizer, or is listed here or in ``transparent`` of a library's file. Every other type
marks a size as a lower bound, unless what it hides is bounded and below a hundredth of
the size. The table in ``tests/measure/sizes/table`` justifies the lists:
``MEMKIT_TABLE=all pytest tests/measure/sizes/test_table.py`` compares each construction
with the growth of a process, and ``make test`` a part of them.
"""

from __future__ import annotations

import math
from types import MemberDescriptorType, MethodDescriptorType
from typing import Any

from jupyter_memkit.measure.sizes import registry
from jupyter_memkit.measure.sizes.raw_reads import (
    read_base,
    read_basicsize,
    read_dict,
    read_dictoffset,
    read_mro,
    read_weakrefoffset,
)

# Python's own types whose parts are all in the object or visible to the collector.
_STANDARD = frozenset(
    """
    AttributeError BaseException BaseExceptionGroup ImportError NameError OSError
    StopIteration SyntaxError SystemExit UnicodeDecodeError UnicodeEncodeError
    UnicodeTranslateError anext_awaitable async_generator async_generator_asend
    async_generator_athrow async_generator_wrapped_value builtin_function_or_method
    builtin_method bool bytearray_iterator bytes bytes_iterator callable_iterator cell
    classmethod classmethod_descriptor complex coroutine coroutine_wrapper
    dict_itemiterator dict_items dict_keyiterator dict_keys dict_reverseitemiterator
    dict_reversekeyiterator dict_reversevalueiterator dict_valueiterator dict_values
    enumerate fieldnameiterator filter float formatteriterator frozendict function
    generator generic_alias_iterator getset_descriptor hamt hamt_array_node
    hamt_bitmap_node hamt_collision_node instancemethod items iterator keys
    list_iterator list_reverseiterator managedbuffer map mappingproxy member_descriptor
    memory_iterator memoryview method method-wrapper method_descriptor module object
    odict_iterator property range range_iterator reversed set_iterator slice
    staticmethod str_ascii_iterator str_iterator super traceback tuple tuple_iterator
    values wrapper_descriptor zip TaskStepMethWrapper
    _abc._abc_data _asyncio.Future _asyncio.FutureIter _asyncio.Task
    _collections._deque_iterator _collections._deque_reverse_iterator
    _collections._tuplegetter _contextvars.Context _contextvars.ContextVar
    _contextvars.Token _csv.Dialect _ctypes.CField _elementtree._element_iterator
    _functools._lru_list_elem _io.TextIOWrapper _io._BytesIOBuffer
    _io.FileIO _json.Encoder _json.Scanner
    _random.Random _sre.SRE_Template _sre.template
    _struct.unpack_iterator
    _thread._localdummy array.arrayiterator collections.defaultdict
    contextvars.Context contextvars.ContextVar contextvars.Token
    datetime.IsoCalendarDate datetime.date datetime.datetime datetime.time
    datetime.timedelta decimal.ContextManager decimal.SignalDictMixin
    functools.KeyWrapper functools._lru_cache_wrapper functools._lru_list_elem
    functools.partial functools.Placeholder itertools._grouper itertools._tee
    itertools._tee_dataobject itertools.accumulate itertools.batched itertools.chain
    itertools.compress itertools.count itertools.cycle itertools.dropwhile
    itertools.filterfalse itertools.groupby itertools.islice itertools.pairwise
    itertools.repeat itertools.starmap itertools.takewhile itertools.zip_longest
    nt.DirEntry operator.itemgetter
    pickle.PickleBuffer posix.DirEntry re.Match re.Pattern sqlite3.Row
    types.GenericAlias types.UnionType typing.Generic typing.ParamSpec
    typing.ParamSpecArgs typing.ParamSpecKwargs typing.TypeAliasType typing.TypeVar
    typing.TypeVarTuple typing.Union unicodedata.UCD weakref.CallableProxyType
    weakref.ProxyType weakref.ReferenceType
    """.split()  # noqa: SIM905 - a list of words
)

# The most that one object hides, where this is always little: a system lock, the state
# of a digest, the transitions of a time zone, the allocator's rounding of an array,
# entries in the table of interned names.
_LITTLE_BYTES = {
    "_hashlib.HASH": 1024,
    "_hashlib.HMAC": 2048,
    "_io.IncrementalNewlineDecoder": 1024,
    "_multiprocessing.SemLock": 256,
    "_socket.socket": 0,
    "decimal.Context": 256,
    "itertools.combinations": 64,
    "itertools.combinations_with_replacement": 64,
    "itertools.permutations": 64,
    "itertools.product": 64,
    "operator.attrgetter": 256,
    "operator.methodcaller": 256,
    "select.epoll": 0,
    "zoneinfo.ZoneInfo": 16 * 1024,
}

_POINTER_BYTES = tuple.__itemsize__


def _has_sizeof(kind: type) -> bool:
    """Return whether a type has its own ``__sizeof__``, written in C."""
    return type(read_dict(kind).get("__sizeof__")) is MethodDescriptorType


def adds_fields(kind: type) -> bool:
    """Return whether the objects of a type have C fields that its base lacks.

    Slots, the ``__dict__`` and weak references do not count: the collector sees them.
    """
    base, own = read_base(kind), read_dict(kind)
    if base is None:
        return False
    n_bytes = read_basicsize(kind) - read_basicsize(base)
    for read_offset in (read_dictoffset, read_weakrefoffset):
        # Negative offsets are from the end; -1 means that it is before the object.
        if read_offset(kind) not in (0, -1, read_offset(base)):
            n_bytes -= _POINTER_BYTES
    if "__slots__" in own:
        n_bytes -= _POINTER_BYTES * sum(map(_is_member, own.values()))
    return bool(n_bytes > 0)


def find_hidden_bytes(kind: type) -> float:
    """Return the most bytes that an object of a type can hide from this package."""
    for base in read_mro(kind):
        name = registry.name_type(base)
        if name in _LITTLE_BYTES:
            return _LITTLE_BYTES[name]
        if _has_sizeof(base):
            return 0
        if adds_fields(base) and name not in _STANDARD:
            hidden_bytes = registry.find_hidden_bytes(base)
            if hidden_bytes != 0:
                return math.inf if hidden_bytes is None else hidden_bytes
    return 0


def _is_member(value: Any) -> bool:
    return type(value) is MemberDescriptorType
