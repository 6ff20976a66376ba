"""Proving that a cell has no side effects."""

from __future__ import annotations

import ast
import itertools
import linecache
import math
import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from typing_extensions import deprecated

from jupyter_memkit.cells.purity import find_effect
from jupyter_memkit.cells.purity.lists import (
    PURE_ATTRIBUTES,
    PURE_FUNCTIONS,
)
from jupyter_memkit.cells.purity.outside import (
    find_attributes,
    find_in_module,
    is_patched,
)

# MEMKIT_RANDOM_EFFECTS=3000 draws more, which takes a while.
COUNT = int(os.environ.get("MEMKIT_RANDOM_EFFECTS", "200"))
SEED = int(os.environ.get("MEMKIT_RANDOM_EFFECTS_SEED", "7"))


class Counter:
    """Counts operations on it, in every way in which code can be hidden."""

    def __init__(self) -> None:
        self.__dict__["log"] = []

    def tick(self, *_args: Any, **_kwargs: Any) -> int:
        """Count."""
        self.__dict__["log"].append(1)
        return 1

    __call__ = __add__ = __radd__ = __mul__ = __getitem__ = __len__ = tick
    __neg__ = __index__ = __lt__ = tick

    def __hash__(self) -> int:
        return self.tick()

    def __getattr__(self, name: str) -> int:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.tick()

    def __setattr__(self, _name: str, _value: Any) -> None:
        self.tick()

    def __setitem__(self, _key: Any, _value: Any) -> None:
        self.tick()

    def __eq__(self, _other: object) -> bool:
        return bool(self.tick())

    def __contains__(self, _item: object) -> bool:
        return bool(self.tick())

    def __bool__(self) -> bool:
        return bool(self.tick())

    def __iter__(self) -> Iterator[int]:
        yield self.tick()

    def __next__(self) -> int:
        return self.tick()

    def __format__(self, _spec: str) -> str:
        return str(self.tick())

    def __enter__(self) -> int:
        return self.tick()

    def __exit__(self, *_raised: object) -> None:
        self.tick()


# Expressions with an effect that `count` can see.
EFFECTS = [
    *("f(1)", "c.tick()", "c.x", "c[0]", "c + 1", "1 + c", "-c", "len(c)", "list(c)"),
    *("next(c)", "f'{c}'", "format(c)", "c == 1", "1 in c", "bool(c)", "hash(c)"),
    *("not c", "c and 1", "[*c]", "c()", "held[0].tick()", "by_name['c'].tick()"),
    *("held[0]()", "part()", "numbers.append(1)", "numbers.extend([1])", "next(ticks)"),
    *("[x for x in ticks]", "list(ticks)", "sum(ticks)", "table.pop('b')"),
    *(
        "counts.update(a=5)",
        "counts.setdefault('z', 1)",
        "array.sort()",
        "array.put(0, 9)",
    ),
    *("np.add(array, 1, array)", "np.add(array, 1, out=array)", "np.copyto(array, 7)"),
    *("table.insert(0, 'z', 1)", "exec('numbers.append(1)')", "eval('f(1)')"),
    *(
        "getattr(c, 'tick')()",
        "setattr(c, 'x', 1)",
        "vars()['f'](1)",
        "K()",
        "K.make()",
    ),
    *(
        "table.drop(columns='a', inplace=True)",
        "list.append(numbers, 1)",
        "d.x",
        "F(2)",
    ),
    *("max([numbers], key=len).append(1)", "(lambda n: n.append(1))(numbers)"),
    *("chunk.a.apply(f)", "chunk.a.map(c)", "chunk.pipe(f)", "chunk.apply(c.tick)"),
    *(
        "chunk.assign(z=f)",
        "chunk.a.agg(f)",
        "chunk.agg({'a': f})",
        "sorted([1], key=f)",
    ),
    *(
        "chunk.groupby('k').apply(f)",
        "chunk.groupby('k').a.transform(f)",
        "min([1], key=f)",
    ),
    *("chunk.query('@f(a) > 0')", "chunk.eval('@c.tick(a)')", "list(map(f, [1]))"),
    *("chunk.query('a.map(@f) > 0')", "table.eval('a.sort(1)')"),
    *("list(filter(c, [1]))", "chunk.counting.go()", "chunk.rename(columns=f)"),
    *(
        "chunk.loc[f]",
        "chunk.sort_values('a', key=f)",
        "chunk.a.where(f)",
        "chunk.agg(name, path_or_buf=path)",
    ),
    *("pl.Series([1]).map_elements(f, return_dtype=pl.Int64)", "np.vectorize(f)([1])"),
    *("chunk.a.map(numbers.append)", "[numbers][0].append(1)", "np.random.rand()"),
    *("chunk.sample(1)", "numbers.__iadd__([1])", "chunk.to_csv(path, mode='a')"),
    *(
        "chunk.agg('to_csv', path_or_buf=path)",
        "open(path, 'a').write('x')",
        "math.patched(1)",
    ),
]

