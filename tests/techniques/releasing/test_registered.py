"""What was registered with IPython or the interpreter is named as what it is."""

from __future__ import annotations

import dataclasses
import json
import logging
import signal
import weakref
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.measure.holders import holders
from jupyter_memkit.show.memfree import build_report
from jupyter_memkit.techniques.release import free
from jupyter_memkit.techniques.releasing.records import Held

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

EVENT = """\
def make(data):
    def hook(result): data
    get_ipython().events.register('post_run_cell', hook)
make(big)
"""
SIGNAL = """\
import signal
def make(data): signal.signal(signal.SIG{}, lambda *_: data)
make(big)
"""
CONTEXT = """\
from contextvars import ContextVar
cv = ContextVar('cv')
tok = cv.set({})
"""
FINALIZER = """\
import weakref
class Owner: pass
owner = Owner()
end = weakref.finalize(owner, print, big)
"""
FORMATTER = """\
class Shown: pass
def make(data):
    formatter = get_ipython().display_formatter.formatters['text/html']
    formatter.for_type(Shown, lambda _: data)
make(big)
"""
MAGIC = """\
from IPython.core.magic import register_line_magic
def make(data):
    def show_big(line): data
    register_line_magic(show_big)
make(big)
"""
LOOP = """\
import asyncio
async def wait(data):
    await asyncio.sleep(1000)
    return data
def start(data): return asyncio.create_task(wait(data), name='kept')
other = asyncio.get_running_loop().create_future()
{}
await asyncio.sleep(0)
"""
CANCEL = "import asyncio; {}; await asyncio.sleep(0)"
CANCEL_BY_NAME = CANCEL.format(
    "[each.cancel() for each in asyncio.all_tasks() if each.get_name() == 'kept']"
)
WIDGET = """\
import ipywidgets
button = ipywidgets.Button()
def make(data): button.on_click(lambda _: data)
make(big)
"""


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore what a failed test left in the interpreter."""
    yield
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    vars(logging.getLogger("memkit_test")).pop("extra", None)
    vars(json).pop("kept", None)


def delete(shell: InteractiveShell, code: str) -> tuple[Held, weakref.ref[object]]:
    """Register something that holds a value, and delete the value's name."""
    shell.run_cell("import numpy as np; big = np.ones(1 << 18)").raise_error()
    shell.run_cell(code).raise_error()
    watch = weakref.ref(shell.user_ns["big"])
    held = free("big", shell=shell).held["big"]
    return held, watch


@pytest.mark.parametrize(
    ("code", "holder", "remedy"),
    [
        (
            EVENT,
            (
                "get_ipython().events.callbacks['post_run_cell'][*] (callback of an "
                "IPython event)"
            ),
            (
                "get_ipython().events.unregister('post_run_cell', "
                "get_ipython().events.callbacks['post_run_cell'][*])"
            ),
        ),
        (
            SIGNAL.format("USR1"),
            "signal.getsignal(signal.SIGUSR1) (handler of a signal)",
            "import signal; signal.signal(signal.SIGUSR1, signal.SIG_DFL);",
        ),
        (
            SIGNAL.format("INT"),
            "signal.getsignal(signal.SIGINT) (handler of a signal)",
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);",
        ),
        (CONTEXT.format("big"), "the context variable cv", "cv.set(None);"),
        (CONTEXT.format("[1, big]"), "the context variable cv[1]", "cv.set(None);"),
        (
            FINALIZER,
            "weakref.finalize._registry[<weakref.finalize>].args[0] (finalizer)",
            "end.detach();",
        ),
    ],
    ids=["event", "signal", "interrupt", "context", "inside", "finalizer"],
)
def test_remedy(shell: InteractiveShell, code: str, holder: str, remedy: str) -> None:
    """The statement that releases a value is written, and it works."""
    place = str(len(shell.events.callbacks["post_run_cell"]))
    held, watch = delete(shell, code)
    assert held.holders == (holder.replace("*", place),)
    assert held.remedies == (remedy.replace("*", place), "%memfree")
    assert watch() is not None
    for line in held.remedies:
        shell.run_cell(line, store_history=True).raise_error()
    assert watch() is None


def test_events_with_a_name(shell: InteractiveShell) -> None:
    """A variable that is a part of IPython holds nothing by itself."""
    held, watch = delete(shell, EVENT + "events = get_ipython().events")
    assert held.remedies[0].startswith("get_ipython().events.unregister(")
    for line in held.remedies:
        shell.run_cell(line, store_history=True).raise_error()
    assert watch() is None


def test_several_callbacks(shell: InteractiveShell) -> None:
    """Each callback that holds the value gets a line, and all lines can be run."""
    callbacks = shell.events.callbacks["post_run_cell"]
    before = list(callbacks)
    held, watch = delete(shell, EVENT + "make(big); make(None); make(big)")
    assert len(held.holders) == 3
    for line in held.remedies:
        shell.run_cell(line, store_history=True).raise_error()
    assert watch() is None
    assert len(callbacks) == len(before) + 1
    callbacks[:] = before


