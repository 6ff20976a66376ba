"""The process that runs what is isolated, from its start to its end.

Started by `process`. It ends when its input does: also when the kernel was killed.
"""

from __future__ import annotations

import _thread
import builtins
import gc
import getpass
import importlib
import os
import pickle
import queue
import signal
import sys
import threading
import time
import types
from dataclasses import dataclass

from jupyter_memkit.measure.peak import Peak, peak_meter
from jupyter_memkit.techniques.isolated.channel import (
    CALL,
    IDLE,
    INTERRUPT,
    MESSAGE,
    Channel,
    Record,
    open_memory,
)
from jupyter_memkit.techniques.isolated.failures import Failure, dump_failure
from jupyter_memkit.techniques.isolated.limit import limited
from jupyter_memkit.techniques.isolated.output import (
    Interrupts,
    Output,
    refuse_input,
)
from jupyter_memkit.techniques.isolated.pickling import find_ids, list_classes
from jupyter_memkit.techniques.isolated.records import NO_TRACES, Traces
from jupyter_memkit.techniques.isolated.state.left import Running
from jupyter_memkit.techniques.isolated.state.loggers import take_lost
from jupyter_memkit.techniques.isolated.state.modules import take_changed_files
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import HereState
from jupyter_memkit.techniques.isolated.transfer import (
    Aborted,
    receive_object,
    send_object,
)

# How long a child that nobody needs may take to end by itself.
_GRACE_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What goes before a call.

    Attributes
    ----------
    memory_bytes : int or None
        What the process may have.
    fence : bytes
        What it writes to its standard error at the end of the call.
    state : dict of str to bytes
        The state that it is to take, pickled.
    """

    memory_bytes: int | None
    fence: bytes
    state: dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of a call; where nothing failed, its value follows.

    Attributes
    ----------
    peak : Peak
        The memory of the process.
    work_s : float
        How long the function took, in seconds.
    failure : Failure or None
        What the function raised.
    unloaded : str
        Why the call could not be loaded, if so.
    traces : Traces
        What the function has left.
    """

    peak: Peak
    work_s: float = 0.0
    failure: Failure | None = None
    unloaded: str = ""
    traces: Traces = NO_TRACES


class _Child:
    """What answers the kernel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.interrupts = Interrupts()
        self.output = Output(channel, self.interrupts)
        self._errors = os.dup(2)
        self._records: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self._is_fork = False
        # The classes that came from the kernel, or went there.
        self._known: frozenset[str] = frozenset()
        self.state = HereState(ROWS)

    def start(self) -> None:
        """Take the place of what a process has of itself."""
        signal.signal(signal.SIGINT, self.interrupts.take)
        sys.stdout, sys.stderr = self.output.stdout, self.output.stderr
        builtins.input = refuse_input
        getpass.getpass = refuse_input
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._be_fork)
        threading.Thread(target=self._read, daemon=True).start()

    def take(self) -> Record:
        """Wait for the next record; at the end of all, end."""
        record = self._records.get()
        if record is None:
            raise SystemExit
        return record

    def answer(self) -> None:
        """Run a call and send what came of it."""
        record = self.take()
        assert record.kind == CALL, "a call is what begins"
        order: Order = pickle.loads(record.payload)  # noqa: S301 - our own parent
        try:
            self._run(order)
        except Aborted:
            # It could not be sent, and the kernel knows why.
            pass
        finally:
            if self._is_fork:
                # It has come to the end of the user's code.
                os._exit(0)
            self.output.flush()
            os.write(self._errors, order.fence)
            self.interrupts.forget()
            self.channel.tell(IDLE, 0)

    def _run(self, order: Order) -> None:
        watch = peak_meter().open()
        failure = None
        value = None
        before = list_classes()
        self.state.take(order.state)
        try:
            call, _ = receive_object(self.channel, self.take, checks_room=False)
        except (Aborted, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - it is told
            self._tell(
                Ended(peak=watch.close(), unloaded=f"{type(error).__name__}: {error}")
            )
            return
        self._known |= list_classes() - before
        function, args, options = call
        del call
        self.state.begin()
        running = Running()
        started_s = time.perf_counter()
        try:
            with limited(order.memory_bytes), self.interrupts.allowed():
                value = function(*args, **options)
        except BaseException as error:  # noqa: BLE001 - it is the user's
            failure = dump_failure(error)
        work_s = time.perf_counter() - started_s
        del function, args, options
        if self._is_fork:
            return
        self.output.flush()
        traces = Traces(
            state=self.state.find_changed(),
            untaken=(*self.state.describe_problems(), *take_changed_files()),
            running=running.find_new(),
            unlogged=take_lost(),
        )
        self._tell(
            Ended(peak=watch.close(), work_s=work_s, failure=failure, traces=traces)
        )
        if failure is None:
            try:
                # Functions read the variables that the kernel has.
                send_object(
                    self.channel,
                    self.take,
                    value,
                    namespace=vars(sys.modules["__main__"]),
                    left_out=None,
                    # A class that is asked for is brought back as it is now.
                    known=self._known - find_ids(getattr(value, "classes", ())),
                )
            except SystemExit:
                raise
            except Exception as error:  # noqa: BLE001 - a value may be anything
                # A value of several parts knows which of them it is.
                describe = getattr(value, "describe_hindrance", str)
                text = describe() or f"{type(value).__name__}: {error}"
                self.channel.send(MESSAGE, pickle.dumps(text))

    def _tell(self, ended: Ended) -> None:
        self.channel.send(MESSAGE, pickle.dumps(ended, protocol=5))

    def _read(self) -> None:
        while (record := self.channel.receive()) is not None:
            if record.kind == INTERRUPT:
                _interrupt()
            else:
                self._records.put(record)
        self._records.put(None)
        # What is at work is of no use to anybody, nor is what it has started.
        time.sleep(_GRACE_S)
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    def _be_fork(self) -> None:
        """Keep a process that the user's code has forked from talking for this one."""
        self._is_fork = True
        self.output.be_plain()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill"):
        # It also ends what the main thread waits for.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def main(memory: str, prepare: str) -> None:
    """Answer calls until there are no more.

    Parameters
    ----------
    memory : str
        The memory to share.
    prepare : str
        A function to be called first, such as ``package.module:function``; it gets the
        process's output and returns the rows of state that it adds. Empty for none.
    """
    channel = Channel(
        os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"), open_memory(memory)
    )
    # What the user's code reads or writes must not end up among the records.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    child = _Child(channel)
    child.start()
    sys.modules["__main__"] = types.ModuleType("__main__")
    if prepare:
        module, _, function = prepare.partition(":")
        rows = getattr(importlib.import_module(module), function)(child.output)
        child.state.add_rows(rows)
    gc.enable()
    while True:
        child.answer()