STATEMENTS = [
    *("numbers += [1]", "numbers[:] = []", "del numbers[0]", "c.x = 1", "c[0] = 1"),
    *("table['z'] = 1", "array += 1", "array[0] = 99", "for x in c:\n    pass"),
    *(
        "with c:\n    pass",
        "with scope():\n    pass",
        "total += 1",
        "global total\ntotal = 1",
    ),
    *(
        "x = numbers\nx += [1]",
        "x = [numbers] + []\nx[0].append(1)",
        "x = []\nx.append(numbers)\nx[0].append(1)",
        "for x in [numbers]:\n    x.append(1)",
        "x = {'n': numbers}\nx['n'].append(1)",
        "del table['a']",
    ),
    *(
        "def g(x=numbers):\n    x.append(1)\ng()",
        "def g():\n    return numbers\ng().append(1)",
    ),
    *(
        "@f\ndef g(): pass",
        "class A(K):\n    pass",
        "a, *b = c",
        "try:\n    f(1)\nfinally:\n    pass",
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    f(1)",
        "assert f(1)",
    ),
    *(
        "while f(1):\n    break",
        "x = array[1:]\nx += 1",
        "x = numbers or []\nx.append(1)",
    ),
    *(
        "x = array.reshape(1, 3)\nx[0] = 8",
        "n = np\nn.copyto(array, 4)",
        "import this_counts",
    ),
]

# The places where an expression can occur.
PLACES = [
    *(
        "{}",
        "x = {}",
        "x = [{}]",
        "x = {{'a': {}}}",
        "x = ({}, 1)[1]",
        "x = 1 if {} else 2",
    ),
    *("x = {} or 1", "x = 1 or 2; y = {}", "(lambda: {})()", "[{} for _ in [1]]"),
    *(
        "sum(1 for _ in [1] if {} is not None)",
        "def g():\n    return {}\ng()",
        "str({})",
    ),
    *(
        'f"""{{({})!r}}"""',
        "x = max(1, 1, key=lambda _: ({}) is None)",
        "if True:\n    {}",
    ),
    *("for x in [{}]:\n    pass", "chunk.a.map(lambda v: ({}) is None)", "(y := {})"),
    *("chunk.assign(z=lambda d: ({}) is None)", "def g(x={}):\n    pass", "print({})"),
    *(
        "chunk['z'] = ({}) is None",
        "try:\n    {}\nexcept KeyError:\n    pass",
        "return_ = [{}]",
    ),
    *(
        "chunk.groupby('k').a.apply(lambda s: ({}) is None)",
        "x = dict(a={})",
        "len([{}])",
    ),
    *("chunk.a.agg(lambda s: len([{}]))", "a = b = {}", "{}\nchunk.a.sum()"),
]


@pytest.fixture
def accessor() -> Iterator[Counter]:
    """Register an accessor that counts, and patch a module's function."""
    counter = Counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pd.DataFrame, "counting", property(lambda _: counter), raising=False
        )
        patch.setattr(math, "patched", counter.tick, raising=False)
        yield counter


def make_namespace(counter: Counter, path: str) -> dict[str, Any]:
    """Return the variables of a cell."""

    def function(*args: Any, **_kwargs: Any) -> Any:
        counter.tick()
        return args[0] if args else 1

    class Class:
        make = classmethod(counter.tick)

        def __init__(self) -> None:
            counter.tick()

    class Descriptor:
        x = property(counter.tick)

    @contextmanager
    def scope() -> Iterator[None]:
        counter.tick()
        yield

    def ticks() -> Iterator[int]:
        yield counter.tick()

    return {
        "np": np,
        "pd": pd,
        "pl": pl,
        "math": math,
        "path": path,
        "name": "to_csv",
        "f": function,
        "F": function,
        "c": counter,
        "held": [counter],
        "total": 0,
        "by_name": {"c": counter},
        "part": partial(function, 1),
        "K": Class,
        "d": Descriptor(),
        "scope": scope,
        "ticks": ticks(),
        "numbers": [3, 1, 2],
        "counts": {"a": 1},
        "array": np.array([3, 1, 2]),
        "table": pd.DataFrame({"a": [2, 1], "b": [1, 2]}),
    }


