"""Runs the cell of ``%%isolated``."""

from __future__ import annotations

import ast
import asyncio
import linecache
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.cells.inputs import add_function_inputs, find_inputs
from jupyter_memkit.errors import IsolatedError, add_note
from jupyter_memkit.magics.arguments import refusing
from jupyter_memkit.magics.isolated.refusals import refuse_functions, refuse_session
from jupyter_memkit.magics.isolated.returning import find_holders, take_outputs
from jupyter_memkit.magics.isolated.session import Session
from jupyter_memkit.magics.isolated.shell import OF_THE_SHELL, run_cell
from jupyter_memkit.magics.isolated.values import (
    CLEAR,
    DISPLAY,
    RESULT,
    CellCodes,
    CellValues,
)
from jupyter_memkit.show.isolated import describe_traces
from jupyter_memkit.techniques.error_chain import read_texts
from jupyter_memkit.techniques.isolated.inspecting import find_functions
from jupyter_memkit.techniques.isolated.records import IsolatedResult, Traces
from jupyter_memkit.techniques.isolated.state.absent import find_absent
from jupyter_memkit.techniques.processes.calling import Call, Outcome
from jupyter_memkit.techniques.processes.pickling import find_hindrance
from jupyter_memkit.techniques.room import read_room_bytes
from jupyter_memkit.units import format_bytes

# In the messages of Python and pandas about a name that is not defined.
_QUOTED_NAME = re.compile(r"'([^\W\d]\w*)'")

# After this much text, wait until the kernel has sent it.
_MOST_CHARACTERS = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOptions:
    """The options on the magic's line.

    Attributes
    ----------
    outputs : tuple of str
        The variables to return.
    inputs : tuple of str
        Variables to send in addition to those that the code reads.
    memory_bytes : int or None
        The memory limit of the process.
    name : str or None
        The name of the process to keep running.
    """

    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    memory_bytes: int | None
    name: str | None


def run_isolated(
    shell: Any, codes: list[CodeType], options: CellOptions, session: Session
) -> tuple[Any, IsolatedResult]:
    """Run a cell in a process, and return its variables.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The user's shell.
    codes : list of code
        The statements of the cell.
    options : CellOptions
        The options on the magic's line.
    session : Session
        The process.

    Returns
    -------
    value : object
        The value of the last expression.
    result : IsolatedResult
        The record of the run.

    Raises
    ------
    UsageError
        If a variable cannot be sent, or the process ended; the message contains the
        remedy.
    Exception
        The exception that the cell raised.
    """
    __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
    started_s = time.perf_counter()
    filename = codes[0].co_filename if codes else ""
    lines = linecache.getlines(filename)
    with refusing():
        inputs = _find_inputs(shell.user_ns, "".join(lines), options, session)
        divided = session.find_divided(inputs, shell.user_ns)
        functions = list(find_functions(inputs.values()))
        refuse_functions(functions, shell.user_ns)
        sent = CellCodes(
            codes=codes,
            filename=filename,
            lines=lines,
            sources=_find_sources(functions),
            outputs=options.outputs,
            in_loop=asyncio._get_running_loop() is not None,  # noqa: SLF001 - no error
            execution_count=shell.execution_count,
        )
        outcome = _call(shell, session, sent, inputs, options)
    session.note(inputs, outcome)
    traces: Traces = outcome.from_hooks
    if outcome.error is not None:
        for note in (
            *_describe_unsent(outcome.error, shell.user_ns, session),
            *describe_traces(traces, options.name),
        ):
            add_note(outcome.error, note)
        raise outcome.error
    values: CellValues = outcome.value
    if values.missing:
        raise UsageError(values.missing)
    here = frozenset(shell.user_ns)
    holders = find_holders(shell.user_ns, values) if values.replaced else ()
    apart = take_outputs(shell.user_ns, values)
    result = IsolatedResult(
        duration_s=time.perf_counter() - started_s,
        work_s=outcome.work_s,
        peak_bytes=outcome.peak_bytes,
        exact=outcome.exact,
        sent_bytes=outcome.sent_bytes,
        received_bytes=outcome.received_bytes,
        inputs=tuple(inputs),
        divided=divided,
        outputs=tuple(values.outputs),
        kept=values.kept,
        imported=tuple(each for each in values.imported if each not in here),
        changed=tuple(dict.fromkeys((*values.changed, *holders))),
        deleted=values.deleted,
        unbound=values.unbound,
        apart=apart,
        state=traces.state,
        absent=(*find_absent(), *traces.untaken),
        running=(*traces.running, *values.tasks),
        unlogged=traces.unlogged,
        name=options.name,
    )
    return values.value, result


def _find_inputs(
    namespace: Mapping[str, Any], source: str, options: CellOptions, session: Session
) -> dict[str, Any]:
    for name in options.inputs:
        if name not in namespace:
            message = f"there is no variable {name}, which --in names; set it first"
            raise IsolatedError(message)
    tree = ast.parse(source)
    refuse_session(tree, namespace)
    found = find_inputs(tree, namespace.keys() - OF_THE_SHELL)
    reached = add_function_inputs(found, namespace)
    names = [
        name
        for name in reached
        if name not in OF_THE_SHELL and session.lacks(name, namespace[name])
    ]
    inputs = {name: namespace[name] for name in (*names, *options.inputs)}
    if inputs:
        _check_room(inputs)
    return inputs


