"""Calls of functions in a child: their values, their output and how they end."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.processes import watching
from jupyter_memkit.techniques.processes.calling import Call
from jupyter_memkit.techniques.processes.listening import Listener
from jupyter_memkit.techniques.processes.output import _MOST_CHARACTERS
from jupyter_memkit.techniques.processes.process import ChildProcess
from tests.waiting import LIMIT_S, has_ended, interrupt_when, press_ctrl_c, wait_until

pytestmark = pytest.mark.traced_children

MIB = 1 << 20


def run(process: ChildProcess, function: Any, *args: Any, **options: Any) -> Any:
    """Call a function in a child, and return its value."""
    outcome = Call(process, **options).run(function, args)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def test_value(shared: ChildProcess) -> None:
    """A function runs in the child, and its value is returned."""
    value = run(shared, lambda x: (os.getpid(), x + 1), 41)
    assert value == (shared.pid, 42)


def test_output_in_order(
    shared: ChildProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed text arrives in order, on the stream that it was printed to."""
    shown: list[tuple[str, str]] = []

    def work() -> None:
        print("one")
        print("two", file=sys.stderr)
        print("three")

    run(shared, work, show=lambda *item: shown.append(item))
    assert shown == [("stdout", "one\n"), ("stderr", "two\n"), ("stdout", "three\n")]
    run(shared, work)
    assert capsys.readouterr() == ("one\nthree\n", "two\n")


def test_output_is_live(shared: ChildProcess, tmp_path: Path) -> None:
    """Printed text is shown while the function is still running."""
    path = tmp_path / "shown"

    def work() -> bool:
        print("now", end="")
        deadline_s = time.monotonic() + LIMIT_S
        while not path.exists() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        return path.exists()

    assert run(shared, work, show=lambda *_: path.touch())


def test_output_past_python(shared: ChildProcess) -> None:
    """All output of other programs and C code is shown too."""
    shown: list[str] = []

    def work() -> None:
        subprocess.run([sys.executable, "-c", "print('x' * 100_000)"], check=True)
        os.write(2, b"end\0")

    run(shared, work, show=lambda _, text: shown.append(text))
    assert "".join(shown) == "x" * 100_000 + "\nend\0"


def test_much_output(shared: ChildProcess) -> None:
    """A child that prints a lot waits for its reader, so its memory stays small."""
    n_bytes = 0

    def count(_kind: str, text: str) -> None:
        nonlocal n_bytes
        n_bytes += len(text)

    def work() -> None:
        for _ in range(200):
            print("x" * 100_000)

    outcome = Call(shared, show=count).run(work)
    assert n_bytes == 200 * 100_001
    assert outcome.peak_bytes < 64 * MIB


def test_waiting_output(shared: ChildProcess) -> None:
    """A child sends its output as soon as a certain amount of it waits."""

    def work() -> int:
        output = sys.stdout._output  # type: ignore[union-attr]
        # No thread sends what waits meanwhile.
        with output._lock:
            for _ in range(100):
                sys.stdout.write("x" * 1_000)
            return sum(map(len, output._waiting))

    assert run(shared, work, show=lambda *_: None) <= _MOST_CHARACTERS


def test_error(shared: ChildProcess) -> None:
    """The function's own error is raised, and the child can take the next call."""
    with pytest.raises(KeyError, match="missing"):
        run(shared, lambda: {"a": 1}["missing"])
    assert run(shared, lambda: 1) == 1


def test_not_sendable(shared: ChildProcess) -> None:
    """Objects that cannot be pickled are reported, and do not affect the next call."""
    with pytest.raises(TypeError, match="generator"):
        run(shared, len, [bytes(100_000), (each for each in "ab")])
    with pytest.raises(IsolatedError, match=r"value cannot be returned \(generator"):
        run(shared, lambda: (each for each in "ab"))
    assert run(shared, lambda: 1) == 1


def test_not_loadable(shared: ChildProcess) -> None:
    """An import that fails in the child is reported with the remedy."""

    class Unknown:
        def __reduce__(self) -> tuple[Any, ...]:
            return __import__, ("no_such_module_here",)

    with pytest.raises(IsolatedError, match=r"cannot load .*no_such_module_here.*mod"):
        run(shared, len, [Unknown()])
    assert run(shared, lambda: 1) == 1


def test_input_is_refused(shared: ChildProcess) -> None:
    """``input`` is refused with the remedy."""
    with pytest.raises(IsolatedError, match="call it before"):
        run(shared, input)


