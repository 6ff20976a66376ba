"""The state of a process is sent along, and changes to it there are reported."""

from __future__ import annotations

import builtins
import decimal
import gc
import importlib
import logging
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.techniques.isolated import state as state_room
from jupyter_memkit.techniques.isolated.hooks import HOOKS
from jupyter_memkit.techniques.isolated.state.absent import find_absent
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import SentState
from jupyter_memkit.techniques.processes.calling import Call, Outcome
from jupyter_memkit.techniques.processes.process import ChildProcess, open_process
from tests.techniques.isolated.acting import act, make_hook

pytestmark = pytest.mark.traced_children

# For each part of the state: a change here, a change there, and how to read it.
CHANGES = {
    "the working folder": ("os.chdir('/tmp')", "os.chdir('/')", "os.getcwd()"),
    "os.environ": (
        "os.environ['MEMKIT_A'] = '1'",
        "del os.environ['MEMKIT_A']",
        "os.environ.get('MEMKIT_A')",
    ),
    "the time zone": (
        "os.environ['TZ'] = 'UTC-9'; time.tzset()",
        "os.environ['TZ'] = 'UTC+5'; time.tzset()",
        "(time.tzname, time.timezone, time.localtime(0).tm_hour)",
    ),
    "the umask": ("os.umask(0o077)", "os.umask(0o027)", "os.open"),
    "resource limits": (
        "resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(4)[1]))",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(7)[1]))",
        "resource.getrlimit(resource.RLIMIT_CORE)",
    ),
    "the priority": (
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
        # One of them is a change, whatever priority the tests have.
        "os.nice(1); os.sched_setaffinity(0, range(os.cpu_count()))",
        "sorted(os.sched_getaffinity(0))",
    ),
    "signal handlers": (
        "signal.signal(signal.SIGUSR2, signal.SIG_IGN)",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
        "int(signal.getsignal(signal.SIGUSR2))",
    ),
    "sys.path": ("sys.path.append('/a')", "sys.path.append('/b')", "list(sys.path)"),
    "sys.argv": ("sys.argv[1:] = ['a']", "sys.argv.append('b')", "sys.argv[1:]"),
    "Python's limits": (
        "sys.setrecursionlimit(2345)",
        "sys.setrecursionlimit(3456)",
        "sys.getrecursionlimit()",
    ),
    "the garbage collector": (
        "gc.set_threshold(701, 11, 12)",
        "gc.disable()",
        "gc.get_threshold()",
    ),
    "warning filters": (
        "warnings.filterwarnings('ignore', 'some', UserWarning, 'mine', 3)",
        "warnings.simplefilter('error')",
        "str(warnings.filters[0])",
    ),
    "random numbers": ("random.seed(7)", "random.random()", "random.getstate()"),
    "the locale": (
        "locale.setlocale(locale.LC_CTYPE, 'C')",
        "locale.setlocale(locale.LC_CTYPE, 'C.UTF-8')",
        "locale.setlocale(locale.LC_CTYPE)",
    ),
    "the decimal context": (
        "decimal.getcontext().prec = 7",
        "decimal.getcontext().traps[decimal.Inexact] = True",
        "str(decimal.Decimal(1) / 3)",
    ),
    "built-in names": (
        "builtins.rate = 5",
        "builtins.sum = len",
        "getattr(builtins, 'rate', None)",
    ),
    "hooks of sys": (
        "sys.excepthook = make()",
        "sys.unraisablehook = make()",
        "sys.excepthook(1, 2, 3)",
    ),
    "the socket timeout": (
        "socket.setdefaulttimeout(7)",
        "socket.setdefaulttimeout(9)",
        "socket.getdefaulttimeout()",
    ),
    "the start method of multiprocessing": (
        "multiprocessing.set_start_method('spawn', force=True)",
        "multiprocessing.set_start_method('forkserver', force=True)",
        "multiprocessing.get_start_method()",
    ),
    "logging": (
        "logging.getLogger('mine').setLevel(15)",
        "logging.getLogger('other').setLevel(15)",
        "logging.getLogger('mine').level",
    ),
    "numpy's random numbers": (
        "import numpy as np; np.random.seed(7)",
        "import numpy as np; np.random.rand()",
        "__import__('numpy').random.get_state()[1].tolist()",
    ),
    "numpy's error handling": (
        "import numpy as np; np.seterr(all='raise')",
        "import numpy as np; np.seterr(divide='ignore')",
        "__import__('numpy').geterr()",
    ),
    "numpy's print options": (
        "import numpy as np; np.set_printoptions(precision=3)",
        "import numpy as np; np.set_printoptions(threshold=3)",
        "__import__('numpy').get_printoptions()",
    ),
    "pandas' options": (
        "import pandas as pd; pd.set_option('display.max_rows', 7)",
        "import pandas as pd; pd.set_option('display.width', 7)",
        "__import__('pandas').get_option('display.max_rows')",
    ),
    "polars' options": (
        "import polars as pl; pl.Config.set_tbl_rows(7)",
        "import polars as pl; pl.Config.set_fmt_float('full')",
        "__import__('polars').Config.state()['POLARS_FMT_MAX_ROWS']",
    ),
    "matplotlib's rcParams": (
        "import matplotlib as m; m.rcParams['lines.linewidth'] = 7",
        "import matplotlib as m; m.rcParams['lines.linewidth'] = 8",
        "__import__('matplotlib').rcParams['lines.linewidth']",
    ),
    "the temporary folder": (
        "import tempfile; tempfile.tempdir = '/tmp/a'",
        "import tempfile; tempfile.tempdir = '/tmp/b'",
        "__import__('tempfile').gettempdir()",
    ),
    "csv's settings": (
        "import csv; csv.field_size_limit(9); csv.register_dialect('a', delimiter=';')",
        "import csv; csv.field_size_limit(8)",
        "(__import__('csv').field_size_limit(), __import__('csv').list_dialects())",
    ),
    "scikit-learn's options": (
        "import sklearn; sklearn.set_config(transform_output='pandas')",
        "import sklearn; sklearn.set_config(assume_finite=True)",
        "__import__('sklearn').get_config()['transform_output']",
    ),
    "xarray's options": (
        "import xarray; xarray.set_options(arithmetic_join='outer')",
        "import xarray; xarray.set_options(display_width=70)",
        "__import__('xarray').get_options()['arithmetic_join']",
    ),
    "dask's options": (
        "import dask; dask.config.set(scheduler='sync', **{'a.b': [1]})",
        "import dask; dask.config.set({'a.b': 2})",
        "__import__('dask').config.get('scheduler')",
    ),
    "networkx's options": (
        "import networkx; networkx.config.warnings_to_ignore.add('cache')",
        "import networkx; networkx.config.fallback_to_nx = True",
        "__import__('networkx').config.warnings_to_ignore",
    ),
    "pyarrow's threads": (
        "import pyarrow; pyarrow.set_cpu_count(3)",
        "import pyarrow; pyarrow.set_cpu_count(4)",
        "__import__('pyarrow').cpu_count()",
    ),
    "torch's settings and random numbers": (
        "import torch; torch.manual_seed(7)",
        "import torch; torch.set_grad_enabled(False)",
        "__import__('torch').initial_seed()",
    ),
}


