"""Runs the body of a cell magic as a cell."""

from __future__ import annotations

import ast
import inspect
from types import CodeType
from typing import Any


def compile_cell_body(
    shell: Any, cell: str, *, first_line: int = 2, shows: bool = True
) -> list[CodeType]:
    """Compile the body of a cell magic statement by statement, as IPython does.

    Line numbers count from the top of the whole cell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell in which it will run.
    cell : str
        The body, below the line of the magic.
    first_line : int
        The number of the body's first line: 2 below a cell magic, 1 for the statement
        of a line magic.
    shows : bool
        Whether the value of its last expression is displayed as the cell's result.

    Returns
    -------
    list of code
        The statements, for `run_cell_body`, or for `await_cell_body` if one of them
        awaits.
    """
    tree, name = parse_cell_body(shell, cell, first_line=first_line)
    nodes = tree.body
    n_shown = _count_shown(shell, nodes, cell) if shows else 0
    awaits = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if shell.autoawait else 0
    codes = []
    for index, node in enumerate(nodes):
        shown = index >= len(nodes) - n_shown
        part = ast.Interactive([node]) if shown else ast.Module([node], [])
        with shell.compile.extra_flags(awaits):
            codes.append(shell.compile(part, name, "single" if shown else "exec"))
    return codes


def has_await(codes: list[CodeType]) -> bool:
    """Return whether a statement awaits."""
    return any(_is_coroutine(code) for code in codes)


def run_cell_body(shell: Any, codes: list[CodeType]) -> None:
    """Run statements that do not await, as part of the current cell.

    Exceptions are raised to the caller.
    """
    __tracebackhide__ = True  # IPython omits this frame from tracebacks.
    for code in codes:
        # The user's own code, which they asked to run.
        eval(code, shell.user_global_ns, shell.user_ns)  # noqa: S307


async def await_cell_body(shell: Any, codes: list[CodeType]) -> None:
    """Like `run_cell_body`, for statements of which some await."""
    __tracebackhide__ = True  # As above.
    for code in codes:
        value = eval(code, shell.user_global_ns, shell.user_ns)  # noqa: S307
        if _is_coroutine(code):
            await value


def parse_cell_body(
    shell: Any, cell: str, *, first_line: int = 2
) -> tuple[ast.Module, str]:
    """Parse the body of a cell magic so that tracebacks show the user's lines.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell in which it will run.
    cell : str
        The body, below the line of the magic.
    first_line : int
        The number of its first line.

    Returns
    -------
    tree : ast.Module
        The body, with line numbers counted from the top of the whole cell.
    filename : str
        The filename under which tracebacks find the source.
    """
    # transform_cell drops blank lines at the start.
    lines = cell.splitlines()
    n_blank = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    source = "\n" * (first_line - 1 + n_blank) + shell.transform_cell(cell)
    number = shell.displayhook.prompt_count
    filename = shell.compile.cache(source, number, raw_code=cell)
    tree = shell.compile.ast_parse(source, filename=filename)
    return shell.transform_ast(tree), filename


def _count_shown(shell: Any, nodes: list[ast.stmt], cell: str) -> int:
    """Count the statements at the end whose values are displayed."""
    if not nodes or shell.displayhook.semicolon_at_end_of_expression(cell):
        return 0
    interactivity = shell.ast_node_interactivity
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
