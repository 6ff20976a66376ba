"""The shell in an isolated process, where a cell runs as it does in the kernel."""

from __future__ import annotations

import contextvars
import dataclasses
import linecache
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, ClassVar

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from jupyter_memkit.cells.body import await_cell_body, has_await, run_cell_body
from jupyter_memkit.errors import IsolatedError, suggest
from jupyter_memkit.magics.isolated.before import Before
from jupyter_memkit.magics.isolated.rows import make_rows
from jupyter_memkit.magics.isolated.values import (
    CLEAR,
    DISPLAY,
    RESULT,
    CellCodes,
    CellValues,
)
from jupyter_memkit.measure.hidden import is_ipythons_name
from jupyter_memkit.techniques.isolated.hooks import StateHooks
from jupyter_memkit.techniques.isolated.records import Traces
from jupyter_memkit.techniques.processes.output import Output
from jupyter_memkit.techniques.processes.pickling import find_hindrance, find_received
from jupyter_memkit.techniques.processes.reach import iterate_parts

# Names that every shell has.
OF_THE_SHELL = frozenset({"get_ipython", "exit", "quit", "open", "display"})

# A widget needs the kernel; one from another process would display an error.
_WIDGET = "application/vnd.jupyter.widget-view+json"


class _Hook(DisplayHook):
    """Sends the values of expressions that are displayed."""

    is_last = False
    last: Any = None

    def __call__(self, result: Any = None) -> None:
        if result is None:
            return
        if self.is_last:
            self.last = result
        else:
            self.show(result)

    def show(self, value: Any) -> None:
        """Display a value, formatted in this process."""
        shell: Any = self.shell
        data, metadata = shell.display_formatter.format(value)
        _show(shell, RESULT, data, metadata, {})


class _Publisher(DisplayPublisher):
    """Sends displayed data."""

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,  # noqa: ARG002 - deprecated by IPython
        *,
        transient: Any = None,
        update: bool = False,
        **_others: Any,
    ) -> None:
        options = {"transient": transient, "update": update}
        _show(self.shell, DISPLAY, data, metadata, options)

    def clear_output(self, wait: bool = False) -> None:  # noqa: FBT001, FBT002
        self.shell.output.show(CLEAR, wait)


def _show(shell: Any, kind: str, data: Any, metadata: Any, options: Any) -> None:
    data = {mime: content for mime, content in data.items() if mime != _WIDGET}
    shell.output.show(kind, (data, metadata, options))


class _Shell(InteractiveShell):
    """The shell of the process."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    output: ClassVar[Output]
    changed: ClassVar[tuple[str, ...]] = ()

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing, because the process has no display."""

    def ask_exit(self) -> None:
        """Refuse what ``exit`` asks for."""
        message = (
            "exit and quit would end the kernel, not this process; use them in a cell "
            "without %%isolated, or end the cell with an error"
        )
        raise IsolatedError(message)


class _CellHooks(StateHooks):
    """Also reports the variables that a cell has set, whether it fails or not."""

    def after_call(self) -> Traces:
        return dataclasses.replace(super().after_call(), variables=_Shell.changed)


def make_hooks(output: Output) -> StateHooks:
    """Make the shell of this process, and return the hooks of its calls."""
    config = Config()
    config.HistoryManager.enabled = False
    _Shell.output = output
    return _CellHooks(make_rows(_Shell.instance(config=config)))


def run_cell(cell: CellCodes, inputs: dict[str, Any]) -> CellValues:
    """Run a cell in the shell of this process, and return its results."""
    shell: Any = _Shell.instance()
    shell.execution_count = cell.execution_count
    namespace = shell.user_ns
    namespace.update(inputs)
    for name in cell.outputs:
        # The class of a variable has come with it, without a name.
        kind = None if name in namespace else find_received(name)
        if kind is not None:
            namespace[name] = kind
    before = Before(namespace, inputs, cell.outputs)
    # The cell may delete them.
    inputs.clear()
    for name, lines in {**cell.sources, cell.filename: cell.lines}.items():
        linecache.cache[name] = (sum(map(len, lines)), None, lines, name)
    hook = shell.displayhook
    hook.is_last, hook.last = False, None
    _trigger(shell, "pre_execute")
    try:
        with shell.builtin_trap, shell.display_trap:
            _run(shell, cell.codes[:-1], in_loop=cell.in_loop)
            hook.is_last = not cell.outputs
            _run(shell, cell.codes[-1:], in_loop=cell.in_loop)
        value, hook.last = hook.last, None
        if value is not None and find_hindrance(value, keeps_home=True, brings=False):
            hook.show(value)
            value = None
    finally:
        try:
            # Figures are shown here.
            _trigger(shell, "post_execute")
        finally:
            rebound = [name for name in namespace if before.is_rebound(name, namespace)]
            changed = [
                name for name in rebound if not _is_import(name, namespace[name])
            ]
            _Shell.changed = tuple(changed)
    outputs = {name: namespace[name] for name in cell.outputs if name in namespace}
    kept = tuple(name for name in changed if name not in cell.outputs)
    return CellValues(
        outputs=outputs,
        missing=_find_missing(cell.outputs, namespace, changed),
        value=value,
        kept=kept,
        imported=tuple(
            name
            for name in rebound
            if name not in (*changed, *cell.outputs) and not is_of_session(name)
        ),
        changed=before.find_changed(namespace, {*kept, *cell.outputs}),
        replaced=before.find_replaced(namespace),
        deleted=before.find_deleted(namespace),
        same=tuple(name for name in outputs if name not in rebound),
        shares=before.find_shares(outputs),
        unbound=_find_unbound(outputs, rebound),
        tasks=_find_tasks(),
    )


