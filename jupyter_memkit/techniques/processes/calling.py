"""Calls a function in a child, and returns its value and peak memory."""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import IsolatedError, add_note
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.processes.channel import CALL, Record
from jupyter_memkit.techniques.processes.child import Ended, Order
from jupyter_memkit.techniques.processes.failures import load_failure
from jupyter_memkit.techniques.processes.listening import Gone, Listener
from jupyter_memkit.techniques.processes.process import ChildProcess, ProcessEndedError
from jupyter_memkit.techniques.processes.transfer import (
    Aborted,
    receive_object,
    send_object,
)
from jupyter_memkit.techniques.processes.watching import Watch
from jupyter_memkit.units import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a call.

    Attributes
    ----------
    value : object
        Returned by the function.
    error : BaseException or None
        Raised by the function.
    work_s : float
        How long the function took, in seconds.
    peak_bytes : int
        The highest resident memory of the process during the call.
    exact : bool
        Whether that is the system's high-water mark.
    sent_bytes, received_bytes : int
        The size of the data that were sent and returned.
    from_hooks : object
        Returned by `Hooks.after_call`.
    """

    value: Any
    error: BaseException | None
    work_s: float
    peak_bytes: int
    exact: bool
    sent_bytes: int
    received_bytes: int
    from_hooks: Any


class Call:
    """A call of a function in a child.

    Parameters
    ----------
    process : ChildProcess
        The child. If the call is not completed, the child is ended.
    memory_bytes : int, optional
        The most memory that the child may use during the call.
    namespace : mapping, optional
        The global variables of this process; functions that use them use the child's
        global variables there.
    left_out : set of str
        The names in `namespace` that are not sent with functions that read them.
    for_hooks : object, optional
        Passed to `Hooks.before_load` in the child.
    show : callable, optional
        Called with output: ``("stdout", text)``, ``("stderr", text)``, and whatever
        else the child shows through its `Output`. By default text is printed.
    listener : Listener, optional
        A lasting listener, for a child with many short calls. Its creator stops it.

    Examples
    --------
    >>> import math
    >>> from jupyter_memkit.techniques.processes.process import open_process
    >>> with open_process() as process:
    ...     [Call(process).run(math.sqrt, (number,)).value for number in (4, 9)]
    [2.0, 3.0]
    """

    def __init__(
        self,
        process: ChildProcess,
        *,
        memory_bytes: int | None = None,
        namespace: Mapping[str, Any] | None = None,
        left_out: AbstractSet[str] = frozenset(),
        for_hooks: Any = None,
        show: Callable[[str, Any], None] | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._process = process
        self._memory_bytes = memory_bytes
        self._namespace = namespace
        self._left_out = left_out
        self._for_hooks = for_hooks
        self._watch = Watch(process, memory_bytes)
        self._show = show
        self._listener = listener or Listener(process)
        self._may_stop_sending = False

    def run(
        self, function: Callable[..., Any], args: Any = (), options: Any = None
    ) -> Outcome:
        """Call the function, and return the outcome.

        Raises
        ------
        IsolatedError
            If the process ended, or the value cannot be returned.
        KeyboardInterrupt
            If Ctrl-C arrived before the function began or after it ended, or the child
            did not obey it.
        Exception
            Raised by the pickler, if the call cannot be sent.
        """
        if not self._process.is_alive:
            how = self._process.describe_end()
            message = f"the process {how} before this call; start another one"
            raise ProcessEndedError(message, how)
        if not self._process.busy.acquire(blocking=False):
            message = "this process is busy; wait for it, or start another one"
            raise IsolatedError(message)
        try:
            with Interrupts([signal.SIGINT], divert=self._watch.interrupt):
                return self._run((function, args, options or {}))
        finally:
            self._process.busy.release()

    def _run(self, call: Any) -> Outcome:
        self._listener.begin(self._show)
        try:
            return self._receive(self._send(call))
        except (Gone, OSError) as error:
            self._process.kill()
            if self._watch.n_interrupts:
                raise KeyboardInterrupt from None
            raise self._watch.describe_end() from error
        finally:
            has_ended = self._listener.has_ended
            if not has_ended:
                self._process.kill()
            if not (has_ended and self._listener.lasts):
                self._listener.stop()
            if not has_ended:
                self._process.end()

    def _send(self, call: Any) -> int:
        order = Order(
            memory_bytes=self._memory_bytes,
            fence=self._listener.fence,
            for_hooks=self._for_hooks,
        )
        channel = self._process.channel
        self._process.n_calls += 1
        channel.send(CALL, pickle.dumps(order, protocol=5))
        self._may_stop_sending = True
        try:
            return send_object(
                channel, self._take, call, self._namespace, self._left_out
            )
        except (Gone, OSError):
            raise
        except BaseException:
            # The child is then ready for another call.
            self._settle()
            raise
        finally:
            self._may_stop_sending = False

    def _receive(self, sent_bytes: int) -> Outcome:
        ended: Ended = pickle.loads(self._take().payload)  # noqa: S301 - our child
        value, received_bytes, problem = None, 0, None
        if ended.unloaded:
            problem = (
                f"the process cannot load what it was sent ({ended.unloaded}); define "
                "it in the notebook, or in a module that a new Python can import"
            )
        elif ended.failure is None:
            try:
                value, received_bytes = receive_object(
                    self._process.channel, self._take, checks_room=True
                )
            except Aborted:
                what = pickle.loads(self._take().payload)  # noqa: S301 - as above
                problem = f"the value cannot be returned ({what}); return plain data"
            except IsolatedError as error:
                problem = str(error)
            except (Gone, OSError):
                raise
            except Exception as error:  # noqa: BLE001 - a value's own code
                what = f"{type(error).__name__}: {error}"
                problem = f"the value cannot be loaded here ({what}); return plain data"
        self._settle()
        self._watch.is_over = True
        if problem is not None:
            raise IsolatedError(problem)
        is_late = self._watch.n_interrupts and not ended.is_interrupted
        if is_late and ended.failure is None:
            # It came after the function, as while the value was returned.
            raise KeyboardInterrupt
        raised = None if ended.failure is None else load_failure(ended.failure)
        if isinstance(raised, MemoryError) and self._memory_bytes is not None:
            limit = format_bytes(self._memory_bytes)
            add_note(raised, f"The memory limit of the process is {limit}; raise it.")
        return Outcome(
            value=value,
            error=raised,
            work_s=ended.work_s,
            peak_bytes=ended.peak.peak_bytes,
            exact=ended.peak.exact,
            sent_bytes=sent_bytes,
            received_bytes=received_bytes,
            from_hooks=ended.from_hooks,
        )

    def _settle(self) -> None:
        """Wait until all records of the call have arrived."""
        while not self._listener.has_ended:
            self._check()
            self._listener.take()

    def _take(self) -> Record:
        """Wait for the next record of the call."""
        while True:
            self._check()
            record = self._listener.take()
            if record is not None:
                return record

    def _check(self) -> None:
        if self._watch.n_interrupts and self._may_stop_sending:
            self._may_stop_sending = False
            raise KeyboardInterrupt
        if self._watch.check() and self._listener.is_still:
            raise Gone
