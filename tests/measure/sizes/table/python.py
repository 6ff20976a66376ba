"""What Python itself makes."""

SETUP = """
import array, collections, contextvars, enum, functools, types, typing, weakref
from collections import *
class Plain: pass
class One:
    def __init__(self, i): self.a = i
class Three:
    def __init__(self, i): self.a = i; self.b = None; self.c = None
class Uneven:
    def __init__(self, i):
        self.a = i
        if i % 1000 == 3:
            for k in range(20): setattr(self, f"x{k}", None)
class Wide:
    def __init__(self, i):
        for k in range(18): setattr(self, f"x{k}", None)
def opened(x): x.__dict__; return x
class Slots:
    __slots__ = ("a", "b")
    def __init__(self, i): self.a = i; self.b = None
class SlotsDict:
    __slots__ = ("a", "__dict__")
    def __init__(self, i): self.a = i
class SlotsMore(Slots):
    def __init__(self, i): super().__init__(i); self.c = None
class SlotsWeak:
    __slots__ = ("a", "__weakref__")
class Bytes(bytes): pass
class Dict(dict): pass
class Err(Exception): pass
class ErrMore(Exception):
    def __init__(self, i): super().__init__(i); self.more = i
class Float(float): pass
class FloatSlots(float): __slots__ = ()
class Int(int): pass
class IntSlots(int): __slots__ = ()
class List(list): pass
class ListMore(list):
    def __init__(self, i): super().__init__([None] * 4); self.a = i
class Set(set): pass
class Str(str): pass
class StrSlots(str): __slots__ = ()
class Tuple(tuple): pass
class Flagged(Int):
    def __init__(self, i): self.flag = None
class Level(enum.IntEnum): LOW = 1
class TupleSlots(tuple): __slots__ = ()
class Deque(deque): pass
N1 = namedtuple("N1", "a"); N2 = namedtuple("N2", "a b"); N3 = namedtuple("N3", "a b c")
N4 = namedtuple("N4", "a b c d"); N7 = namedtuple("N7", "a b c d e f g")
class N3More(N3): pass
def gen(i): yield i
async def co(i): return i
async def agen(i): yield i
def closure(i): return lambda: i
def read(x, *rest, **more): return x
class Prop:
    def __init__(self, i): self.__dict__["a"] = i
    def method(self): pass
keep = [Plain() for _ in range(1000)]
"""

