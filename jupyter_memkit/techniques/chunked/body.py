"""A notebook cell as a function of one chunk."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any

from jupyter_memkit.cells.effects import find_accumulated
from jupyter_memkit.cells.names import find_global_names
from jupyter_memkit.cells.rewriting import find_rewritten
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.last_sort import VALUE_NAME, split_last_sort

# The variable with the place of the chunk, for a cell that reads it.
INFO_NAME = "chunk_info"

_ABSENT = object()


class CellBody:
    """The code of a cell, compiled once, to run in the user's namespace per chunk.

    The variables that it sets stay. The name of the chunk is set only while it runs;
    a variable of the user's with that name is restored.

    Parameters
    ----------
    tree : ast.Module
        The parsed cell.
    filename : str
        The name under which tracebacks find its lines.
    namespace : dict
        The user's variables.
    name : str
        The name of the chunk.
    source : str
        The text of the cell.
    compile_code : callable
        Compiles a tree as ``compile(tree, filename, mode)`` does.
    last_sort : ast.expr, optional
        The calls that sort the value, and are not in the tree.

    Attributes
    ----------
    tree, filename, namespace, name, source, last_sort
        As given.
    has_value : bool
        Whether the cell ends with an expression, which gives the value of a chunk.

    Raises
    ------
    MemkitError
        If the cell awaits outside a function.
    """

    def __init__(
        self,
        tree: ast.Module,
        filename: str,
        *,
        namespace: dict[str, Any],
        name: str,
        source: str,
        compile_code: Callable[[ast.AST, str, str], CodeType],
        last_sort: ast.expr | None = None,
    ) -> None:
        statements, last = tree.body, None
        if statements and isinstance(statements[-1], ast.Expr):
            last = ast.Expression(statements[-1].value)
            statements = statements[:-1]
        module = ast.Module(statements, tree.type_ignores)
        self._statements = compile_code(module, filename, "exec")
        self._value = compile_code(last, filename, "eval") if last else None
        self.tree = tree
        self.filename = filename
        self.namespace = namespace
        self.name = name
        self.source = source
        self.last_sort = last_sort
        self._compile_code = compile_code
        self._sort = (
            compile_code(ast.Expression(last_sort), filename, "eval")
            if last_sort is not None
            else None
        )
        self._info: Any = None
        self._wants_info = INFO_NAME in find_global_names(tree)[0]
        self.has_value = self._value is not None
        if any(map(_is_async, (self._statements, self._value))):
            message = (
                "a cell that runs once per chunk cannot await; "
                "await in a separate cell before it"
            )
            raise MemkitError(message)

    def __call__(self, chunk: Any) -> Any:
        """Run the cell with this chunk and return the value of its last expression."""
        __tracebackhide__ = True
        namespace = self.namespace
        given = {self.name: chunk}
        if self._info is not None:
            given[INFO_NAME] = self._info
        previous = {name: namespace.get(name, _ABSENT) for name in given}
        namespace.update(given)
        given.clear()
        # A traceback keeps this frame, and would keep the chunk with it.
        del chunk
        try:
            exec(self._statements, namespace)  # noqa: S102 - the user's own cell
            if self._value is None:
                return None
            value = eval(self._value, namespace)  # noqa: S307 - the user's own cell
            # An error shows in the first chunk, not at the end of the run.
            self.sort(value)
            return value
        finally:
            for name, value in previous.items():
                if value is _ABSENT:
                    namespace.pop(name, None)
                else:
                    namespace[name] = value

    def sort(self, value: Any) -> Any:
        """Return a value sorted by the last calls of the cell, if they sort it."""
        __tracebackhide__ = True
        if self._sort is None:
            return value
        return eval(self._sort, {VALUE_NAME: value})  # noqa: S307 - the user's own cell

    def without_last_sort(self) -> CellBody:
        """Return the cell without the calls at its end that sort its value."""
        last = self.tree.body[-1] if self.tree.body else None
        if not isinstance(last, ast.Expr):
            return self
        value, last_sort = split_last_sort(last.value)
        if last_sort is None:
            return self
        expression = ast.copy_location(ast.Expr(value), last)
        return CellBody(
            ast.Module([*self.tree.body[:-1], expression], self.tree.type_ignores),
            self.filename,
            namespace=self.namespace,
            name=self.name,
            source=self.source,
            compile_code=self._compile_code,
            last_sort=last_sort,
        )

    def set_info(self, info: Any) -> None:
        """Set the place of the next chunk, for a cell that reads it."""
        if self._wants_info:
            self._info = info

    @property
    def accumulated(self) -> str | None:
        """The variable in which the cell accumulates over the chunks, if any."""
        return find_accumulated(self.tree, self.name, self.namespace)

    @property
    def rewritten(self) -> str | None:
        """The file that the cell writes anew for each chunk, if any."""
        return find_rewritten(self.tree, self.name, self.namespace)

    @property
    def effect(self) -> str | None:
        """The first code that may have a side effect, if any."""
        # Imported when there is a cell to judge: other functions have no code to read.
        from jupyter_memkit.cells.purity import find_effect  # noqa: PLC0415

        return find_effect(self.tree, self.name, self.namespace)

    @property
    def is_repeatable(self) -> bool:
        """Whether running the cell again is proven to do nothing twice."""
        return self.effect is None


def _is_async(code: CodeType | None) -> bool:
    return code is not None and bool(code.co_flags & inspect.CO_COROUTINE)
