"""The guard of a process: what it refuses to interrupt, and what it puts back."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from jupyter_memkit import MemkitError, MemoryLimitExceeded, guard
from jupyter_memkit.techniques.guard import watch
from jupyter_memkit.techniques.guard.armed import Guard, process_guard
from jupyter_memkit.techniques.guard.belts import Belts
from jupyter_memkit.techniques.guard.failures import is_failed_allocation
from jupyter_memkit.techniques.guard.frames import is_interruptible as may_interrupt
from jupyter_memkit.techniques.guard.mark import read_mark
from jupyter_memkit.techniques.guard.regions import Region, Regions

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="has both belts there")
# They leave their process as it was.
guarded = pytest.mark.own_process(scope="module")


def frame_in(module: str) -> FrameType:
    """Return a frame of a function of a module, called from here."""
    namespace: dict[str, Any] = {"__name__": module, "sys": sys}
    exec("def get(): return sys._getframe()", namespace)
    frame: FrameType = namespace["get"]()
    return frame


@pytest.mark.parametrize(
    ("module", "is_interruptible"),
    [
        ("pandas.core", True),
        ("bdb", False),
        ("_pydevd_bundle.pydevd", False),
        ("jupyter_memkit.techniques.chunked.engine", True),
        ("jupyter_memkit.techniques.guard.armed", False),
        ("jupyter_memkit.magics.memguard.guarded_cells", False),
    ],
)
def test_what_is_not_interrupted(module: str, *, is_interruptible: bool) -> None:
    """A debugger that waits inside guarded code, and our own code, keep running."""
    here = sys._getframe()
    frame = frame_in(module)
    assert may_interrupt(frame, lambda each: each is here) == is_interruptible


def test_frame_outside() -> None:
    """Code that is not called from the guarded code is not interrupted."""
    assert not may_interrupt(frame_in("IPython"), lambda _: False)


def fill() -> None:
    """Ask for more memory than any machine has."""
    bytearray(10**15)


def fill_and_yield() -> Iterator[int]:
    """Ask for it in a generator, after the first value."""
    yield 1
    bytearray(10**15)


async def fill_and_await() -> None:
    """Ask for it in a coroutine."""
    await asyncio.sleep(0)
    bytearray(10**15)


def fill_again(times: int) -> None:
    """Ask for it in a call of itself."""
    if not times:
        bytearray(10**15)
    guard("2GB")(fill_again)(times - 1)


@guarded
@linux_only
@pytest.mark.parametrize(
    ("call", "line"),
    [
        (guard("2GB")(fill), "bytearray(10**15)"),
        (lambda: list(guard("2GB")(fill_and_yield)()), "bytearray(10**15)"),
        (lambda: asyncio.run(guard("2GB")(fill_and_await)()), "bytearray(10**15)"),
        (lambda: guard("2GB")(fill_again)(2), "bytearray(10**15)"),
        (lambda: guard("2GB")(bytearray)(10**15), None),
    ],
    ids=["function", "generator", "coroutine", "recursion", "type"],
)
def test_decorator(call: Callable[[], object], line: str | None) -> None:
    """Each call of a function of any kind is guarded, and a stop names its line."""
    armed = process_guard()
    for _ in range(2):
        with pytest.raises(MemoryLimitExceeded) as caught:
            call()
        assert caught.value.to_dict()["line"] == line
        assert (armed.is_armed, armed.is_guarding) == (False, False)
    armed.close()


def test_decorated_asynchronous_generator() -> None:
    """It is refused, because its end cannot be observed."""

    async def produce() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(MemkitError, match=r"write `with guard\(\):` inside it"):
        guard("2GB")(produce)


@guarded
@linux_only
def test_block_inside_itself() -> None:
    """A guard can be used again, also in a block of its own."""
    armed = process_guard()
    again = guard("2GB")
    with again:
        with again:
            pass
        assert armed.is_guarding
        with pytest.raises(MemoryLimitExceeded), again:
            fill()
    assert (armed.is_armed, armed.is_guarding) == (False, False)
    armed.close()


@guarded
@linux_only
@pytest.mark.parametrize("name", ["begin", "convert", "end"])
def test_failure_of_a_guard(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A block whose guard fails at any step leaves no mark behind."""

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    armed = process_guard()
    with monkeypatch.context() as patches:
        patches.setattr(armed, name, fail)
        with pytest.raises(KeyboardInterrupt), guard("2GB"):
            raise ValueError
    assert not armed.is_armed
    armed.close()