def test_system_exit(shared: ChildProcess) -> None:
    """SystemExit is raised like other errors, and does not end the child."""
    with pytest.raises(SystemExit):
        run(shared, sys.exit)
    assert run(shared, lambda: 1) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork(shared: ChildProcess) -> None:
    """The output of a fork is shown, and its end is not mistaken for the child's."""
    shown: list[str] = []

    def work() -> int:
        pid = os.fork()
        if pid == 0:
            print("in the fork")
            return 1
        os.waitpid(pid, 0)
        return 2

    assert run(shared, work, show=lambda _, text: shown.append(text)) == 2
    assert "".join(shown) == "in the fork\n"


def test_interrupt(process: ChildProcess, tmp_path: Path) -> None:
    """Ctrl-C raises in the function, which may clean up, and the child survives."""
    path = tmp_path / "begun"
    shown: list[str] = []

    def work() -> None:
        try:
            path.touch()
            time.sleep(600)
        finally:
            print("cleaned up")

    thread = interrupt_when(path)
    with pytest.raises(KeyboardInterrupt):
        run(process, work, show=lambda _, text: shown.append(text))
    thread.join()
    assert shown == ["cleaned up\n"]
    assert run(process, lambda: 1) == 1


def test_interrupt_that_is_handled(process: ChildProcess, tmp_path: Path) -> None:
    """A function may handle Ctrl-C itself."""
    path = tmp_path / "begun"

    def work() -> str:
        try:
            path.touch()
            time.sleep(600)
        except KeyboardInterrupt:
            return "handled"
        return "slept"

    thread = interrupt_when(path)
    assert run(process, work) == "handled"
    thread.join()


def test_interrupt_of_the_return(process: ChildProcess, tmp_path: Path) -> None:
    """Ctrl-C while the value is returned is raised here, and the child survives."""
    begun, pressed = tmp_path / "begun", tmp_path / "pressed"

    class Slow:
        def __reduce__(self) -> tuple[Any, ...]:
            begun.touch()
            while not pressed.exists():
                time.sleep(0.01)
            return int, ()

    def press() -> None:
        wait_until(begun.exists)
        press_ctrl_c()
        pressed.touch()

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(process, Slow)
    thread.join()
    assert run(process, lambda: 1) == 1


