"""Random cells that change and read the state of a process."""

from __future__ import annotations

import gc
import random
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

# Run before each cell, to set the same variables and state each time.
SETUP = """
import array, builtins, decimal, gc, itertools, logging, os, random, signal, sys
import threading, warnings
import numpy as np
import memkit_settings
os.chdir(FOLDER)
open("log.txt", "w").write("start\\n")
handle = open("log.txt", "r+")
rows = [1, 2, 3]
table = {"rows": rows, "n": 1}
deep = [[1], [2]]
inner = deep[0]
pair = (rows, deep)
arr = np.arange(8.0)
view = arr[2:6]
part = view[::2]
apart = np.arange(3)
data = bytearray(b"abcdef")
window = memoryview(data)
floats = np.frombuffer(array.array("d", [1, 2, 3]))
steps = iter(rows)
lazy = (each for each in rows)
rate = 3
seen = {1, 2}
def price(n): return n * rate
def grow(n):
    rows.append(n)
    return len(rows)
def make():
    count = 0
    def add():
        nonlocal count
        count += 1
        return count
    return add, lambda: count
add, get = make()
class Box:
    kind = 1
    def __init__(self, items): self.items, self.total = items, 0
    def grow(self): self.total += len(self.items)
box = Box(rows)
boxes = [box]
keys = table.keys()
random.seed(5)
np.random.seed(5)
np.set_printoptions(precision=4)
np.seterr(all="ignore")
os.environ["MEMKIT_X"] = "1"
os.environ.pop("MEMKIT_Y", None)
os.umask(0o022)
sys.path[:] = PATH
sys.setrecursionlimit(3000)
gc.enable()
gc.set_threshold(700, 10, 10)
warnings.resetwarnings()
warnings.simplefilter("always")
decimal.setcontext(decimal.Context(prec=8))
builtins.extra = 1
vars(builtins).pop("more", None)
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
logging.root.handlers[:] = []
logging.root.setLevel(logging.INFO)
logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stderr, force=True)
memkit_settings.RATE = 2
memkit_settings.NAMES[:] = ["a"]
for name in ("fresh", "_hidden", "other", "piece", "extra_f", "x", "y"):
    globals().pop(name, None)
del name
"""

# `N` is a number, and `I` an index.
STATEMENTS = (
    # Variables, what they share, and what is kept.
    "rows.append(N)",
    "rows[I] = N",
    "rows = [*rows, N]",
    "table['k'] = N",
    "table.pop('rows', None)",
    "table['rows'] = [N]",
    "deep[0].append(N)",
    "inner[0] = N",
    "deep[1] = inner",
    "seen.add(N)",
    "pair[0].append(N)",
    "arr[I] = N",
    "view[:] = N",
    "part += N",
    "arr = arr * 2",
    "apart[0] = N",
    "view = arr[1:3]",
    "piece = arr[4:]",
    "data[0] = N",
    "window[1] = N",
    "floats[0] = N",
    "_hidden = [N, rows]",
    "fresh = [N, rows]",
    "other = rows",
    "other = {'box': box}",
    "box.total += N",
    "box.items = [N]",
    "box.grow()",
    "Box.kind = N",
    "boxes.append(Box([N]))",
    "rate = N",
    "price = lambda n: n + rate",
    "def extra_f(n): return n + rate + len(rows)",
    "steps = iter([N, N])",
    "del rate",
    "import math",
    "x = add()",
    "x = grow(N)",
    # Variables that a cell reads.
    "print(rows, table, deep, inner, pair)",
    "print(arr.sum(), view, part, floats)",
    "print(data, bytes(window), list(keys))",
    "print(price(I), grow(N))",
    "print(add(), get(), add())",
    "print(box.total, box.kind, box.items is rows, boxes[0] is box)",
    "print(table.get('rows') is rows, deep[0] is inner, view.base is not None)",
    "print(next(steps))",
    "print(sorted(seen), Box.kind)",
    "x = arr / 3; print(x)",
    "print(np.shares_memory(arr, view), np.may_share_memory(view, part))",
    # The state of the process.
    "print(random.random(), random.randint(0, 9))",
    "random.seed(N)",
    "print(np.random.rand(2))",
    "np.random.seed(N)",
    "np.set_printoptions(precision=2)",
    "np.seterr(divide='raise')",
    "print(np.array([1.0]) / np.array([0.0]))",
    "print(os.environ.get('MEMKIT_X'), os.environ.get('MEMKIT_Y'))",
    "os.environ['MEMKIT_Y'] = 'N'",
    "del os.environ['MEMKIT_X']",
    "print(os.getcwd())",
    "os.makedirs('inside', exist_ok=True); os.chdir('inside')",
    "print(sys.path == sorted(sys.path), sys.path[-1])",
    "sys.path.append('/N')",
    "print(sys.getrecursionlimit(), gc.isenabled(), gc.get_threshold())",
    "sys.setrecursionlimit(2500 + N)",
    "gc.disable()",
    "gc.set_threshold(500 + N, 10, 10)",
    "warnings.warn('careful N')",
    "warnings.simplefilter('ignore')",
    "warnings.simplefilter('error')",
    "print(decimal.Decimal(1) / 7)",
    "decimal.getcontext().prec = 4",
    "print(extra)",
    "builtins.extra = N",
    "builtins.more = N; print(more)",
    "os.umask(0o027)",
    "open('made.txt', 'w').close(); print(oct(os.stat('made.txt').st_mode))",
    "os.path.exists('made.txt') and os.remove('made.txt')",
    "signal.raise_signal(signal.SIGUSR1)",
    "signal.signal(signal.SIGUSR1, lambda *_: print('signal'))",
    "logging.info('logged N')",
    "logging.root.setLevel(logging.ERROR)",
    "print(memkit_settings.RATE, memkit_settings.NAMES)",
    "memkit_settings.RATE = N",
    "memkit_settings.NAMES.append(N)",
    "open('log.txt', 'a').write('line N\\n')",
    "print(open('log.txt').read())",
    "threading.Thread(target=int).start()",
    # IPython's own.
    "!echo rows {rate} lazy",
    "x = !echo $rate handle",
    "%time y = price(N)",
    "print(get_ipython().getoutput('echo data')[0])",
    "%env MEMKIT_Y=N",
    "%cd -q .",
    # Ends of cells.
    "raise ValueError(N)",
    "1 / 0",
    "missing_name",
    "if rate > N: rows.append(0)",
    "for each in rows: table[each] = each",
    "assert len(rows) < 5",
)