def state_of(namespace: dict[str, Any], counter: Counter, path: str) -> str:
    """Return everything that an effect can change, as text."""
    kept = [
        namespace[name] for name in ("numbers", "counts", "array", "table", "total")
    ]
    written = Path(path).read_text(encoding="utf-8")
    drawn: Any = np.random.get_state()  # noqa: NPY002 - the generator of cells
    return repr((kept, len(counter.__dict__["log"]), written, drawn[2]))


def define(code: str, namespace: dict[str, Any]) -> None:
    """Run a cell that defines functions, whose text is kept, as IPython does."""
    name = f"<functions {len(linecache.cache)}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = compile(code, name, "exec", dont_inherit=True)
    exec(compiled, namespace)


@pytest.mark.parametrize("in_function", [False, True])
def test_effects_are_seen(
    accessor: Counter, tmp_path: Any, *, in_function: bool
) -> None:
    """A cell that is called pure changes nothing, wherever an effect is hidden.

    It may be hidden in a function of another cell.
    """
    draw = random.Random(SEED)
    cells = [place.format(effect) for effect in EFFECTS for place in PLACES]
    draw.shuffle(cells)
    path = str(tmp_path / "written")
    n_effects = 0
    for cell in itertools.chain(EFFECTS, STATEMENTS, cells[:COUNT]):
        Path(path).write_text("", encoding="utf-8")
        namespace = make_namespace(accessor, path)
        tree = ast.parse(cell)
        if in_function:
            define(f"def cell(chunk):\n{indent(cell, ' ')}", namespace)
            tree = ast.parse("cell(chunk)")
        before = state_of(namespace, accessor, path)
        found = find_effect(tree, "chunk", namespace)
        assert state_of(namespace, accessor, path) == before, "the look had an effect"
        namespace["chunk"] = pd.DataFrame({"k": ["u", "v"], "a": [1, 2]})
        # A cell may fail after its effect.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(tree, "cell", "exec"), namespace)
        changed = state_of(namespace, accessor, path) != before
        n_effects += changed
        assert found is not None or not changed, cell
    assert n_effects > 0.8 * (COUNT + len(EFFECTS))


@pytest.mark.parametrize(
    "cell",
    [
        "chunk.p.sum()",
        "chunk.groupby('store').agg({'p': 'mean'}).p.iloc[0]",
        "round(chunk.p.mean(), 3)",
        "chunk['r'] = chunk.a * chunk.b\nchunk.groupby('k').r.sum()",
        "chunk.assign(r=lambda d: d.a * 2).groupby(keys).r.sum()",
        "chunk.pivot_table(index='store', values='p', aggfunc='sum')",
        "np.histogram(chunk.p, bins=[0, 1, 2])[0]",
        "n = 0\nfor x in chunk.p:\n    n += x\nn",
        "parts = []\nparts.append(chunk.p.sum())\nsum(parts)",
        "chunk.filter(pl.col('a') > 1).group_by('k').agg(pl.col('a').sum().alias('x'))",
        "chunk.groupby('k').agg(total=('p', 'sum'))",
        "chunk.query('p > 1').p.sum()",
        "chunk.query('`a b` > 1').p.sum()",
        "chunk.query('p > p.mean() and k.isin(@keys)').p.sum()",
        "chunk.eval('z = sqrt(p) * @rate').z.sum()",
        "{k: v for k, v in chunk.groupby('k').p.sum().items()}",
        "chunk[chunk.p > rate].p.sum() * weights.sum()",
        "chunk.merge(table, on='a').p.sum()",
        "chunk.p.apply(lambda v: v * 2).sum()",
        "chunk.p.agg([np.sum, 'max'])",
        "np.where(chunk.p > 1, chunk.p, 0).sum()",
        "import math as m\nm.sqrt(len(chunk))",
        "chunk.sort_values('a', inplace=True)\nchunk.a.sum()",
        "def g(d):\n    return d.p.sum()\ng(chunk)",
        "chunk.sample(5, random_state=1).p.sum()",
        "chunk.p.map(prices).sum()",
        "chunk = chunk[chunk.p > 1]\nchunk.p.sum()",
        "for key in keys:\n    chunk[key] = chunk[key].fillna(0)\nchunk",
    ],
)
def test_pure(cell: str) -> None:
    """Common cells of data scientists are proven pure."""
    namespace = {
        "np": np,
        "pd": pd,
        "pl": pl,
        "keys": ["store"],
        "prices": {"a": 1.5},
        "rate": 2.0,
        "weights": pd.Series([1, 2]),
        "table": pd.DataFrame({"a": [1]}),
    }
    assert find_effect(ast.parse(cell), "chunk", namespace) is None