def call(process: ChildProcess, function: Callable[..., Any], *args: Any) -> Outcome:
    """Call a function in a child that takes over the state of this process."""
    changes = SentState(ROWS).take_changes()
    return Call(process, for_hooks=changes).run(function, args)


@pytest.fixture
def restored() -> Iterator[None]:
    """Restore the state after the test."""
    before = {
        row.name: row.read()
        for row in ROWS
        if not row.module or row.module in sys.modules
    }
    names = dict(vars(builtins))
    hooks = sys.excepthook, sys.unraisablehook
    yield
    vars(builtins).update(names)
    for name in vars(builtins).keys() - names.keys():
        delattr(builtins, name)
    sys.excepthook, sys.unraisablehook = hooks
    for row in ROWS:
        if row.name in before and row.write is not None:
            if row.name in ("modules", "resource limits"):
                continue
            row.write(before[row.name])


def rows() -> list[Any]:
    """Return the names of the parts, with a mark for those that need torch."""
    return [
        pytest.param(name, marks=[pytest.mark.ml] if "torch" in name else [])
        for name in CHANGES
    ]


@pytest.mark.parametrize("name", rows())
@pytest.mark.usefixtures("restored")
def test_row(shared: ChildProcess, name: str) -> None:
    """A change here applies there; a change there is reported and not applied here."""
    here, there, expression = CHANGES[name]
    if "networkx" in here:
        # It comes with torch.
        pytest.importorskip("networkx")
    act(here)
    expected = act("", expression)
    outcome = call(shared, act, "", expression)
    assert outcome.error is None
    if name != "the umask":
        assert outcome.value == expected
    assert outcome.from_hooks.untaken == ()
    assert name not in outcome.from_hooks.state
    outcome = call(shared, act, there)
    assert outcome.error is None
    assert name in outcome.from_hooks.state
    assert act("", expression) == expected