def test_other_thread() -> None:
    """A guard in another thread is refused, because it would not get the signal."""
    messages: list[str] = []

    def enter() -> None:
        try:
            with guard("2GB"):
                pass
        except MemkitError as error:
            messages.append(str(error))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    (message,) = messages
    assert message.startswith("a mark can only be set or removed in the main thread")


def test_failure_of_the_user_is_not_a_stop() -> None:
    """Without guarded code, nothing is turned into a stop."""
    assert Guard().convert(MemoryError()) is None
    assert process_guard().convert(ValueError()) is None


@pytest.mark.parametrize(
    ("error", "is_failure"),
    [
        (MemoryError(), True),
        (OSError(12, "Cannot allocate memory"), True),
        (OSError(2, "No such file"), False),
        (OSError(), False),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            True,
        ),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("can't start new thread"), True),
        (RuntimeError(12), False),
        (KeyError("allocate memory"), False),
        (type("OutOfMemoryException", (Exception,), {})(), True),
    ],
)
def test_failed_allocations(error: BaseException, *, is_failure: bool) -> None:
    """Errors of the libraries that report a failed allocation are recognized."""
    assert is_failed_allocation(error) == is_failure


@pytest.mark.parametrize("has_ended", [False, True])
def test_error_that_arrives_late(
    monkeypatch: pytest.MonkeyPatch, *, has_ended: bool
) -> None:
    """An error that reaches the main thread as other code ends changes nothing."""
    late = [MemoryLimitExceeded()]

    def end(regions: Regions, region: Region) -> None:
        if late and not has_ended:
            raise late.pop()
        end_region(regions, region)
        if late:
            raise late.pop()

    end_region = Regions.end
    monkeypatch.setattr(Regions, "end", end)
    armed = Guard()
    outer = armed._regions.begin(lambda _: True, 0)
    inner = armed._regions.begin(lambda _: True, 0)
    armed.end(inner)
    assert armed._regions.latest is outer


@guarded
@linux_only
def test_error_that_arrives_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that arrives once the code has ended leaves the marks as they are."""
    late = [MemoryLimitExceeded()]

    def renew(belts: Belts) -> None:
        if late:
            raise late.pop()
        renew_marks(belts)

    renew_marks = Belts.renew
    armed = process_guard()
    with guard("2GB"):
        outer = armed._regions.latest
        inner = armed.begin(lambda _: True)
        assert inner is not None
        monkeypatch.setattr(Belts, "renew", renew)
        armed.end(inner)
        assert outer is not None
        assert armed._belts.page["cell"] == outer.number
    armed.close()


@guarded
@linux_only
def test_everything_is_put_back() -> None:
    """A guard leaves limits, handlers and the score as they were, also after a stop."""
    import resource  # noqa: PLC0415 - Windows has no such module

    def read() -> tuple[object, ...]:
        with open("/proc/self/oom_score_adj") as score:  # noqa: PTH123
            return (
                resource.getrlimit(resource.RLIMIT_DATA),
                [signal.getsignal(n) for n in sorted(signal.valid_signals())],
                score.read(),
            )

    before = read()
    with guard("2GB"):
        assert read() != before
    assert read() == before
    with pytest.raises(MemoryLimitExceeded) as caught, guard("2GB"):
        bytearray(10**10)
    assert read() == before
    assert caught.value.to_dict()["line"] == "bytearray(10**10)"
    process_guard().close()


@guarded
@linux_only
def test_close_inside_a_block() -> None:
    """A block that ends after the guard was closed changes no mark set since then."""
    armed = process_guard()
    with guard("2GB"):
        armed.close()
        later = read_mark("2GB")
        armed.add(later)
    assert armed.lowest_mark is later
    armed.remove(later)
    armed.remove(later)
    assert not armed.is_armed
    armed.close()


@guarded
@linux_only
def test_watcher_that_cannot_be_restarted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the watcher does not start, the other belt guards, and a warning is shown."""

    def fail(*_: object) -> None:
        message = "no other process can be started"
        raise MemkitError(message)

    armed = process_guard()
    with guard("2GB"):
        armed._belts.watch.stop()
        monkeypatch.setattr(watch, "start_detached", fail)
        region = armed.begin(lambda _: False)
        assert region is not None
        armed.end(region)
    assert capsys.readouterr().out == (
        "the watcher has ended: no other process can be started\n"
    )
    armed.close()