def _trigger(shell: Any, event: str) -> None:
    """Call the functions of an event like IPython, which would swallow a Ctrl-C."""
    for function in tuple(shell.events.callbacks[event]):
        try:
            function()
        except Exception:  # noqa: BLE001, PERF203 - it may be the user's
            message = f"Error in callback {function} (for {event}):"
            print(message)  # noqa: T201 - where IPython prints it
            shell.showtraceback()


def _run(shell: Any, codes: list[CodeType], *, in_loop: bool) -> None:
    if has_await(codes):
        _run_in_loop(shell, lambda: await_cell_body(shell, codes))
    elif in_loop:

        async def run() -> None:
            run_cell_body(shell, codes)

        _run_in_loop(shell, run)
    else:
        run_cell_body(shell, codes)


def _run_in_loop(shell: Any, make: Callable[[], Awaitable[Any]]) -> None:
    """Run a coroutine in the event loop, and keep the context variables that it sets.

    The loop runs it in a copy of the context, where numpy's options, for example, would
    be lost between the parts of a cell.
    """
    inside = contextvars.Context()

    async def run() -> BaseException | None:
        nonlocal inside
        try:
            await make()
        except BaseException as error:  # noqa: BLE001 - raised outside the loop
            return error
        finally:
            inside = contextvars.copy_context()
        return None

    _find_loop()
    try:
        error = shell.loop_runner(run())
    finally:
        for variable, value in inside.items():
            variable.set(value)
    if error is not None:
        raise error


def _find_loop() -> Any:
    """Return the shell's event loop, whose creation is not logged as the cell's."""
    # It imports asyncio, which is slow.
    from IPython.core.async_helpers import get_asyncio_loop  # noqa: PLC0415

    logger = logging.getLogger("asyncio")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        return get_asyncio_loop()
    finally:
        logger.disabled = was_disabled


def _find_tasks() -> tuple[str, ...]:
    """Return the tasks that the cell started and that are still running."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return ()
    tasks = asyncio.all_tasks(_find_loop())
    return tuple(sorted(f"task {task.get_name()}" for task in tasks))


def is_of_session(name: str) -> bool:
    """Return whether a name is set by the shell rather than the user."""
    return name in OF_THE_SHELL or is_ipythons_name(name)


def _is_import(name: str, value: Any) -> bool:
    """Return whether a variable is a module or belongs to one."""
    kind = type(value)  # Not `isinstance`, which asks the value for its class.
    if is_of_session(name) or issubclass(kind, ModuleType):
        return True
    is_code = issubclass(kind, (type, FunctionType, BuiltinFunctionType))
    return is_code and value.__module__ != "__main__"


def _find_unbound(outputs: Mapping[str, Any], rebound: list[str]) -> tuple[str, ...]:
    """Return what the returned functions read but the cell does not return."""
    functions = [
        each
        for each in iterate_parts(list(outputs.values()))
        if isinstance(each, FunctionType)
    ]
    if not functions:
        return ()
    # It takes a while to load.
    from jupyter_memkit.cells.inputs import (  # noqa: PLC0415
        find_code_names,
    )

    read = {name for each in functions for name in find_code_names(each.__code__)}
    return tuple(sorted(read & set(rebound) - outputs.keys()))


def _find_missing(
    names: tuple[str, ...], namespace: Mapping[str, Any], changed: list[str]
) -> str:
    for name in names:
        if name not in namespace:
            listed = f"it set {', '.join(changed)}" if changed else "it set nothing"
            remedy = suggest(name, changed, listed)
            return f"the cell did not set {name}, which --out names; {remedy}"
    return ""