NOTEBOOK = """
import pandas as pd
rate, keys, seen = 2.0, ["store"], []
def net(d, *, by="store"):
    paid = d.price * rate
    return paid.groupby(d[by]).sum()
def twice(d):
    return net(d) + net(d)
def add(d):
    d = d.copy()
    d["paid"] = d.price * rate
    return d
def loop(d):
    total = 0
    for p in d.price:
        total += p
    return total
def scale(d, names=["price"], *, most=1):
    for name in names:
        d[name + "_scaled"] = d[name] / d[name].max() * most
    return d
def is_odd(n):
    return False if n == 0 else is_even(n - 1)
def is_even(n):
    return True if n == 0 else is_odd(n - 1)
bucket = lambda p: "low" if p < 5 else "high"
def give():
    return seen
def note(d, kept=seen):
    kept.append(len(d))
def through(d):
    return [seen for seen in d] + [seen.append(1)]
def of_cell(d):
    return d.price * factor
def change(d):
    d["paid"] = 1
    return d
def make(n):
    def inner(d):
        return d.price * n
    return inner
made = make(3)
def read(d, *, pd=pd):
    return pd.eval("1")
first, second = lambda d: 1, lambda d: seen.append(d)
table = pd.DataFrame({"price": [1]})
"""


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("net(chunk)", None),
        ("net(chunk, by=keys[0]).sum()", None),
        ("twice(chunk)", None),
        ("d = add(chunk)\nd['more'] = 1\nd", None),
        ("change(chunk)", None),
        ("scale(chunk)", None),
        ("scale(table)", "d"),
        ("loop(chunk)", None),
        ("is_odd(len(chunk))", None),
        ("chunk.price.map(bucket).value_counts()", None),
        ("chunk.groupby('store').agg(net)", None),
        ("change(table)", "d"),
        ("give().append(1)", "give().append"),
        ("note(chunk)", "kept.append"),
        ("chunk.pipe(change)", "d"),
        ("through(chunk)", "through"),
        ("factor = 3\nof_cell(chunk)", "of_cell"),
        ("made(chunk)", "made"),
        ("read(chunk)", "read"),
        ("first(chunk)", "first"),
        ("seen(chunk)", None),
    ],
)
def test_functions_of_the_notebook(cell: str, found: str | None) -> None:
    """Functions of other cells are followed, with what their arguments can reach."""
    namespace: dict[str, Any] = {}
    define(NOTEBOOK, namespace)
    assert find_effect(ast.parse(cell), "chunk", namespace) == found


def test_functions_whose_text_was_changed() -> None:
    """Only the text that gives the code of a function is followed."""
    namespace: dict[str, Any] = {"seen": []}
    define("def f(d):\n    return len(d)\n", namespace)
    tree = ast.parse("f(chunk)")
    assert find_effect(tree, "chunk", namespace) is None
    assert find_effect(tree, "chunk", dict(namespace)) == "f"  # Other variables.
    name = namespace["f"].__code__.co_filename
    lines = ["def f(d):\n", "    return abs(d)\n"]
    linecache.cache[name] = (0, None, lines, name)
    assert find_effect(tree, "chunk", namespace) == "f"
    del linecache.cache[name]
    assert find_effect(tree, "chunk", namespace) == "f"


def test_names_the_code() -> None:
    """The code that may have an effect is reported."""
    cell = ast.parse("x = chunk.a.sum()\nchunk.to_sql('s', x)")
    assert find_effect(cell, "chunk", {}) == "chunk.to_sql"