@pytest.mark.usefixtures("restored")
def test_numpy_generator(shared: ChildProcess) -> None:
    """Random numbers of another generator of numpy continue there."""
    set_generator: Any = vars(np.random)["set_bit_generator"]
    set_generator(np.random.PCG64(3))
    try:
        outcome = call(shared, act, "import numpy as np", "np.random.rand()")
        assert outcome.from_hooks.untaken == ()
        assert outcome.value == np.random.rand()  # noqa: NPY002 - it is the subject
    finally:
        set_generator(np.random.MT19937(3))


@pytest.mark.usefixtures("restored")
def test_time_zone_that_is_not_in_force() -> None:
    """A new process reports that it starts in a time zone that is not in force here."""
    act("os.environ['TZ'] = 'UTC-7'")
    with open_process(HOOKS) as process:
        untaken = call(process, act, "").from_hooks.untaken
    assert [each.partition(" (")[0] for each in untaken] == ["the time zone"]


def test_table() -> None:
    """Each part of the state is in the documented table, and is tested."""
    text = str(state_room.__doc__)
    names = [row.name for row in ROWS]
    assert [name for name in names if f"\n{name:<35} " not in text] == []
    assert set(CHANGES) | {"modules"} == set(names)


def test_flags() -> None:
    """A child runs with the options of this Python."""
    code = (
        "from jupyter_memkit.techniques.isolated.calls import isolated\n"
        "print(isolated(lambda: (__debug__, __import__('sys').flags.utf8_mode))())"
    )
    command = [sys.executable, "-O", "-X", "utf8", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "(False, 1)\n"


def test_umask(shared: ChildProcess, tmp_path: Path) -> None:
    """Files created there have the mode that they would have here."""
    before = os.umask(0o027)
    try:
        call(shared, lambda path: path.touch(), tmp_path / "file")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_own(process: ChildProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that a lasting process changed is kept there; the others are updated."""
    sent = SentState(ROWS)
    outcome = Call(process, for_hooks=sent.take_changes()).run(lambda: os.chdir("/"))
    sent.leave(outcome.from_hooks.state)
    monkeypatch.setenv("MEMKIT_A", "1")
    monkeypatch.chdir("/tmp")
    read = Call(process, for_hooks=sent.take_changes()).run(
        lambda: (os.getcwd(), os.environ["MEMKIT_A"])  # noqa: PTH109 - as a text
    )
    assert read.value == ("/", "1")


def test_late_import(process: ChildProcess) -> None:
    """Options wait until the library is imported; an import alone is not a change."""
    read = "str(np.get_printoptions()['precision'])"
    with decimal.localcontext() as context, np.printoptions(precision=3):
        context.prec = 5
        was_there = call(process, act, "", "'numpy' in sys.modules")
        outcome = call(process, act, "import numpy as np", read)
    assert (was_there.value, outcome.value) == (False, "3")
    assert outcome.from_hooks.state == ()


def test_library_that_is_only_loaded_there(process: ChildProcess) -> None:
    """A library that is not loaded here starts there with its own options."""
    read = "np.get_printoptions()['precision']"
    outcome = Call(process, for_hooks={}).run(act, ("import numpy as np", read))
    assert (outcome.value, outcome.from_hooks.untaken) == (8, ())


@pytest.mark.usefixtures("restored")
def test_filters_of_classes_that_are_not_there(process: ChildProcess) -> None:
    """A filter for a library's warnings waits for the import of the library."""
    warnings.filterwarnings("error", category=pd.errors.PerformanceWarning)
    assert not call(process, act, "", "'pandas' in sys.modules").value
    outcome = call(
        process,
        act,
        "import pandas as pd; warnings.warn('slow', pd.errors.PerformanceWarning)",
    )
    assert isinstance(outcome.error, pd.errors.PerformanceWarning)


def test_modules(
    process: ChildProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes to the user's own modules apply there, and a changed file is reported."""
    file = tmp_path / "memkit_mine.py"
    file.write_text("RATE = 1\nOPTIONS = {'a': 1}\ndef price(n): return n * RATE\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    mine: Any = importlib.import_module("memkit_mine")
    monkeypatch.setitem(sys.modules, "memkit_mine", mine)
    mine.RATE = 2
    mine.OPTIONS["b"] = 3
    # A list that contains itself is not sent.
    mine.circle = [1]
    mine.circle.append(mine.circle)
    read = ("import memkit_mine as mine", "(mine.price(5), mine.OPTIONS)")
    assert call(process, act, *read).value == (10, {"a": 1, "b": 3})
    outcome = call(process, act, "import memkit_mine; memkit_mine.RATE = 9")
    assert outcome.from_hooks.state == ("modules",)
    mine.price = make_hook()
    assert call(process, act, *read).value[0] == "mine"
    del sys.modules["memkit_mine"]
    mine = importlib.import_module("memkit_mine")
    mine.RATE = 3
    file.write_text("RATE = 1\nOPTIONS = {}\ndef price(n): return n + RATE\n")
    with open_process(HOOKS) as fresh:
        outcome = call(fresh, act, *read)
    assert outcome.value[0] == 8
    assert outcome.from_hooks.untaken == (
        "memkit_mine (its file has changed since the import)",
    )


@pytest.mark.usefixtures("restored")
def test_logging(shared: ChildProcess, tmp_path: Path) -> None:
    """Records reach handlers that two processes can share; others are reported."""
    logger = logging.getLogger("memkit_test")
    logger.propagate = False
    handlers: list[logging.Handler] = [
        logging.FileHandler(tmp_path / "log", "a"),
        logging.FileHandler(tmp_path / "other", "w"),
    ]
    for handler in handlers:
        handler.setFormatter(logging.Formatter("{levelname}: {message}", style="{"))
        logger.addHandler(handler)
    try:
        outcome = call(shared, act, "logging.getLogger('memkit_test').error('here')")
        assert (tmp_path / "log").read_text() == "ERROR: here\n"
        assert outcome.from_hooks.unlogged == ("FileHandler",)
        quiet = call(shared, act, "")
        assert quiet.from_hooks.unlogged == ()
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def test_left_running(process: ChildProcess) -> None:
    """Threads, processes and exit handlers that are still there are reported."""
    code = """
import _thread, atexit, subprocess, threading, time
threading.Thread(target=time.sleep, args=(60,), name="mine", daemon=True).start()
ended = threading.Thread(target=int)
ended.start()
ended.join()
n_threads = _thread._count()
_thread.start_new_thread(time.sleep, (60,))
while _thread._count() == n_threads:
    time.sleep(0)  # The thread is counted once it runs.
subprocess.Popen(["sleep", "60"])
atexit.register(int)
"""
    running = call(process, act, code).from_hooks.running
    assert running[:2] == ("thread mine", "1 thread without a name")
    assert running[2].startswith("process ")
    assert running[3:] == ("1 exit handler",)
    assert call(process, act, "").from_hooks.running == ()


def test_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """State that cannot be sent is reported."""
    tracing = sys.gettrace()

    def hook(*_args: object) -> None:
        return None

    hook.__module__ = "__main__"
    monkeypatch.setattr(gc, "callbacks", [*gc.callbacks, hook])
    signal.setitimer(signal.ITIMER_REAL, 1000)
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        sys.settrace(lambda *_: None)
        assert find_absent()[0] == "the trace function"
        assert {"a signal handler", "gc.callbacks", "the running timer"} < set(
            find_absent()
        )
    finally:
        sys.settrace(tracing)
        signal.signal(signal.SIGUSR1, before)
        signal.setitimer(signal.ITIMER_REAL, 0)
