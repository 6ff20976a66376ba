"""The loop of a child: it answers calls until its input ends.

It is started by `process`. Its input also ends when the parent is killed.
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
from typing import Any

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.measure.peak import Peak, peak_meter
from jupyter_memkit.techniques.processes.channel import (
    CALL,
    IDLE,
    INTERRUPT,
    MESSAGE,
    Channel,
    Record,
    open_memory,
)
from jupyter_memkit.techniques.processes.failures import Failure, dump_failure
from jupyter_memkit.techniques.processes.hooks import Hooks
from jupyter_memkit.techniques.processes.limit import limited
from jupyter_memkit.techniques.processes.output import Output, refuse_input
from jupyter_memkit.techniques.processes.pickling import find_ids, list_classes
from jupyter_memkit.techniques.processes.transfer import (
    Aborted,
    receive_object,
    send_object,
)

# How long a child without a parent may take to exit, in seconds.
_GRACE_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Sent before a call.

    Attributes
    ----------
    memory_bytes : int or None
        The memory limit of the process during the call.
    fence : bytes
        Written to standard error at the end of the call.
    for_hooks : object
        Passed to `Hooks.before_load`.
    """

    memory_bytes: int | None
    fence: bytes
    for_hooks: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Sent after a call; unless it failed, the value follows.

    Attributes
    ----------
    peak : Peak
        The memory of the process during the call.
    work_s : float
        How long the function took, in seconds.
    failure : Failure or None
        The exception of the function.
    unloaded : str
        Why the call could not be loaded; empty if it was.
    from_hooks : object
        Returned by `Hooks.after_call`.
    is_interrupted : bool
        Whether Ctrl-C reached the function.
    """

    peak: Peak
    work_s: float = 0.0
    failure: Failure | None = None
    unloaded: str = ""
    from_hooks: Any = None
    is_interrupted: bool = False


class _Child:
    """Answers the calls of the parent."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.interrupts = Interrupts([signal.SIGINT])
        self.output = Output(channel, self.interrupts)
        self._errors = os.dup(2)
        self._records: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self._is_fork = False
        # How many calls have ended, and whether the running one was interrupted; with a
        # lock, so that no interrupt of one call reaches the next.
        self._n_ended = 0
        self._has_interrupt = False
        self._interrupting = threading.Lock()
        # The classes that the parent has too.
        self._known: frozenset[str] = frozenset()
        self.hooks = Hooks()

    def start(self) -> None:
        """Replace the standard streams, input and Ctrl-C of this process."""
        # Python leaves Ctrl-C ignored where the parent of its parent did.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.interrupts.__enter__()
        sys.stdout, sys.stderr = self.output.stdout, self.output.stderr
        builtins.input = refuse_input
        getpass.getpass = refuse_input
        sys.breakpointhook = _refuse_breakpoint
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._be_fork)
        threading.Thread(target=self._read, daemon=True).start()

    def take(self) -> Record:
        """Wait for the next record; exit when there are no more."""
        record = self._records.get()
        if record is None:
            raise SystemExit
        return record

    def answer(self) -> None:
        """Run a call and send its outcome."""
        record = self.take()
        assert record.kind == CALL, "a call comes first"
        order: Order = pickle.loads(record.payload)  # noqa: S301 - our own parent
        try:
            self._run(order)
        except Aborted:
            # The call could not be sent, and the parent knows why.
            pass
        finally:
            if self._is_fork:
                # The function returned in a process that it forked.
                os._exit(0)
            self.output.flush()
            os.write(self._errors, order.fence)
            with self._interrupting:
                self._n_ended += 1
                self._has_interrupt = False
            self.interrupts.forget()
            self.channel.notify(IDLE, 0)

    def _run(self, order: Order) -> None:
        watch = peak_meter().open()
        failure = None
        value = None
        before = list_classes()
        self.hooks.before_load(order.for_hooks)
        try:
            call, _ = receive_object(self.channel, self.take, checks_room=False)
        except (Aborted, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            unloaded = f"{type(error).__name__}: {error}"
            self._send(Ended(peak=watch.close(), unloaded=unloaded))
            return
        self._known |= list_classes() - before
        function, args, options = call
        del call
        self.hooks.before_call()
        started_s = time.perf_counter()
        try:
            with limited(order.memory_bytes), self.interrupts.allowed(repeatedly=True):
                value = function(*args, **options)
        except BaseException as error:  # noqa: BLE001 - raised in the parent
            failure = dump_failure(error)
        work_s = time.perf_counter() - started_s
        del function, args, options
        if self._is_fork:
            return
        self.output.flush()
        from_hooks = self.hooks.after_call()
        self._send(
            Ended(
                peak=watch.close(),
                work_s=work_s,
                failure=failure,
                from_hooks=from_hooks,
                # Asked in this order, because a signal is first sent, then waits.
                is_interrupted=self._has_interrupt and not self.interrupts.is_waiting,
            )
        )
        if failure is None:
            try:
                # In the parent, functions read the variables there.
                send_object(
                    self.channel,
                    self.take,
                    value,
                    namespace=vars(sys.modules["__main__"]),
                    left_out=None,
                    # A class that is part of the value is sent as it is now.
                    known=self._known - find_ids(getattr(value, "classes", ())),
                )
            except SystemExit:
                raise
            except Exception as error:  # noqa: BLE001 - a value may be anything
                # A value with several parts can name the part that cannot be sent.
                describe = getattr(value, "describe_hindrance", str)
                text = describe() or f"{type(value).__name__}: {error}"
                self.channel.send(MESSAGE, pickle.dumps(text))

    def _send(self, ended: Ended) -> None:
        self.channel.send(MESSAGE, pickle.dumps(ended, protocol=5))

    def _read(self) -> None:
        while (record := self.channel.receive()) is not None:
            if record.kind == INTERRUPT:
                with self._interrupting:
                    if record.length > self._n_ended:
                        _interrupt()
                        self._has_interrupt = True
            else:
                self._records.put(record)
        self._records.put(None)
        # Nobody waits for the running call or for the processes that it started.
        time.sleep(_GRACE_S)
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    def _be_fork(self) -> None:
        """Stop using the channel: this process was forked from the child."""
        self._is_fork = True
        self.output.be_plain()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _refuse_breakpoint(*args: Any, **options: Any) -> Any:
    """Replace the hook of ``breakpoint``, because a debugger could not get input."""
    if os.environ.get("PYTHONBREAKPOINT"):
        # It is switched off, or calls something else.
        return sys.__breakpointhook__(*args, **options)  # noqa: T100 - as is usual
    message = (
        "breakpoint() cannot be answered in another process; debug without a separate "
        "process"
    )
    raise IsolatedError(message)


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill"):
        # This also interrupts a system call that blocks the main thread.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def main(memory: str, hooks: str) -> None:
    """Answer calls until there are no more.

    Parameters
    ----------
    memory : str
        The name of the shared memory, as `channel.open_memory` takes it.
    hooks : str
        As in `ChildProcess`.
    """
    channel = Channel(
        os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"), open_memory(memory)
    )
    # Code that reads or writes these files must not reach the records.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    child = _Child(channel)
    child.start()
    sys.modules["__main__"] = types.ModuleType("__main__")
    if hooks:
        module, _, function = hooks.partition(":")
        child.hooks = getattr(importlib.import_module(module), function)(child.output)
    gc.enable()
    while True:
        child.answer()