@pytest.mark.parametrize(
    ("code", "start", "role"),
    [
        (
            FORMATTER,
            "get_ipython().display_formatter.formatters",
            "(display formatter)",
        ),
        (MAGIC, "get_ipython()", "(magic)"),
        (
            "import logging; logging.getLogger('memkit_test').extra = big",
            "logging.getLogger('memkit_test').extra",
            "(logger)",
        ),
        (
            "import logging; log = logging.getLogger('memkit_test'); log.extra = big",
            "logging.getLogger('memkit_test').extra",
            "(logger)",
        ),
        ("import json; json.kept = big\ndef function(): pass", "json.kept", ""),
        (
            "html = get_ipython().display_formatter.formatters['text/html']\n"
            + FORMATTER,
            "get_ipython().display_formatter.formatters['text/html'].type_printers",
            "(display formatter)",
        ),
        (
            "shell = get_ipython(); shell.kept = big; events = [shell]",
            "get_ipython().kept",
            "",
        ),
    ],
    ids=[
        "formatter",
        "magic",
        "logger",
        "named logger",
        "module",
        "named formatter",
        "shell",
    ],
)
def test_no_certain_remedy(
    shell: InteractiveShell, code: str, start: str, role: str
) -> None:
    """A holder is named as what it is, and no line is offered that keeps it."""
    held, watch = delete(shell, code)
    (holder,) = held.holders
    assert holder.startswith(start)
    assert holder.endswith(role)
    assert held.remedies == ()
    freed = free(shell=shell)
    assert watch() is not None
    text = build_report(dataclasses.replace(freed, held={"big": held})).text()
    assert "It has to be removed where it was registered or stored" in text


def test_widget(shell: InteractiveShell) -> None:
    """A widget that holds a value is closed, because ipywidgets registers it."""
    pytest.importorskip("ipywidgets")
    held, watch = delete(shell, WIDGET)
    assert held.remedies == ("button.close()", "%memfree button")
    assert held.holders[0].startswith("button.")
    assert held.holders[1].startswith("ipywidgets.widgets.widget._instances[")
    assert held.holders[1].endswith("(widget)")
    for line in held.remedies:
        shell.run_cell(line, store_history=True).raise_error()
    assert watch() is None


@pytest.mark.parametrize(
    ("code", "holders", "remedies"),
    [
        (
            "task = start(big)",
            ("task → coroutine → wait()", "the task kept → coroutine → wait()"),
            (CANCEL.format("task.cancel()"), "%memfree task"),
        ),
        (
            # A cancelled task keeps its error, and so the variables of its function.
            "tasks = [start(big)]",
            ("tasks[0] → coroutine → wait()", "the task kept → coroutine → wait()"),
            (CANCEL_BY_NAME, "%memfree tasks"),
        ),
        (
            "start(big)",
            ("the task kept → coroutine → wait()",),
            (CANCEL_BY_NAME, "%memfree"),
        ),
        (
            "timer = asyncio.get_running_loop().call_later(1000, print, big)",
            (
                "timer._args[0]",
                "asyncio.get_running_loop()._scheduled[0]._args[0] (event loop)",
            ),
            ("timer.cancel()", "%memfree timer"),
        ),
    ],
    ids=["variable", "list", "no name", "timer"],
)
def test_event_loop(
    shell: InteractiveShell,
    code: str,
    holders: tuple[str, ...],
    remedies: tuple[str, ...],
) -> None:
    """A waiting task holds a value, and a variable that knows its loop does not."""
    held, watch = delete(shell, LOOP.format(code))
    assert (held.holders, held.remedies) == (holders, remedies)
    assert watch() is not None
    for line in remedies:
        shell.run_cell(line, store_history=True).raise_error()
    assert watch() is None


@pytest.mark.parametrize(
    "code",
    [
        LOOP.format("made = [start(big)]") + "made.pop()",
        FINALIZER.replace("end = ", ""),
    ],
    ids=["task", "finalizer"],
)
def test_shown_by_its_cell(shell: InteractiveShell, code: str) -> None:
    """What a cell has returned is not named ``_``, which is another output by then."""
    shell.run_cell("import numpy as np; big = np.ones(1 << 18)").raise_error()
    watch = weakref.ref(shell.user_ns["big"])
    shell.run_cell(code, store_history=True).raise_error()
    held = free("big", shell=shell).held["big"]
    shell.run_cell("'another output'", store_history=True)
    for line in held.remedies:
        shell.run_cell(line, store_history=True).raise_error()
    assert watch() is None


def test_tasks_of_one_name(shell: InteractiveShell) -> None:
    """No line is offered that cancels another task as well."""
    held, watch = delete(shell, LOOP.format("start(big); start(None)"))
    assert held.holders == ("the task kept → coroutine → wait()",)
    assert held.remedies == ()
    shell.run_cell(CANCEL_BY_NAME).raise_error()
    assert watch() is None


def test_atexit(shell: InteractiveShell) -> None:
    """What nothing that can be searched holds may have been registered with atexit."""
    held, watch = delete(shell, "import atexit; atexit.register(print, big);")
    assert (held.holders, held.remedies) == ((), ())
    freed = dataclasses.replace(free(shell=shell), held={"big": held})
    assert (
        "atexit.unregister releases what was registered" in build_report(freed).text()
    )
    shell.run_cell("atexit.unregister(print)\n%memfree").raise_error()
    assert watch() is None


def test_holders(shell: InteractiveShell) -> None:
    """The paths of %memleaks do not start at names of IPython's own either."""
    shell.run_cell(
        "import numpy as np; big = np.ones(1 << 18); other = [big]"
    ).raise_error()
    shell.run_cell(EVENT + CONTEXT.format("big")).raise_error()
    found = holders(shell.user_ns["big"], shell=shell)
    place = len(shell.events.callbacks["post_run_cell"]) - 1
    assert {chain.text for chain in found.chains} == {
        "big",
        "other[0]",
        "the context variable cv",
        (f"get_ipython().events.callbacks['post_run_cell'][{place}].__closure__[0]"),
    }
    del shell.events.callbacks["post_run_cell"][place]
    shell.run_cell("cv.set(None)").raise_error()
