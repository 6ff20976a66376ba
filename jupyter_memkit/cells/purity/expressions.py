"""Follows the expressions of a cell to their sources.

A value that may be an object from outside is shared, and one that may hold such objects
is nested; only other values may be changed in place. Code without a rule is refused.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from jupyter_memkit.cells.purity.arguments import (
    may_write_into,
    names_pure_methods,
    read_formula,
)
from jupyter_memkit.cells.purity.lists import (
    CALLING_BY_NAME,
    CHANGING_ATTRIBUTES,
    DRAWING,
    NAMING_ARGUMENTS,
    PURE_ATTRIBUTES,
    PURE_BUILTINS,
    READING_CODE,
    RUNNING_SQL,
)
from jupyter_memkit.cells.purity.outside import (
    find_attributes,
    find_in_module,
    is_patched,
    is_plain,
    is_pure_callable,
)
from jupyter_memkit.cells.purity.queries import find_function, find_next_stage
from jupyter_memkit.cells.purity.sql import is_select
from jupyter_memkit.cells.purity.texts import Texts
from jupyter_memkit.cells.purity.values import (
    OWN,
    EffectError,
    Reach,
    Value,
    describe,
    hold,
)

_LISTED = PURE_ATTRIBUTES | CHANGING_ATTRIBUTES | READING_CODE
_CHECKED = CALLING_BY_NAME | READING_CODE | RUNNING_SQL | DRAWING.keys()


class Expressions(ast.NodeVisitor):
    """Follows expressions, or raises `EffectError`.

    Parameters
    ----------
    local : set of str
        The names that the cell sets.
    namespace : mapping
        The user's variables.
    texts : Texts
        The texts in the cell.
    follow : callable
        Follows the code of a function of the user, or raises `EffectError`. Takes also
        the name that refers to it, and what its arguments can reach; returns what its
        value can reach.

    Attributes
    ----------
    reach : dict of str to Reach
        The objects outside that a change of each of the cell's names could reach.
    modules : dict of str to module
        The modules that the cell imports.
    stages : dict of str to str
        The stages of queries that the cell's names hold.
    """

    def __init__(
        self,
        local: set[str],
        namespace: Mapping[str, Any],
        texts: Texts,
        follow: Callable[[FunctionType, ast.Name, Reach], Reach],
    ) -> None:
        self.reach: dict[str, Reach] = {}
        self.modules: dict[str, Any] = {}
        self.stages: dict[str, str] = {}
        self._local = local
        self._namespace = namespace
        self._texts = texts
        self._follow = follow

    def read(self, node: ast.expr | None) -> Value:
        """Follow an expression whose value may go anywhere."""
        if node is None:
            return OWN
        value = self.read_stage(node)
        if value.stage:
            raise EffectError(node)
        return value

    def read_stage(self, node: ast.expr) -> Value:
        """Follow an expression whose value may also be a stage of a query."""
        value = self._find(node)
        name = getattr(node, "attr", getattr(node, "id", None))
        is_method = isinstance(node, ast.Attribute) or value.known is not None
        # These are only allowed in calls, which check them.
        if isinstance(value.known, ModuleType) or (is_method and name in _CHECKED):
            raise EffectError(node)
        return value

    def change(self, node: ast.expr) -> None:
        """Allow a change of a value in place if the cell created it."""
        if self.read(node).is_shared:
            raise EffectError(node)

    def set_name(self, name: str, reach: Reach) -> None:
        """Record what a change of a variable can reach."""
        if reach is not Reach.OWN:
            self.reach[name] = max(reach, self.reach.get(name, reach))

    def set_target(self, target: ast.expr, value: Value) -> None:
        """Follow a value to its target."""
        match target:
            case ast.Name() if value.stage:
                self.stages[target.id] = value.stage
            case _ if value.stage:
                raise EffectError(target)
            case ast.Name():
                self.set_name(target.id, value.reach)
            case ast.Tuple() | ast.List():
                for item in target.elts:
                    self.set_target(item, value)
            case ast.Starred():
                self.set_target(target.value, value)
            case ast.Attribute() | ast.Subscript():
                self.change_place(target)
                self._put_into(target, value)
            case _:
                raise EffectError(target)

    def change_place(self, target: ast.Attribute | ast.Subscript) -> None:
        """Allow an item or attribute to be set or deleted."""
        self.change(target.value)
        if isinstance(target, ast.Subscript):
            self.read(target.slice)
        else:
            self._check_attribute(target)

    def read_arguments(self, arguments: ast.arguments) -> None:
        """Follow the arguments of a function, which may have any values."""
        for default in (*arguments.defaults, *arguments.kw_defaults):
            self.read(default)
        self.set_arguments(arguments, Reach.NESTED)

    def set_arguments(self, arguments: ast.arguments, reach: Reach) -> None:
        """Record what a change of the arguments of a function can reach."""
        for item in ast.walk(arguments):
            if isinstance(item, ast.arg):
                self.set_name(item.arg, reach)

    def _find(self, node: ast.expr) -> Value:
        value: Value = self.visit(node)
        return value

    def generic_visit(self, node: ast.AST) -> Value:
        """Refuse code without a rule."""
        raise EffectError(node)

    def visit_Constant(self, _node: ast.Constant) -> Value:
        """Return that a constant cannot be changed."""
        return OWN

    def visit_Name(self, node: ast.Name) -> Value:
        """Find the value of a variable."""
        if node.id in self.modules:
            return Value(known=self.modules[node.id])
        if node.id in self.stages:
            return Value(stage=self.stages[node.id])
        if node.id in self._local:
            return Value(self.reach.get(node.id, Reach.OWN))
        if node.id in self._namespace:
            return self._read_outside(node, Reach.NESTED)
        if node.id in PURE_BUILTINS:
            return Value(known=vars(builtins)[node.id])
        if hasattr(builtins, node.id):
            raise EffectError(node)
        # Python reports an unknown name.
        return OWN

    def _is_users(self, name: str) -> bool:
        """Return whether a name is that of a function of the user from outside."""
        if name in {*self.modules, *self.stages, *self._local}:
            return False
        held = self._namespace.get(name)
        return type(held) is FunctionType and not is_pure_callable(held)

    def _read_outside(self, node: ast.Name, arguments: Reach) -> Value:
        """Find the value of a variable from outside.

        The code of a function of the user is followed, with arguments of this reach.
        """
        held = self._namespace[node.id]
        if not self._is_users(node.id):
            return describe(held, node)
        return Value(self._follow(held, node, arguments))

    def visit_Attribute(self, node: ast.Attribute) -> Value:
        """Allow functions of modules, methods and columns."""
        value = self._find(node.value)
        if value.stage:
            return Value(stage=f"{value.stage}.{node.attr}")
        if isinstance(value.known, ModuleType):
            if stage := find_function(value.known, node.attr):
                return Value(stage=stage)
            try:
                found = find_in_module(value.known, node.attr)
            except LookupError:
                raise EffectError(node) from None
            return Value(known=found) if not is_plain(found) else OWN
        if value.known is not None and not isinstance(value.known, type):
            raise EffectError(node)
        self._check_attribute(node)
        if node.attr in CHANGING_ATTRIBUTES and value.is_shared:
            raise EffectError(node)
        return Value(value.reach)

    def visit_Lambda(self, node: ast.Lambda) -> Value:
        """Follow the body, as if it were called."""
        self.read_arguments(node.args)
        return Value(self.read(node.body).reach)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Value:
        """Follow a value that is assigned to a name."""
        value = self.read(node.value)
        self.set_target(node.target, value)
        return value

    def _visit_new(self, node: ast.AST) -> Value:
        self._read_parts(node)
        return OWN

    visit_UnaryOp = visit_Compare = visit_Slice = _visit_new  # noqa: N815
    visit_JoinedStr = visit_FormattedValue = _visit_new  # noqa: N815

    def visit_BinOp(self, node: ast.BinOp) -> Value:
        """Follow an operator, which creates a new value."""
        # The new value may hold what its operands hold.
        is_nested = self._read_parts(node) is Reach.NESTED
        return Value(Reach.NESTED) if is_nested else OWN

    def _visit_one_of(self, node: ast.AST) -> Value:
        return Value(self._read_parts(node))

    visit_BoolOp = visit_IfExp = visit_Starred = _visit_one_of  # noqa: N815

    def visit_Subscript(self, node: ast.Subscript) -> Value:
        """Follow an item, which is none of what the key holds."""
        self.read(node.slice)
        return Value(self.read(node.value).reach)

    def _visit_container(self, node: ast.AST) -> Value:
        return hold(self._read_parts(node))

    visit_Tuple = visit_List = visit_Set = visit_Dict = _visit_container  # noqa: N815

    def _visit_comprehension(self, node: Any) -> Value:
        for generator in node.generators:
            self.set_target(generator.target, self.read(generator.iter))
            self._read_all(generator.ifs)
        fields = ("key", "value", "elt")
        return hold(
            self._read_all(
                getattr(node, name) for name in fields if hasattr(node, name)
            )
        )

    visit_ListComp = visit_SetComp = visit_DictComp = _visit_comprehension  # noqa: N815
    visit_GeneratorExp = _visit_comprehension  # noqa: N815

    def visit_Call(self, node: ast.Call) -> Value:
        """Allow listed calls with arguments that keep them pure."""
        if isinstance(node.func, ast.Name) and self._is_users(node.func.id):
            arguments = [self.read(each).passed for each in _list_arguments(node)]
            return self._read_outside(node.func, max(arguments, default=Reach.OWN))
        function = self._find(node.func)
        if function.stage:
            return self._call_stage(node, function.stage)
        if any(keyword.arg in {None, "out"} for keyword in node.keywords):
            raise EffectError(node)
        values = list(map(self.read, _list_arguments(node)))
        if isinstance(function.known, ModuleType):
            raise EffectError(node)
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if isinstance(node.func, ast.Attribute):
            if function.known is None and name not in _LISTED:
                raise EffectError(node.func)  # Columns cannot be called.
            self._check_change(node, node.func, values)
        if isinstance(node.func, ast.Attribute) or function.known is not None:
            self._check_texts(node, name)
            self._check_formula(node, name)
        shared = [
            place
            for place, value in enumerate(values[: len(node.args)])
            if value.reach is not Reach.OWN
        ]
        if shared and may_write_into(node, function.known, shared[-1]):
            raise EffectError(node)
        return hold(max(value.reach for value in (*values, function)))

    def _call_stage(self, node: ast.Call, name: str) -> Value:
        """Allow a listed call in a query, with values that may go anywhere."""
        texts = [self._texts.find(argument) for argument in node.args]
        stage = find_next_stage(name, node, texts)
        if stage is None:
            raise EffectError(node.func)
        self._read_all(_list_arguments(node))
        return Value(stage=stage)

    def _check_attribute(self, node: ast.Attribute) -> None:
        name = node.attr
        found = list(find_attributes(name))
        if name.startswith("_") or any(map(is_patched, found)):
            raise EffectError(node)
        # An attribute that no table has is a column.
        if found and name not in _LISTED:
            raise EffectError(node)

    def _check_change(
        self, node: ast.Call, function: ast.Attribute, values: list[Value]
    ) -> None:
        """Refuse in-place changes of values that the cell did not create."""
        is_changing = function.attr in CHANGING_ATTRIBUTES
        for keyword in node.keywords:
            if keyword.arg in {"inplace", "in_place"} and not _is_false(keyword.value):
                self.change(function.value)
                is_changing = True
        if is_changing:
            for value in values:
                self._put_into(function.value, value)

    def _check_texts(self, node: ast.Call, method: str) -> None:
        """Refuse strings that a method calls by name or runs as code."""
        named = {str(item.arg): item.value for item in node.keywords}
        if method in DRAWING and not any(
            isinstance(named.get(seed), ast.Constant) for seed in DRAWING[method]
        ):
            raise EffectError(node.func)
        if method in RUNNING_SQL:
            text = self._find_text(node)
            if text is None or not is_select(text):
                raise EffectError(node.func)
        if method == "crosstab" and len(node.args) > 2:
            raise EffectError(node)
        calls = [*node.args, *named.values()] if method in CALLING_BY_NAME else []
        calls += [named[name] for name in NAMING_ARGUMENTS & named.keys()]
        if calls:
            outside = {
                name: value
                for name, value in self._namespace.items()
                if name not in self._local
            }
            for argument in calls:
                if not names_pure_methods(argument, outside):
                    raise EffectError(argument)

    def _check_formula(self, node: ast.Call, method: str) -> None:
        """Follow the formula that a method of pandas computes."""
        if method not in READING_CODE:
            return
        text, parts = self._find_text(node), None
        if text is not None and isinstance(node.func, ast.Attribute):
            parts = read_formula(text, node.func.value)
        if parts is None:
            raise EffectError(node.func)
        self._read_all(parts)

    def _find_text(self, node: ast.Call) -> str | None:
        """Return the first argument of a call, if it is a text that is known."""
        return self._texts.find(node.args[0]) if node.args else None

    def _put_into(self, node: ast.expr, value: Value) -> None:
        """Record that a variable now holds a value that was put into it."""
        while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name) and value.is_shared:
            self.set_name(node.id, Reach.NESTED)

    def _read_parts(self, node: ast.AST) -> Reach:
        return self._read_all(
            part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)
        )

    def _read_all(self, nodes: Iterable[ast.expr]) -> Reach:
        return max((self.read(node).reach for node in nodes), default=Reach.OWN)


def _list_arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