def _describe_unsent(
    error: BaseException, namespace: Mapping[str, Any], session: Session
) -> Iterator[str]:
    """Describe the variables here that the process lacked, if that was the error.

    A cell can read a variable in ways that its code does not show.
    """
    if not issubclass(type(error), NameError):
        return
    for text in read_texts(error):
        for name in _QUOTED_NAME.findall(text):
            if name in namespace and name not in session.variables:
                yield (
                    f"{name} was not sent, because the cell does not read it by its "
                    f"name; --in {name} sends it."
                )


def _find_sources(functions: list[FunctionType]) -> dict[str, list[str]]:
    """Return the lines of the cells that define functions, by the cells' names."""
    names = {each.__code__.co_filename for each in functions}
    entries: dict[str, tuple[Any, ...]] = {**linecache.cache}
    return {
        name: entry[2]
        for name, entry in entries.items()
        # Other entries are of files, which the process reads itself.
        if name in names and len(entry) > 1 and entry[1] is None
    }


def _check_room(inputs: dict[str, Any]) -> None:
    """Refuse to send variables of which the machine cannot hold a copy."""
    # Not imported for a cell that reads nothing.
    from jupyter_memkit.measure.sizes import sizes  # noqa: PLC0415
    from jupyter_memkit.measure.sizes.parts import UNTOUCHED  # noqa: PLC0415

    measured = sizes(inputs)
    room_bytes = read_room_bytes()
    # The copy of untouched memory is touched.
    untouched = {
        name: size.elsewhere.get(UNTOUCHED, 0) for name, size in measured.items()
    }
    needed_bytes = measured.total_bytes + sum(untouched.values())
    if room_bytes is None or needed_bytes <= room_bytes:
        return
    copied = {name: measured[name].bytes + untouched[name] for name in measured}
    largest = max(copied, key=copied.__getitem__)
    message = (
        f"the process needs a copy of {largest} ({format_bytes(copied[largest])}), but "
        f"only {format_bytes(room_bytes)} is left; read it from its file in the cell, "
        "or send only the part that it needs"
    )
    raise IsolatedError(message)


def _call(
    shell: Any,
    session: Session,
    cell: CellCodes,
    inputs: Mapping[str, Any],
    options: CellOptions,
) -> Outcome:
    namespace = shell.user_global_ns
    call = Call(
        session.process,
        memory_bytes=options.memory_bytes,
        namespace=namespace,
        left_out=OF_THE_SHELL
        | {
            name
            for name in session.variables
            if name not in inputs and not session.lacks(name, namespace.get(name))
        },
        for_hooks=session.state.take_changes(),
        show=_Screen(shell),
    )
    try:
        return call.run(run_cell, (cell, inputs))
    except (IsolatedError, KeyboardInterrupt, MemoryError):
        # Also of the guard, whose mark counts the memory of the process.
        raise
    except Exception as error:
        # The pickler does not know to which variable the object belongs.
        raise IsolatedError(_describe_hindrances(inputs, error)) from error


def _describe_hindrances(inputs: Mapping[str, Any], error: Exception) -> str:
    """Describe the variables that cannot be sent, each with its reason."""
    problems = {
        name: find_hindrance(value, brings=False) for name, value in inputs.items()
    }
    reasons = {name: each for name, each in problems.items() if each is not None}
    if not reasons:
        return (
            f"what the cell reads cannot be sent to another process ({error}); create "
            "it in the cell"
        )
    name, reason = reasons.popitem()
    others = "".join(f"{each} ({problem}) and " for each, problem in reasons.items())
    made = "them" if reasons else "it"
    return (
        f"{others}{name} cannot be sent to another process ({reason}); create {made} "
        "in the cell"
    )


class _Screen:
    """Displays the output of the process in the user's shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._n_waiting = 0

    def __call__(self, kind: str, content: Any) -> None:
        if kind == DISPLAY:
            data, metadata, options = content
            self._shell.display_pub.publish(data=data, metadata=metadata, **options)
        elif kind == RESULT:
            self._show_result(*content[:2])
        elif kind == CLEAR:
            self._shell.display_pub.clear_output(content)
        else:
            stream = sys.stderr if kind == "stderr" else sys.stdout
            stream.write(content)
            # The kernel sends it in the background, but unsent text must not pile up.
            self._n_waiting += len(content)
            if self._n_waiting > _MOST_CHARACTERS:
                self._n_waiting = 0
                stream.flush()

    def _show_result(self, data: Any, metadata: Any) -> None:
        hook = self._shell.displayhook
        hook.start_displayhook()
        hook.write_output_prompt()
        hook.write_format_data(data, metadata)
        hook.finish_displayhook()