CASES = """
* i + 0.5
* i + 10**6
* int(str(i + 2**40))
* i + 2**100
* -i - 10**20
* complex(i, 1)
* str(i) + "x" * 8
* "x" * 100 + str(i)
* "é" * 20 + str(i)
* "ж" * 30 + str(i)
* "😀" * 20 + str(i)
* bytes(40)+b"%d" % i
* bytes(450 + i % 2)
* bytes(600 + i % 2)
* bytearray(b"%d" % i)
* bytearray(100)
* bytearray(1000)
* [i]
* [i, i]
* [None] * 5
* [None] * 60
* [None] * 70
* [[], []]
* [j for j in range(3)]
* list(range(10))
* ()
* (i,)
* (i, None)
* (None, i, None)
* (i + 0.5, i + 1.5)
* {}
* {i}
* set(range(i, i + 10))
* frozenset([i, None])
* frozenset(range(i, i + 40))
* {"a": i}
* {i: None}
* {i: i + 0.5}
* {str(i) * 3: i}
* {"key of number %d" % i: None}
* {"a": i, "b": None, "c": None, "d": 1, "e": 2, "f": 3}
* dict.fromkeys(range(20))
* dict.fromkeys(map(str, range(i, i + 8)))
* {"a": [i, i + 1.5], "b": str(i), "c": {"d": i}}
* Plain()
* One(i)
* Three(i)
* Uneven(i)
* Wide(i)
* Wide(i) if i % 2 else opened(Wide(i))
* opened(Three(i))
* Prop(i)
* Slots(i)
* SlotsDict(i)
* SlotsMore(i)
* SlotsWeak()
* Bytes(b"x" * 30)
* Bytes(b"x" * 31)
* Dict(a=i)
* Dict()
* Err(i)
* Err()
* ErrMore(i)
* ValueError(str(i) * 4)
* KeyError(i)
* OSError(i, "text")
* UnicodeDecodeError("utf-8", b"%d" % i * 10, 0, 1, "why")
* ImportError(str(i), name="x")
* StopIteration(i)
* SyntaxError(str(i))
* SystemExit(i)
* AttributeError(str(i))
* Float(i)
* FloatSlots(i)
* Int(i)
* Int(i + 2**70)
* IntSlots(i)
* List()
* List([i])
* ListMore(i)
* Set([i])
* Set()
* Str(i)
* Str("x" * 50 + str(i))
* StrSlots("x" * 50 + str(i))
* StrSlots("ж" * 50 + str(i))
* Tuple((i,))
* Tuple((i, i))
* Level(1)
* Flagged(i)
* TupleSlots((i,))
* TupleSlots((i, i))
* TupleSlots((i, i, i))
* Deque([i])
* N1(None)
* N2(None, None)
* N3(None, i, None)
* N4(None, i, None, None)
* N7(*[None] * 7)
* N3More(None, i, None)
* deque()
* deque([i])
* deque(range(100))
* deque(range(200))
* deque([i], maxlen=3)
* OrderedDict()
* OrderedDict(a=i)
* OrderedDict.fromkeys(range(10))
* defaultdict(list)
* defaultdict(list, a=i)
* Counter("abc")
* Counter({str(i): 1})
* ChainMap({}, {"a": i})
* UserDict(a=i)
* UserList([i])
* UserString(str(i))
* array.array("i", [i])
* array.array("d", [i] * 20)
* array.array("q")
* range(i)
* range(i, i + 1000, 3)
* range(2**70, 2**70 + i)
* slice(i, i + 1)
* memoryview(b"x" * 50 + b"%d" % i)
* memoryview(bytearray(100))[5:]
* iter([i])
* iter((i, None))
* iter({i: None})
* iter({i})
* iter(range(i))
* iter(range(2**70, 2**70 + 9))
* iter(str(i))
* iter(b"%d" % i)
* iter(deque([i]))
* iter({i: 1}.items())
* {i: 1}.keys()
* {i: 1}.items()
* reversed([i])
* enumerate([i])
* zip([i], [i])
* map(str, [i])
* filter(None, [i])
* gen(i)
* (j for j in [i])
* agen(i)
* closure(i)
* (lambda: None)
* (lambda x=i: x)
* functools.partial(read, i)
* functools.partial(read, i, x=i)
* functools.lru_cache(lambda: 1)
* functools.cmp_to_key(read)(i)
* functools.cached_property(read)
* functools.partialmethod(read, i)
* property(read)
* staticmethod(read)
* classmethod(read)
* Prop(i).method
* [i].append
* super(One, One(i))
* types.SimpleNamespace(a=i)
* types.MappingProxyType({"a": i})
* types.MethodType(read, i)
* types.GenericAlias(list, (int,))
* list[int]
* int | str
* types.CellType(i)
* weakref.ref(keep[i % 1000], lambda r: None)
* weakref.proxy(keep[i % 1000], lambda r: None)
* weakref.WeakValueDictionary()
* weakref.WeakKeyDictionary()
* weakref.WeakSet()
* contextvars.ContextVar(str(i))
* contextvars.copy_context()
* object()
* typing.TypeVar("T")
* One(i).__dict__
* Three(i).__dict__
* vars(Prop(i))
(b"x" * (n))
bytearray(b"x" * n)
"x" * n
"é" * n
"ж" * (n // 2)
"😀" * (n // 4)
10**(n * 2 // 5 * 2)
[None] * (n // 8)
list(range(n // 40))
tuple(i + 0.5 for i in range(n // 32))
dict.fromkeys(range(n // 100))
{str(i): i for i in range(n // 180)}
{i: str(i) for i in range(n // 180)}
set(range(n // 64))
{str(i) for i in range(n // 130)}
frozenset(range(n // 64))
deque(range(n // 40))
deque([None]) * (n // 8)
OrderedDict.fromkeys(range(n // 180))
Counter(range(n // 100))
array.array("d", (b"x" * (n)))
array.array("b", (b"x" * (n)))
memoryview((b"x" * (n)))
memoryview(bytearray(b"x" * n))[10:20]
iter((b"x" * (n)))
Bytes(n)
Str("x" * n)
List([None]) * (n // 8)
Tuple([None] * (n // 8))
Int(10**(n * 2 // 5 * 2))
One("x" * n)
Slots((b"x" * (n)))
Err("x" * n)
closure((b"x" * (n)))
functools.partial(read, (b"x" * (n)))
gen((b"x" * (n)))
enumerate((b"x" * (n)))
{"x" * n: 1}
{"a": {"b": {"c": ["x" * n]}}}
UnicodeDecodeError("utf-8", (b"x" * (n)), 0, 1, "why")
slice((b"x" * (n)), None)
range(10**(n * 2 // 5))
map(str, (b"x" * (n)))
zip([(b"x" * (n))])
types.SimpleNamespace(a=(b"x" * (n)))
ChainMap({"a": (b"x" * (n))})
[[None] * 1000 for _ in range(n // 8060)]
"""