def test_patches_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listed function or method that the user replaced is not pure."""
    counter = Counter()
    namespace = {"np": np, "pd": pd}

    def function(*_args: Any) -> int:
        return counter.tick()

    for patch in (counter.tick, counter, function, partial(function)):
        with monkeypatch.context() as patched:
            patched.setattr(np, "log", patch)
            assert find_effect(ast.parse("np.log(2)"), "chunk", namespace) is not None
    places: list[Any] = [function, counter, property(function), counter.tick]
    places.append(deprecated("it will be removed")(function))
    for place in [*places, classmethod(function), partial(function)]:
        with monkeypatch.context() as patched:
            patched.setattr(pd.DataFrame, "describe", place)
            assert find_effect(ast.parse("chunk.describe()"), "chunk", {}) is not None
    assert (
        find_effect(ast.parse("chunk.describe(); np.log(2)"), "chunk", namespace)
        is None
    )


def test_listed_functions_exist() -> None:
    """Listed functions belong to their libraries; pandas' methods are not patches."""
    import pyarrow as pa  # noqa: PLC0415 - only here
    import pyarrow.compute  # noqa: PLC0415 - only here

    for home, names in PURE_FUNCTIONS.items():
        module = sys.modules.get(home)
        for name in names:
            if module is not None and hasattr(module, name):
                find_in_module(module, name)
    assert pa.Table is find_in_module(pa, "Table")
    patched = [
        name
        for name in sorted(PURE_ATTRIBUTES)
        if any(map(is_patched, find_attributes(name)))
    ]
    assert patched == []


READING = (
    "select k, avg(v) from chunk where t = 'a;b(' group by k having count(*) > 1",
    "SELECT k, max(v) OVER (PARTITION BY k) FROM chunk;",
    "with a as (select k from chunk), b as (from a) select count(*) from b",
    'from chunk select max("it\'s")',
)
WRITING = (
    "copy chunk to 'a.csv'",
    "with a as (select 1) insert into b select * from a",
    "select nextval('ids')",
    "select my_function(v) from chunk",
    'select "my function"(v) from chunk',
    "select main.sum(v) from chunk",
    "select 1; drop table b",
    "select 1 -- '\n; drop table b --'",
    "select random() from chunk",
    "with a as (insert into b values (1)) select * from a",
    "with a as (with b as (delete from c) select 1) select 1",
    "select \"it's\", nextval('ids') from chunk",
    "select e'it\\'s', nextval('ids'), e'\\''",
    "select $a$'$a$, nextval('ids'), $a$'$a$",
    "select (1",
)


@pytest.mark.parametrize(
    "cell",
    [
        "duckdb.sql({!r}).df()",
        "duckdb.query({!r}).fetchall()[0]",
        "import duckdb\nduckdb.sql({!r}).pl()",
        "rows = duckdb.sql({!r})\nrows.df()",
        "duckdb.connect().execute({!r}).fetchall()",
        "c = duckdb.connect(':memory:')\nc.register('t', chunk)\nc.sql({!r}).df()",
        "with duckdb.connect() as con:\n    rows = con.sql({!r}).df()\nrows",
        "duckdb.sql({!r}).filter('a > 3').aggregate('b, max(a)', 'b').limit(3).df()",
        "pl.sql({!r}).collect()",
        "chunk.sql({!r})",
        "pl.SQLContext(chunk=chunk, eager=True).execute({!r})",
        "with pl.SQLContext(t=chunk) as ctx:\n    rows = ctx.execute({!r}).collect()",
    ],
)
def test_queries(cell: str) -> None:
    """Of queries in SQL, those that only read are pure, and no other statements."""
    duckdb = pytest.importorskip("duckdb")
    names = {"duckdb": duckdb, "pl": pl}
    for text in READING:
        assert find_effect(ast.parse(cell.format(text)), "chunk", names) is None, text
    for text in WRITING:
        assert find_effect(ast.parse(cell.format(text)), "chunk", names), text


@pytest.mark.parametrize(
    "text",
    [
        "create table t as select * from chunk",
        "CREATE OR REPLACE TEMP VIEW t AS from chunk where a > 3",
        "insert into t select a, sum(b) from chunk group by a",
    ],
)
def test_tables_of_the_cells_own_database(text: str) -> None:
    """A cell may fill tables of a database that it opens in memory, and no others."""
    names = {"duckdb": pytest.importorskip("duckdb")}
    cell = "{}.execute({!r})\n1"
    own = f"con = duckdb.connect()\n{cell.format('con', text)}"
    assert find_effect(ast.parse(own), "chunk", names) is None
    for other in ("duckdb", "duckdb.connect('a.db')"):
        tree = ast.parse(cell.format(other, text))
        assert find_effect(tree, "chunk", names) is not None