# Code that is refused.
REFUSED = (
    "print(next(lazy))",
    "handle.write('mine'); handle.flush()",
    "print(handle.read())",
    "print(sorted(globals())[:3])",
    "print(len(dir()) > 3)",
    "print('rows' in vars())",
    "%who_ls",
)

VARIABLES = (
    *("rows", "table", "deep", "inner", "pair", "arr", "view", "part", "apart", "data"),
    *("floats", "steps", "rate", "seen", "price", "grow", "add", "get", "Box", "box"),
    *("boxes", "keys", "window", "_hidden", "fresh", "other", "piece", "extra_f", "x"),
)


def draw_cell(chance: random.Random) -> tuple[str, tuple[str, ...]]:
    """Return a cell, and the variables that it returns."""
    lines = []
    statements = (*STATEMENTS, chance.choice(REFUSED))
    for each in chance.choices(statements, k=chance.randint(1, 6)):
        number, index = str(chance.randint(4, 9)), str(chance.randint(0, 2))
        lines.append(re.sub(r"\bN\b", number, re.sub(r"\bI\b", index, each)))
    code = "\n".join([*lines, "print('end')"])
    # A name that does not occur in the cell is refused.
    named = sorted({*VARIABLES} & {*re.findall(r"\w+", code)})
    n_outputs = min(len(named), chance.choice((0, 1, 2, 4)))
    return code, tuple(chance.sample(named, n_outputs))


class Describer:
    """Describes variables, with numbers for the objects that they share."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []

    def describe(self, value: Any) -> str:
        """Describe a value."""
        kind = type(value)
        if kind in (int, float, str, bytes, bool, type(None)):
            return repr(value)
        if kind is np.ndarray:
            owner = value
            while isinstance(owner.base, np.ndarray):
                owner = owner.base
            memory = getattr(owner.base, "obj", owner.base)
            shared = self._number(owner if owner.base is None else memory)
            return f"array {shared} {value.tolist()}"
        is_known = id(value) in self._numbers
        name = f"{kind.__name__} {self._number(value)}"
        if is_known:
            return name
        return f"{name} [{', '.join(map(self.describe, _find_parts(value, kind)))}]"

    def _number(self, value: Any) -> int:
        self._kept.append(value)
        return self._numbers.setdefault(id(value), len(self._numbers))


def _find_parts(value: Any, kind: type) -> list[Any]:
    known: dict[type, Callable[[Any], list[Any]]] = {
        FunctionType: lambda each: [each.__code__.co_code, each.__closure__],
        type: lambda each: [getattr(each, "kind", None)],
        bytearray: lambda each: [bytes(each)],
        memoryview: lambda each: [each.obj],
    }
    if kind in known:
        return known[kind](value)
    if isinstance(value, (dict, list, tuple, set)):
        return list(value.items() if isinstance(value, dict) else value)
    if kind.__module__ == "__main__":
        return [vars(value), kind]
    return gc.get_referents(value)


def describe(namespace: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Describe each variable, with numbers for the objects that they share."""
    describer = Describer()
    return {
        name: describer.describe(namespace[name]) for name in names if name in namespace
    }
