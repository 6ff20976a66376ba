"""The Python API: functions whose calls run in a separate process."""

from __future__ import annotations

import functools
import inspect
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar, cast, final, overload

from jupyter_memkit.errors import IsolatedError, MemkitError
from jupyter_memkit.interrupts import Interrupts
from jupyter_memkit.techniques.isolated.hooks import HOOKS
from jupyter_memkit.techniques.isolated.inspecting import (
    find_functions,
    find_inspection,
)
from jupyter_memkit.techniques.isolated.records import IsolatedResult, Traces
from jupyter_memkit.techniques.isolated.state.absent import find_absent
from jupyter_memkit.techniques.isolated.state.rows import ROWS
from jupyter_memkit.techniques.isolated.state.state import SentState
from jupyter_memkit.techniques.processes.calling import Call
from jupyter_memkit.techniques.processes.pickling import find_hindrance
from jupyter_memkit.techniques.processes.process import ChildProcess, open_process
from jupyter_memkit.units import read_bytes

_Function = TypeVar("_Function", bound=Callable[..., Any])

# A function that is called all day must not fill the memory with its results.
_KEPT_RESULTS = 1000


@final
class Isolated:
    """Runs functions in separate processes; created by `isolated`."""

    def __init__(self, memory_bytes: int | None = None) -> None:
        self._memory_bytes = memory_bytes
        self._process: ChildProcess | None = None
        self._state = SentState(ROWS)
        self._results: deque[IsolatedResult] = deque(maxlen=_KEPT_RESULTS)

    @property
    def results(self) -> list[IsolatedResult]:
        """The results of the last 1,000 successful calls, in order."""
        return list(self._results)

    @property
    def result(self) -> IsolatedResult:
        """The result of the latest call."""
        if not self._results:
            message = "nothing has run yet; read the result after a call"
            raise MemkitError(message)
        return self._results[-1]

    def __enter__(self) -> Isolated:
        """Start a process that all calls in the block share."""
        if self._process is not None:
            message = "this process is for one block; create another with isolated()"
            raise MemkitError(message)
        with Interrupts() as interrupts:
            self._process = ChildProcess(HOOKS)
            if interrupts.is_waiting:
                # The block will not begin, so it will not end the process.
                self.__exit__()
        return self

    def __exit__(self, *_error: object) -> None:
        """End the process."""
        with Interrupts() as interrupts:
            process, self._process = self._process, None
            if process is not None:
                process.close(interrupts)

    def __call__(self, function: _Function) -> _Function:
        """Decorate a function, whose calls then run in a separate process."""
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(
            function
        ):
            message = "a coroutine cannot leave its process; decorate a plain function"
            raise MemkitError(message)
        if inspect.isgeneratorfunction(function):
            message = "a generator cannot leave its process; return a list instead"
            raise MemkitError(message)

        @functools.wraps(function)
        def run(*args: Any, **options: Any) -> Any:
            __tracebackhide__ = True
            return self._run(function, args, options)

        return cast("_Function", run)

    def __reduce__(self) -> tuple[Any, ...]:
        """Become, in another process, an object that runs functions there."""
        return _Here, ()

    def _open_process(self) -> AbstractContextManager[ChildProcess]:
        """Return the process of the block, or a new one for a single call."""
        return (
            open_process(HOOKS) if self._process is None else nullcontext(self._process)
        )

    def _run(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        options: Mapping[str, Any],
    ) -> Any:
        __tracebackhide__ = True
        started_s = time.perf_counter()
        main = vars(sys.modules["__main__"])
        is_of_main = getattr(function, "__globals__", None) is main
        functions = find_functions((function, args, options))
        found = find_inspection(functions, main)
        if found is not None:
            message = (
                f"{found[0]} inspects the whole session ({found[1]}), but the process "
                "has only what the function reads by name; pass it as an argument"
            )
            raise IsolatedError(message)
        state = self._state if self._process else SentState(ROWS)
        try:
            with self._open_process() as process:
                call = Call(
                    process,
                    memory_bytes=self._memory_bytes,
                    namespace=main if is_of_main else None,
                    for_hooks=state.take_changes(),
                )
                outcome = call.run(function, args, options)
        except MemkitError:
            raise
        except Exception as error:
            problem = find_hindrance((function, args, options))
            if problem is None:
                raise
            message = (
                f"the call cannot be sent to another process ({problem}); create what "
                "it needs in the function"
            )
            raise IsolatedError(message) from error
        traces: Traces = outcome.from_hooks
        self._state.leave(traces.state)
        if outcome.error is not None:
            raise outcome.error
        self._results.append(
            IsolatedResult(
                duration_s=time.perf_counter() - started_s,
                work_s=outcome.work_s,
                peak_bytes=outcome.peak_bytes,
                exact=outcome.exact,
                sent_bytes=outcome.sent_bytes,
                received_bytes=outcome.received_bytes,
                state=traces.state,
                absent=(*find_absent(), *traces.untaken),
                running=traces.running,
                unlogged=traces.unlogged,
            )
        )
        return outcome.value


class _Here:
    """Replaces `Isolated` in a process that is already isolated."""

    def _run(
        self, function: Callable[..., Any], args: Any, options: Mapping[str, Any]
    ) -> Any:
        return function(*args, **options)


@overload
def isolated(function: _Function, /) -> _Function: ...
@overload
def isolated(*, memory: int | str | None = None) -> Isolated: ...
def isolated(
    function: _Function | None = None, /, *, memory: int | str | None = None
) -> _Function | Isolated:
    """Run a function's calls in a separate process, whose memory is all freed.

    The arguments and the notebook variables that the function reads are sent, and its
    value is returned. Everything else ends with the process: data, libraries, memory
    that allocators keep. Its output is shown here, its exceptions are raised here, and
    Ctrl-C interrupts it. Each call starts a new process; inside
    ``with isolated() as process:`` all calls of ``process(function)`` share one.

    Parameters
    ----------
    function : callable
        The function, as a decorator or as ``isolated(function)(argument)``.
    memory : int or str, optional
        The most memory that the process may use, in bytes or as ``"2GB"``. An
        allocation beyond it raises ``MemoryError`` in the function; a process that
        still exceeds it is ended.

    Returns
    -------
    callable or Isolated
        The decorated function; or, without a function, the decorator, with the result
        of each call in ``results``.

    Raises
    ------
    IsolatedError
        From a call: if its process ends early, or if the arguments or the value cannot
        be pickled.
    MemkitError
        For a generator or coroutine function, or an invalid `memory`.

    Examples
    --------
    >>> import math
    >>> isolated(math.factorial)(5)
    120
    >>> with isolated(memory="2GB") as process:
    ...     process(math.sqrt)(16)
    4.0
    >>> process.result.peak_bytes < 2 * 10**9
    True
    """
    made = Isolated(None if memory is None else read_bytes("memory", memory))
    return made if function is None else made(function)
