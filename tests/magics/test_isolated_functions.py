"""Functions that functools wraps are sent to an isolated process by value."""

from __future__ import annotations

import re
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

pytestmark = pytest.mark.traced_children

SETUP = """
import functools
rate = 2
@functools.lru_cache(maxsize=7, typed=True)
def price(n):
    return n * rate
@functools.cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def total(ns):
    return sum(price(n) for n in ns)
class Shop:
    @functools.lru_cache
    def sell(self, n):
        return n + 1
shop = Shop()
@functools.singledispatch
def name(value):
    return "object"
@name.register(int)
def _(value):
    return "int"
@name.register(list)
def _(value):
    return "list of " + name(value[0])
"""


def run(shell: InteractiveShell, cell: str) -> Any:
    """Run a cell, and return its value."""
    done = shell.run_cell(cell)
    done.raise_error()
    return done.result


def test_cached_function(shell: InteractiveShell) -> None:
    """A cached function goes along with an empty cache of the same form."""
    run(shell, SETUP)
    run(shell, "price.note = 'mine'; price(1); price(2)")
    cell = (
        "%%isolated\nprice.cache_parameters(), price.cache_info().currsize, price(5), "
        "price.__wrapped__(4), price.__name__, price.note"
    )
    parameters = {"maxsize": 7, "typed": True}
    assert run(shell, cell) == (parameters, 0, 10, 8, "price", "mine")
    assert run(shell, "price.cache_info().currsize") == 2


def test_cached_function_called_indirectly(shell: InteractiveShell) -> None:
    """Cached functions are sent with functions and objects that use them."""
    run(shell, SETUP)
    assert run(shell, "%%isolated\ntotal([1, 2]), shop.sell(3)") == (6, 4)


def test_cached_function_that_calls_itself(shell: InteractiveShell) -> None:
    """A recursive cached function is one object in the process, with one cache."""
    run(shell, SETUP)
    cell = "%%isolated\nfib(50), fib.cache_info().misses, fib.__wrapped__(3)"
    assert run(shell, cell) == (12586269025, 51, 2)


@pytest.mark.parametrize(
    ("call", "absent"), [("price(1)", ("the cache of price",)), ("", ())]
)
def test_empty_cache(
    shell: InteractiveShell, call: str, absent: tuple[str, ...]
) -> None:
    """The result names the caches that were not empty here, once."""
    run(shell, SETUP)
    run(shell, call)
    result = run(shell, "%%isolated -o\ntotal([1, 2])")
    caches = tuple(each for each in result.absent if "cache" in each)
    assert (caches, result.changed) == (absent, ())
    # Filling the cache there is no change of the function.
    assert run(shell, "%%isolated -o\nprice(1)").changed == ()


def test_cached_function_returned(shell: InteractiveShell) -> None:
    """A cached function can be returned, and reads the kernel's variables."""
    run(shell, SETUP)
    code = "rate = 5\n@functools.cache\ndef half(n): return n / rate"
    run(shell, f"%%isolated --out half\n{code}")
    assert run(shell, "half(4)") == 2
    assert run(shell, "%%isolated\nhalf(4)") == 2


def test_cached_function_of_a_named_process(shell: InteractiveShell) -> None:
    """A named process gets the function again, because its code may have changed."""
    run(shell, SETUP)
    assert run(shell, "%%isolated --name p\nprice(1)") == 2
    run(shell, "@functools.cache\ndef price(n): return -n")
    assert run(shell, "%%isolated --name p\nprice(1)") == -1


def test_dispatched_function(shell: InteractiveShell) -> None:
    """A function with single dispatch goes along with its registry."""
    run(shell, SETUP)
    cell = "%%isolated\nname(1.5), name([2]), name.__name__, len(name.registry)"
    assert run(shell, cell) == ("object", "list of int", "name", 3)
    run(shell, "%%isolated --out name\n@name.register(str)\ndef _(v): return 'str'")
    assert run(shell, "name('a'), name([1])") == ("str", "list of int")