@guarded
@linux_only
def test_no_ctrl_c_while_a_debugger_waits() -> None:
    """A signal that reaches a debugger counts as handled, so Ctrl-C does not follow."""
    armed = process_guard()
    with guard("2GB"):
        page = armed._belts.page
        page["stopped_cell"] = page["cell"]
        armed._stopping.on_signal(0, frame_in("bdb"))
        assert page["handled_cell"] == page["cell"] > 0
    armed.close()


@guarded
@linux_only
@pytest.mark.parametrize(
    "own", ["Traceback: MemoryLimitExceeded: memory use", "Query interrupted"]
)
def test_library_that_replaces_the_error(own: str) -> None:
    """An error that a library raises in place of the signal's is a stop."""

    def query(*, is_signalled: bool) -> None:
        page = armed._belts.page
        page["stopped_cell"], page["start_bytes"] = page["cell"], -(10**12)
        page["mark_bytes"] = 1
        if is_signalled:
            with contextlib.suppress(MemoryLimitExceeded):
                armed._stopping.on_signal(0, sys._getframe(1))
        raise RuntimeError(own)

    armed = process_guard()
    with pytest.raises(RuntimeError, match=own), guard("2GB"):
        query(is_signalled=False)
    with pytest.raises(MemoryLimitExceeded, match="above the mark"), guard("2GB"):
        query(is_signalled=True)
    armed.close()


@guarded
@linux_only
def test_nested() -> None:
    """Of nested guards the lower mark counts, and the outer one holds again after."""
    with guard("3GB"):
        with pytest.raises(MemoryLimitExceeded, match="the mark of 1 GB"), guard("1GB"):
            bytearray(2 * 10**9)
        bytearray(2 * 10**9)
        with pytest.raises(MemoryLimitExceeded, match="3 GB"), guard("20GB"):
            bytearray(5 * 10**9)
    process_guard().close()


@guarded
@linux_only
@pytest.mark.parametrize(
    ("warns", "stops"), [("auto", "50%"), ("900MB", "1GB"), ("900MB", "50%")]
)
@pytest.mark.parametrize("is_warned_inside", [True, False])
def test_mark_that_warns_beside_one_that_stops(
    warns: str, stops: str, *, is_warned_inside: bool
) -> None:
    """A mark that warns, lower or higher, keeps no other from stopping."""
    marks = [guard(warns, action="warn"), guard(stops)]
    outer, inner = reversed(marks) if is_warned_inside else marks
    armed = process_guard()
    shown = read_mark(stops).text
    with outer, inner:
        assert (armed.status.mark, armed.status.action) == (shown, "stop")
    with pytest.raises(MemoryLimitExceeded) as caught, outer, inner:
        fill()
    assert caught.value.to_dict()["mark"] == shown
    armed.close()


@guarded
@linux_only
def test_limit_after_a_mark_that_stops() -> None:
    """Once the last mark that stops is removed, one that warns limits nothing."""
    armed = process_guard()
    with guard("900MB", action="warn"):
        assert "a limit" not in str(armed.status.belts)
        with guard("1GB"):
            assert "a limit" in str(armed.status.belts)
        bytearray(2 * 10**9)
    armed.close()


def test_watcher_is_alerted_where_guarded_code_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The watcher, which may rest between cells, reads when one begins."""
    alerts: list[int] = []
    monkeypatch.setattr(
        watch.Watch, "alert", lambda it: alerts.append(it._page["cell"])
    )
    with guard("95%"):
        assert alerts[-1:] == [process_guard()._belts.page["cell"]]
        assert alerts[-1] > 0