@pytest.mark.parametrize(
    "cell",
    [
        "duckdb.sql(text + name).df()",
        "duckdb.sql('select 1').update({'a': 1})",
        "duckdb.sql('select 1').create('a')",
        "duckdb.sql('select 1').filter('a; drop table b').df()",
        "duckdb.sql('select 1').aggregate('nextval(1)').df()",
        "duckdb.sql('select 1').aggregate('a', 'b', 'c').df()",
        "duckdb.sql('select 1').aggregate(text.upper()).df()",
        "duckdb.sql('create table t as select 1').df()",
        "duckdb.connect().execute('create table t as select nextval(1)')",
        "duckdb.connect().execute('drop table t')",
        "rows = duckdb.sql('select 1')\nrows.insert([1])",
        "duckdb.sql('select 1', connection=connection).df()",
        "duckdb.connect('a.db').sql('select 1').df()",
        "duckdb.connect(path).sql('select 1').df()",
        "duckdb.connect(config={}).sql('select 1').df()",
        "con = duckdb.connect()\ncon.sql(text.lower()).df()",
        "con = duckdb.connect()\ncon.install_extension('a')",
        "con = duckdb.connect()\npd.DataFrame({'a': con})",
        "con, a = duckdb.connect(), 1",
        "con.sql('select 1').df()",
        "with con:\n    1",
        "with open('a') as file:\n    1",
        "pl.SQLContext(register_globals=True).execute('select 1')",
        "pl.SQLContext(**tables).execute('select 1')",
        "duckdb.execute('select 1').df()",
        "duckdb.sql",
        "duckdb.default_connection",
    ],
)
def test_other_uses_of_duckdb(cell: str) -> None:
    """Only the rows of a constant query, of no database from outside, are pure."""
    duckdb = pytest.importorskip("duckdb")
    names = {"duckdb": duckdb, "pl": pl, "pd": pd, "text": "select 1", "name": "a"}
    with duckdb.connect() as con:
        names |= {"con": con, "path": "a.db", "tables": {}}
        assert find_effect(ast.parse(cell), "chunk", names) is not None


@pytest.mark.parametrize(
    ("code", "is_pure"),
    [
        ("duckdb.sql(query).df()", True),
        ("duckdb.sql(f'select avg({column}) from chunk where a > {limit}').df()", True),
        ("text = 'select 1'\nduckdb.sql(text).df()", True),
        ("text = f'{query} limit 3'\nif True:\n    duckdb.sql(text).df()", True),
        ("chunk.query(f'{column} > {limit} and (a < 3)')", True),
        ("duckdb.sql(drop).df()", False),
        ("duckdb.sql(f'select {column:>5}').df()", False),
        ("duckdb.sql(f'select {column!r}').df()", False),
        ("duckdb.sql(f'select {column.sql}').df()", False),
        ("duckdb.sql(f'{drop}').df()", False),
        ("duckdb.sql(f'select 1; {drop}').df()", False),
        ("text = drop\nduckdb.sql(text).df()", False),
        ("duckdb.sql(text).df()\ntext = 'select 1'", False),
        ("def f():\n    return duckdb.sql(drop).df()\nf()\ndrop = 'select 1'", False),
        ("text = 'select 1'\ntext += drop\nduckdb.sql(text).df()", False),
        ("text = 'select 1'\nfor text in [drop]:\n    duckdb.sql(text).df()", False),
        ("if limit:\n    text = 'select 1'\nduckdb.sql(text).df()", False),
        ("for query in [drop]:\n    duckdb.sql(query).df()", False),
        ("duckdb.sql(limit).df()", False),
        ("chunk.query(f'{column}.to_csv(1)')", False),
    ],
)
def test_texts_of_queries(code: str, *, is_pure: bool) -> None:
    """The text of a query can be in a variable, if it is certain which text it has."""
    names = {
        "duckdb": pytest.importorskip("duckdb"),
        "query": "select avg(a) from chunk",
        "drop": "drop table a",
        "column": "a",
        "limit": 3,
        "text": "drop table a",
    }
    assert (find_effect(ast.parse(code), "chunk", names) is None) == is_pure


def test_a_patched_query() -> None:
    """A function of the user's in the place of a query is not called."""
    duckdb = pytest.importorskip("duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "sql", lambda _text: None)
        cell = ast.parse("duckdb.sql('select 1').df()")
        assert find_effect(cell, "chunk", {"duckdb": duckdb}) is not None