def test_functions_of_a_class(shell: InteractiveShell) -> None:
    """Methods with single dispatch, cached properties and cached static ones go too."""
    code = """
import functools
class Box:
    @functools.cached_property
    def size(self):
        return 5
    @functools.singledispatchmethod
    def name(self, value):
        return "object"
    @name.register
    def _(self, value: int):
        return "int"
    @staticmethod
    @functools.cache
    def double(n):
        return 2 * n
box = Box()
"""
    run(shell, code)
    cell = "%%isolated\nbox.size, box.name(1), box.name('a'), box.double(3)"
    assert run(shell, cell) == (5, "int", "object", 6)


def test_variables_in_texts(shell: InteractiveShell) -> None:
    """A function in whose texts there are variables finds them in the process."""
    run(shell, "rate = 2\ndef use(): return eval('rate + 1')")
    assert run(shell, "%%isolated\nuse()") == 3


@pytest.mark.parametrize("cell", ["eval(text)", "box.use()"])
def test_variable_that_was_not_sent(shell: InteractiveShell, cell: str) -> None:
    """The error about a variable that only exists here has the remedy, which works."""
    code = """
rate, text = 2, "rate + 1"
class Box:
    def use(self): return eval("rate + 1")
box = Box()
"""
    run(shell, code)
    with pytest.raises(NameError) as caught:
        run(shell, f"%%isolated\n{cell}")
    (note,) = caught.value.__notes__
    assert "--in rate sends it" in note
    assert run(shell, f"%%isolated --in rate\n{cell}") == 3
    with pytest.raises(NameError) as caught:
        run(shell, "%%isolated\nunknown")
    assert not hasattr(caught.value, "__notes__")


INSPECTING = """
import functools
mode = "fast"
def use(): return globals().get("mode", "slow")
def call(): return [each() for each in (lambda: use(),)]
def inner():
    def read(): return globals()["mode"]
    return read()
def load():
    import __main__
    return __main__.mode
def load_late():
    import sys
    return sys.modules["__main__"].mode
def list_names():
    get_ipython().run_line_magic("who", "")
def look(): return get_ipython().user_ns
class Reader:
    @property
    def mode(self): return use()
    @classmethod
    def read(cls): return globals()["mode"]
class Derived(Reader): pass
reader = Derived()
table = {"a": [functools.partial(inner)]}
cached = functools.lru_cache(use)
def own(): return sorted([*locals(), *vars(), *dir()])
def main(): return __name__ == "__main__"
"""


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("use()", "use inspects the whole session (globals())"),
        ("call()", "use inspects the whole session (globals())"),
        ("inner()", "inner inspects the whole session (globals())"),
        ("load()", "load inspects the whole session (__main__)"),
        ("load_late()", "load_late inspects the whole session (__main__)"),
        ("list_names()", "list_names inspects the whole session (%who)"),
        ("look()", "look inspects the whole session (user_ns)"),
        ("reader.mode", "Reader.read inspects the whole session (globals())"),
        ("table['a'][0]()", "inner inspects the whole session (globals())"),
        ("cached()", "use inspects the whole session (globals())"),
    ],
)
def test_function_that_inspects_the_session(
    shell: InteractiveShell, cell: str, what: str
) -> None:
    """A function that would find another session in the process is refused."""
    run(shell, INSPECTING)
    with pytest.raises(UsageError, match=re.escape(what)):
        run(shell, f"%%isolated\n{cell}")


def test_function_that_inspects_itself(shell: InteractiveShell) -> None:
    """A function may inspect its own variables, or have a variable of that name."""
    run(shell, INSPECTING)
    assert run(shell, "%%isolated\nown(), main()") == ([], True)
    run(shell, "def globals(): return {'mode': 'mine'}")
    assert run(shell, "%%isolated\nuse()") == "mine"


def test_source_and_names(shell: InteractiveShell) -> None:
    """Functions have their source there, and nested classes their names."""
    run(shell, "def price(n):\n    return n + 1\nclass Outer:\n    class Inner: pass")
    run(shell, "inner = Outer.Inner()")
    cell = "%%isolated\nimport inspect\ninspect.getsource(price)"
    assert run(shell, cell) == "def price(n):\n    return n + 1\n"
    cell = "%%isolated\ntype(inner).__qualname__, type(inner) is Outer.Inner"
    assert run(shell, cell) == ("Outer.Inner", True)
