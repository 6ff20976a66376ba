"""Runs the body of a cell magic as the cell that it is."""

from __future__ import annotations

import ast
import asyncio
import inspect
from types import CodeType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.error import UsageError


def run_cell_body(shell: Any, cell: str, magic: str, *, first_line: int = 2) -> None:
    """Run the body of a cell magic, without making a second cell of it.

    Its last expression is shown as the result of the cell, its exceptions are
    raised to the caller, and its line numbers are those of the whole cell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Where it runs.
    cell : str
        The body, below the line of the magic.
    magic : str
        The name of the magic, for a message.
    first_line : int
        The number of the body's first line: 2, below the line of the magic, but 1
        for the statement on the line of a line magic.

    Raises
    ------
    UsageError
        When the body awaits while the event loop runs, as it does in a kernel: a
        magic is a plain function and cannot wait for it.
    """
    __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
    codes = _compile(shell, cell, first_line)
    if any(_is_coroutine(code) for code in codes) and _is_loop_running():
        message = (
            f"%%{magic} cannot await in a kernel; write `with memkit.{magic}():` "
            "around the code instead"
        )
        raise UsageError(message)
    for code in codes:
        # The user's own code, which they just asked to run.
        value = eval(code, shell.user_global_ns, shell.user_ns)  # noqa: S307
        if _is_coroutine(code):
            shell.loop_runner(value)


def parse_cell_body(
    shell: Any, cell: str, *, first_line: int = 2
) -> tuple[ast.Module, str]:
    """Parse the body of a cell magic so that tracebacks show the user's lines.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Where it will run.
    cell : str
        The body, below the line of the magic.
    first_line : int
        The number of its first line.

    Returns
    -------
    tree : ast.Module
        The body, its lines numbered as in the whole cell.
    filename : str
        The name under which tracebacks find the lines.
    """
    # transform_cell drops blank lines at the start.
    lines = cell.splitlines()
    n_blank = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    source = "\n" * (first_line - 1 + n_blank) + shell.transform_cell(cell)
    number = shell.displayhook.prompt_count
    filename = shell.compile.cache(source, number, raw_code=cell)
    tree = shell.compile.ast_parse(source, filename=filename)
    return shell.transform_ast(tree), filename


def _compile(shell: Any, cell: str, first_line: int) -> list[CodeType]:
    """Compile the statements one by one, as IPython does with a cell."""
    tree, name = parse_cell_body(shell, cell, first_line=first_line)
    nodes = tree.body
    n_shown = _count_shown(shell.ast_node_interactivity, nodes, cell)
    awaits = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if shell.autoawait else 0
    codes = []
    for index, node in enumerate(nodes):
        shown = index >= len(nodes) - n_shown
        part = ast.Interactive([node]) if shown else ast.Module([node], [])
        with shell.compile.extra_flags(awaits):
            codes.append(shell.compile(part, name, "single" if shown else "exec"))
    return codes


def _count_shown(interactivity: str, nodes: list[ast.stmt], cell: str) -> int:
    """Count the statements at the end whose values are shown."""
    if not nodes or DisplayHook.semicolon_at_end_of_expression(cell):
        return 0
    if interactivity == "last_expr_or_assign":
        target = getattr(nodes[-1], "target", None)
        if isinstance(nodes[-1], ast.Assign) and len(nodes[-1].targets) == 1:
            target = nodes[-1].targets[0]
        if isinstance(target, ast.Name) and not isinstance(nodes[-1], ast.For):
            value = ast.Expr(ast.Name(target.id, ast.Load()))
            nodes.append(ast.fix_missing_locations(ast.copy_location(value, target)))
    if interactivity == "all":
        return len(nodes)
    if interactivity == "last":
        return 1
    return int(interactivity != "none" and isinstance(nodes[-1], ast.Expr))


def _is_coroutine(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
