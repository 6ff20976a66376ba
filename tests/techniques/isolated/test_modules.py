"""The data of the user's modules go along, or what cannot is reported."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.techniques.isolated.state.contents import read_content
from jupyter_memkit.techniques.isolated.state.own import Owners
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import SentState
from jupyter_memkit.techniques.processes.calling import Call, Outcome
from jupyter_memkit.techniques.processes.process import ChildProcess
from tests.techniques.isolated.acting import act, make_hook

pytestmark = pytest.mark.traced_children

SOURCE = """
import datetime, enum, os, threading
START = datetime.date(2000, 1, 1)
WEIGHTS = FRAME = BIG = None
NAMES = {"b", "a", "c"}
LOCK = threading.Lock()
GONE = 1
class Settings:
    unit = "kg"
    def __init__(self):
        self.rate, self.lock, self.nested = 1, None, {"deep": [1]}
class Slotted:
    __slots__ = ("size",)
    def __init__(self): self.size = 1
class Careful:
    def __init__(self): self.rate = 1
    def __reduce__(self):
        print("code of the user ran")
        return Careful, ()
class Color(enum.Enum):
    RED = 1
    BLUE = 2
settings, locked, slotted, careful = Settings(), Settings(), Slotted(), Careful()
color, backend = Color.RED, None
PARTS = settings.nested
def price(n): return n * settings.rate
def other(n): return -n
"""


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of the user's, and another one that imports from it."""
    (tmp_path / "memkit_conf.py").write_text(SOURCE)
    text = "from memkit_conf import START, price, settings\n"
    (tmp_path / "memkit_user.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("memkit_conf")
    for name in ("memkit_conf", "memkit_user"):
        sys.modules.pop(name, None)


def call(process: ChildProcess, code: str, expression: str = "None") -> Outcome:
    """Run code in a child that takes over the state of this process."""
    changes = SentState(ROWS).take_changes()
    outcome = Call(process, for_hooks=changes).run(act, (code, expression))
    assert outcome.error is None
    return outcome


def test_values_of_all_kinds(process: ChildProcess, conf: Any) -> None:
    """Values that are not plain go along, as do those inside classes and functions."""
    conf.START = conf.datetime.date(2026, 1, 1)
    conf.WEIGHTS = np.ones(4)
    conf.FRAME = pd.DataFrame({"a": [1, 2]})
    conf.BIG = list(range(20_000))
    conf.settings.rate = 9
    conf.slotted.size = 5
    conf.color = conf.Color.BLUE
    conf.Settings.unit = "g"
    conf.price.tag = [7]
    conf.backend = os
    conf.other = conf.price
    del conf.GONE
    expression = (
        "(c.START, c.WEIGHTS.tolist(), c.FRAME.a.tolist(), len(c.BIG), c.price(2), "
        "c.slotted.size, c.color.name, c.settings.unit, c.price.tag, "
        "c.backend.__name__, c.other(2), hasattr(c, 'GONE'))"
    )
    outcome = call(process, "import memkit_conf as c", expression)
    expected = act("import memkit_conf as c", expression)
    assert outcome.value == expected
    assert expected[4:] == (18, 5, "BLUE", "g", [7], "os", 18, False)
    assert outcome.from_hooks.untaken == ()
    assert outcome.from_hooks.state == ()


def test_shared_objects(process: ChildProcess, conf: Any) -> None:
    """Modules that share an object still share it."""
    importlib.import_module("memkit_user")
    conf.settings.rate = 9
    conf.PARTS["deep"].append(2)
    conf.START = conf.datetime.date(2026, 1, 1)
    outcome = call(
        process,
        "import memkit_user as u, memkit_conf as c",
        "(u.settings is c.settings, u.price(1), c.PARTS is c.settings.nested, c.PARTS, "
        "u.START.year, c.START.year)",
    )
    assert outcome.value == (True, 9, True, {"deep": [1, 2]}, 2000, 2026)


def test_two_names(process: ChildProcess, conf: Any) -> None:
    """A name that got a new object leaves the object of another name unchanged."""
    text = "A = B = {'x': 1}\n"
    Path(conf.__file__).with_name("memkit_user.py").write_text(text)
    user: Any = importlib.import_module("memkit_user")
    user.A = {"x": 2}
    outcome = call(process, "import memkit_user as u", "(u.A, u.B)")
    assert outcome.value == ({"x": 2}, {"x": 1})


def test_what_cannot_be_sent(
    process: ChildProcess, conf: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """A changed value that cannot be sent is reported, and none of its code runs."""
    conf.locked.lock = conf.threading.Lock()
    conf.careful.rate = 2
    conf.WEIGHTS = np.ones(3 << 20)
    conf.BIG = [[each] for each in range(100_000)]
    conf.settings.rate = 9
    outcome = call(process, "import memkit_conf as c", "c.price(1)")
    assert outcome.value == 9
    assert [each.partition(" ")[0] for each in outcome.from_hooks.untaken] == [
        "memkit_conf.BIG",
        "memkit_conf.WEIGHTS",
        "memkit_conf.careful",
        "memkit_conf.locked",
    ]
    assert "cannot pickle '_thread.lock' object" in outcome.from_hooks.untaken[-1]
    assert "(too large to compare)" in outcome.from_hooks.untaken[0]
    assert "(too large to send)" in outcome.from_hooks.untaken[1]
    assert "code of the user ran" not in capfd.readouterr().out


def test_contents_that_cannot_be_pickled(process: ChildProcess, conf: Any) -> None:
    """A change is reported also where it can only be seen, and not sent."""
    text = """
import contextvars, threading
context, unset = contextvars.ContextVar("context"), contextvars.ContextVar("unset")
local, untouched = threading.local(), threading.local()
begun, waiting = (each for each in "ab"), (each for each in "ab")
"""
    Path(conf.__file__).with_name("memkit_user.py").write_text(text)
    user: Any = importlib.import_module("memkit_user")
    token = user.context.set([1])
    user.local.size = 2
    next(user.begun)
    outcome = call(process, "import memkit_user as u", "u.context.get(None)")
    user.context.reset(token)
    assert outcome.value is None
    assert [each.partition(" (")[0] for each in outcome.from_hooks.untaken] == [
        "memkit_user.begun",
        "memkit_user.context",
        "memkit_user.local",
    ]
    outcome = call(process, "import memkit_user as u; u.context.set([2])")
    assert outcome.from_hooks.state == ("modules",)


def test_nothing_changed(process: ChildProcess, conf: Any) -> None:
    """What no one changed is not reported, whether it could be sent or not."""
    assert conf.LOCK is not None
    outcome = call(process, "import memkit_conf, memkit_user")
    assert (outcome.from_hooks.untaken, outcome.from_hooks.state) == ((), ())


def test_changes_there(process: ChildProcess, conf: Any) -> None:
    """A change to an object of a module there is reported."""
    assert conf.settings.rate == 1
    call(process, "import memkit_conf")
    outcome = call(process, "import memkit_conf as c; c.settings.rate = 3")
    assert outcome.from_hooks.state == ("modules",)


def test_nothing_is_imported(process: ChildProcess, conf: Any) -> None:
    """Values of libraries stay away from a process that does not load the module."""
    conf.WEIGHTS = np.ones(4)
    outcome = call(process, "", "{'numpy', 'memkit_conf'} & set(sys.modules)")
    assert outcome.value == set()


def test_content_runs_no_code() -> None:
    """Reading the content of an object runs none of its code."""

    class Loud:
        def __init__(self) -> None:
            self.rate = 1

        def refuse(self, *_args: object) -> Any:
            raise AssertionError

        __eq__ = __repr__ = __reduce__ = __iter__ = __len__ = refuse
        __getattribute__ = __hash__ = __bool__ = refuse

    loud = Loud()
    before = read_content([loud], Owners())
    object.__setattr__(loud, "rate", 2)
    assert before.sum not in (None, read_content([loud], Owners()).sum)


def test_content_of_equal_objects() -> None:
    """Equal contents have one fingerprint, different ones and types several."""
    text = str(b"ab", "ascii")
    circle: list[Any] = [1]
    circle.append(circle)
    same = [
        (["ab", "ab"], [text, "ab"]),
        ({1, (2, text)}, {(2, "ab"), 1}),
    ]
    for one, other in same:
        assert read_content(one, Owners()) == read_content(other, Owners())
    values = [
        1,
        1.0,
        True,
        "1",
        [1],
        (1,),
        {1},
        {1: 1},
        circle,
        make_hook(),
        Owners,
        None,
    ]
    sums = {read_content(each, Owners()).sum for each in values}
    assert len(sums - {None}) == len(values)
