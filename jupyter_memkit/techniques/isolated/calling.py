"""A call of a function in a child: what goes there, and what comes back."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from jupyter_memkit.errors import IsolatedError, add_note
from jupyter_memkit.techniques.isolated.channel import CALL, Record
from jupyter_memkit.techniques.isolated.child import Ended, Order
from jupyter_memkit.techniques.isolated.failures import load_failure
from jupyter_memkit.techniques.isolated.listening import Gone, Listener
from jupyter_memkit.techniques.isolated.process import ChildProcess
from jupyter_memkit.techniques.isolated.records import Outcome
from jupyter_memkit.techniques.isolated.signals import InterruptCount
from jupyter_memkit.techniques.isolated.state.state import SentState
from jupyter_memkit.techniques.isolated.transfer import (
    Aborted,
    receive_object,
    send_object,
)
from jupyter_memkit.techniques.isolated.watching import Watch
from jupyter_memkit.units import format_bytes


class Call:
    """A call of a function in a child.

    Parameters
    ----------
    process : ChildProcess
        The child. After a call that did not come to its end it is ended.
    memory_bytes : int, optional
        What it may have.
    namespace : mapping, optional
        The variables whose place those of the child take in functions.
    left_out : set of str
        What functions read of them and the child has already.
    state : SentState, optional
        What of this process's state has gone to the child; by default nothing does.
    show : callable, optional
        Takes what is printed and shown there: ``("stdout", text)``, ``("stderr",
        text)``, and what the child's `prepare` makes of displays. By default text is
        printed.
    """

    def __init__(
        self,
        process: ChildProcess,
        *,
        memory_bytes: int | None = None,
        namespace: Mapping[str, Any] | None = None,
        left_out: AbstractSet[str] = frozenset(),
        state: SentState | None = None,
        show: Callable[[str, Any], None] | None = None,
    ) -> None:
        self._process = process
        self._memory_bytes = memory_bytes
        self._namespace = namespace
        self._left_out = left_out
        # Before Ctrl-C is taken from whoever takes it here.
        self._state = {} if state is None else state.take_changes()
        self._interrupts = InterruptCount(process.kill)
        self._watch = Watch(process, memory_bytes, self._interrupts)
        self._listener = Listener(process, show)
        self._may_stop_sending = False

    def run(
        self, function: Callable[..., Any], args: Any = (), options: Any = None
    ) -> Outcome:
        """Call the function, and return what came of it.

        Raises
        ------
        IsolatedError
            When the process ended, or the value cannot come back.
        KeyboardInterrupt
            When Ctrl-C came before the function began, or was not obeyed.
        Exception
            What the pickler raised, when the call cannot be sent.
        """
        if not self._process.busy.acquire(blocking=False):
            message = "this process is at work already; wait for it, or take another"
            raise IsolatedError(message)
        try:
            with self._interrupts:
                return self._run((function, args, options or {}))
        finally:
            self._process.busy.release()

    def _run(self, call: Any) -> Outcome:
        self._listener.start()
        try:
            return self._receive(self._send(call))
        except (Gone, OSError) as error:
            self._process.kill()
            if self._interrupts.count:
                raise KeyboardInterrupt from None
            raise self._watch.describe_end() from error
        finally:
            has_ended = self._listener.has_ended
            if not has_ended:
                self._process.kill()
            self._listener.stop()
            if not has_ended:
                self._process.end()

    def _send(self, call: Any) -> int:
        order = Order(
            memory_bytes=self._memory_bytes,
            fence=self._listener.fence,
            state=self._state,
        )
        channel = self._process.channel
        channel.send(CALL, pickle.dumps(order, protocol=5))
        self._may_stop_sending = True
        try:
            return send_object(
                channel, self._take, call, self._namespace, self._left_out
            )
        except (Gone, OSError):
            raise
        except BaseException:
            # The child waits for the next call, if it is to have one.
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
                problem = f"the value cannot come back ({what}); return plain data"
            except IsolatedError as error:
                problem = str(error)
            except (Gone, OSError):
                raise
            except Exception as error:  # noqa: BLE001 - a value's own code
                what = f"{type(error).__name__}: {error}"
                problem = f"the value cannot be loaded here ({what}); return plain data"
        self._settle()
        if problem is not None:
            raise IsolatedError(problem)
        raised = None if ended.failure is None else load_failure(ended.failure)
        if isinstance(raised, MemoryError) and self._memory_bytes is not None:
            limit = format_bytes(self._memory_bytes)
            add_note(raised, f"The process may have {limit} of memory; give it more.")
        return Outcome(
            value=value,
            error=raised,
            work_s=ended.work_s,
            peak_bytes=ended.peak.peak_bytes,
            exact=ended.peak.exact,
            sent_bytes=sent_bytes,
            received_bytes=received_bytes,
            traces=ended.traces,
        )

    def _settle(self) -> None:
        """Wait until nothing more belongs to the call."""
        while not self._listener.has_ended:
            self._look()
            self._listener.take()

    def _take(self) -> Record:
        """Wait for what the child has to tell of the call."""
        while True:
            self._look()
            record = self._listener.take()
            if record is not None:
                return record

    def _look(self) -> None:
        if self._interrupts.count and self._may_stop_sending:
            self._may_stop_sending = False
            raise KeyboardInterrupt
        if self._watch.look() and self._listener.is_still:
            raise Gone
