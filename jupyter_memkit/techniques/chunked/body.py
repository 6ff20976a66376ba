"""A notebook cell as a function of one chunk."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

from jupyter_memkit.errors import MemkitError

_ABSENT = object()


class CellBody:
    """The code of a cell, compiled once, to run in the user's namespace per chunk.

    The names that it sets stay. The name of the chunk is there only while it runs;
    what the user had under that name comes back.

    Parameters
    ----------
    tree : ast.Module
        The parsed cell.
    filename : str
        Under which tracebacks find its lines.
    namespace : dict
        The user's variables.
    name : str
        The name of the chunk.
    compile_code : callable
        Compiles a tree as ``compile(tree, filename, mode)`` does.

    Attributes
    ----------
    has_value : bool
        Whether the cell ends with an expression, whose value is the chunk's.

    Raises
    ------
    MemkitError
        When the cell awaits outside a function.
    """

    def __init__(
        self,
        tree: ast.Module,
        filename: str,
        *,
        namespace: dict[str, Any],
        name: str,
        compile_code: Callable[[ast.AST, str, str], CodeType],
    ) -> None:
        statements, last = tree.body, None
        if statements and isinstance(statements[-1], ast.Expr):
            last = ast.Expression(statements[-1].value)
            statements = statements[:-1]
        module = ast.Module(statements, tree.type_ignores)
        self._statements = compile_code(module, filename, "exec")
        self._value = compile_code(last, filename, "eval") if last else None
        self._namespace = namespace
        self._name = name
        self.has_value = self._value is not None
        if any(map(_is_async, (self._statements, self._value))):
            message = (
                "a cell that runs once per chunk cannot await; "
                "await before it, in a cell of its own"
            )
            raise MemkitError(message)

    def __call__(self, chunk: Any) -> Any:
        """Run the cell with this chunk and return the value of its last expression."""
        __tracebackhide__ = True
        namespace = self._namespace
        previous = namespace.get(self._name, _ABSENT)
        namespace[self._name] = chunk
        # A traceback keeps this frame, and would keep the chunk with it.
        del chunk
        try:
            exec(self._statements, namespace)  # noqa: S102 - the user's own cell
            if self._value is None:
                return None
            return eval(self._value, namespace)  # noqa: S307 - the user's own cell
        finally:
            if previous is _ABSENT:
                namespace.pop(self._name, None)
            else:
                namespace[self._name] = previous


def _is_async(code: CodeType | None) -> bool:
    return code is not None and bool(code.co_flags & inspect.CO_COROUTINE)