def test_interrupt_that_is_ignored(
    process: ChildProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Ctrl-C ends a child that ignores the first, however long it has."""
    monkeypatch.setattr(watching, "_OBEY_S", math.inf)
    first, second = tmp_path / "first", tmp_path / "second"

    def work() -> None:
        first.touch()
        while True:
            try:
                time.sleep(600)
            except KeyboardInterrupt:  # noqa: PERF203 - not a hot loop
                second.touch()

    threads = [interrupt_when(first), interrupt_when(second)]
    with pytest.raises(KeyboardInterrupt):
        run(process, work)
    for thread in threads:
        thread.join()
    assert not process.is_alive


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda: os._exit(3), "ended itself with status 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"was killed \(SIGKILL\)"),
        (os.abort, r"was killed \(SIGABRT\)"),
    ],
)
def test_end(process: ChildProcess, end: Any, words: str) -> None:
    """The early end of a child is reported in one sentence, with its peak."""
    with pytest.raises(IsolatedError, match=rf"^the process {words} .* peak of .* MiB"):
        run(process, end)
    assert not process.is_alive


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_end_with_orphans(process: ChildProcess, tmp_path: Path) -> None:
    """A program that a shell left behind ends as well, although its parent is gone."""
    path = tmp_path / "pid"
    run(process, subprocess.run, ["sh", "-c", f"sleep 600 & echo $! > {path}"])
    orphan = psutil.Process(int(path.read_text()))
    process.end()
    wait_until(lambda: has_ended(orphan.pid))


def test_end_with_children(process: ChildProcess, tmp_path: Path) -> None:
    """Processes that a child started end with it, even if they hold the pipes."""
    path = tmp_path / "pid"

    def work() -> None:
        started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
        path.write_text(str(started.pid))
        os._exit(3)

    with pytest.raises(IsolatedError, match="status 3"):
        run(process, work)
    pid = int(path.read_text())
    # It is not a child of this process, so there is nothing to join.
    wait_until(lambda: has_ended(pid))


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
def test_end_with_a_daemon(process: ChildProcess, tmp_path: Path) -> None:
    """A process that left the family, and keeps the pipes open, delays nothing."""
    path = tmp_path / "pid"

    def work() -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                path.with_suffix(".part").write_text(str(os.getpid()))
                path.with_suffix(".part").rename(path)
                time.sleep(600)
            os._exit(0)
        while not path.exists():
            time.sleep(0.01)
        os._exit(3)

    with pytest.raises(IsolatedError, match="ended itself with status 3"):
        run(process, work)
    os.kill(int(path.read_text()), signal.SIGKILL)
    # The threads that read the pipes end now.
    wait_until(lambda: all("listener" not in t.name for t in threading.enumerate()))


def test_output_before_a_crash(process: ChildProcess) -> None:
    """Output just before a crash is shown."""
    shown: list[str] = []

    def work() -> None:
        os.write(2, b"out of luck\n")
        os._exit(3)

    with pytest.raises(IsolatedError):
        run(process, work, show=lambda _, text: shown.append(text))
    assert "".join(shown) == "out of luck\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the system counts it on Linux")
def test_limit_by_the_system(process: ChildProcess) -> None:
    """An allocation beyond the limit fails in the function, which can continue."""

    def work() -> str:
        try:
            bytearray(400 * MIB)
        except MemoryError:
            return "refused"
        return "allocated"

    assert run(process, work, memory_bytes=200 * MIB) == "refused"
    # The limit only applies to that call.
    assert run(process, work) == "allocated"


def test_limit_by_watching(process: ChildProcess) -> None:
    """A child that exceeds the limit by memory that the system ignores is ended."""

    def work() -> None:
        import mmap  # noqa: PLC0415 - runs in the child

        shared = mmap.mmap(-1, 400 * MIB)
        for place in range(0, 400 * MIB, 4096):
            shared[place] = 1
        time.sleep(600)

    with pytest.raises(IsolatedError, match=r"more than 100\.0 MiB.*raise its memory"):
        run(process, work, memory_bytes=100 * MIB)


def test_many_calls(process: ChildProcess) -> None:
    """Calls can share a listener, and each shows exactly its own output."""
    listener = Listener(process, lasts=True)
    threads = threading.active_count()

    def say(number: int) -> int:
        sys.stdout.write(f"printed {number}\n")  # At once, so that it is not split.
        os.write(1, b"past Python %d\n" % number)
        return number

    for number in range(5):
        shown: list[str] = []

        def take(_kind: str, text: str, shown: list[str] = shown) -> None:
            shown.append(text)

        call = Call(process, show=take, listener=listener)
        assert call.run(say, (number,)).value == number
        assert sorted(shown) == [f"past Python {number}\n", f"printed {number}\n"]
        assert threading.active_count() == threads + 2
    process.kill()
    listener.stop()
    assert threading.active_count() == threads
    process.end()


def test_after_the_end(process: ChildProcess) -> None:
    """A call to a child that has ended is refused, and reports how it ended."""
    process.kill()
    wait_until(lambda: not process.is_alive)
    with pytest.raises(IsolatedError, match=r"was killed \(SIGKILL\) before this call"):
        run(process, abs, -1)
    process.end()


def test_busy(shared: ChildProcess) -> None:
    """A second call during a call is refused."""
    errors: list[BaseException] = []

    def call_again(*_shown: Any) -> None:
        try:
            run(shared, lambda: 1)
        except IsolatedError as error:
            errors.append(error)

    run(shared, print, "hello", show=call_again)
    assert "is busy" in str(errors[0])


def test_in_a_thread(shared: ChildProcess) -> None:
    """Calls work on any thread."""
    values: list[int] = []
    thread = threading.Thread(target=lambda: values.append(run(shared, abs, -1)))
    thread.start()
    thread.join()
    assert values == [1]


def test_peak(shared: ChildProcess) -> None:
    """The peak is that of the call alone, not of earlier ones."""
    high = Call(shared).run(lambda: len(b"x" * (300 * MIB)))
    low = Call(shared).run(lambda: 1)
    assert high.peak_bytes > 300 * MIB
    assert low.peak_bytes < 200 * MIB


def test_close_runs_exit_handlers(process: ChildProcess, tmp_path: Path) -> None:
    """Closing a child lets Python exit normally, so that open files are flushed."""
    path = tmp_path / "written"

    def work() -> None:
        # It stays open in the child.
        vars(sys)["kept_open"] = file = path.open("w")
        file.write("all")

    run(process, work)
    with Interrupts() as interrupts:
        process.close(interrupts)
    assert path.read_text() == "all"


PARENT = """
import os, signal
from jupyter_memkit.techniques.processes.calling import Call
from jupyter_memkit.techniques.processes.listening import Listener
from jupyter_memkit.techniques.processes.output import _MOST_CHARACTERS
from jupyter_memkit.techniques.processes.process import ChildProcess
process = ChildProcess()
Call(process).run(abs, (1,))
print(process.pid, flush=True)
{end}
"""


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_end_with_the_parent(end: str) -> None:
    """A child ends with the process that started it, even if that is killed."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", PARENT.format(end=end)]
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=root, check=False
    )
    assert ended.stderr == ""
    pid = int(ended.stdout)
    # It is not a child of this process, so there is nothing to join.
    wait_until(lambda: has_ended(pid))
