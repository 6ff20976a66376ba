"""Follows the chunk through the expressions and statements of a cell."""

from __future__ import annotations

import ast
import functools
from typing import Protocol

from jupyter_memkit.cells.columns.cell import Cell, find_made
from jupyter_memkit.cells.columns.keys import Key, Keys
from jupyter_memkit.cells.columns.kinds import (
    COMPUTED,
    HOLDERS,
    EscapeError,
    Kind,
    arguments,
    join,
    kind_of_value,
    weaker,
)
from jupyter_memkit.cells.names import bound_names, find_names

_LITERALS = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr),
    *(ast.ListComp, ast.SetComp, ast.DictComp),
)
_ORDERINGS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


class Forms(Protocol):
    """The forms in which a chunk of one backend may occur.

    Each method gets a node that begins with an expression holding the chunk. It marks
    the columns that the node uses, and returns the kind of the node's value, or raises
    `EscapeError`, so that all columns are read.
    """

    def attribute(self, follower: Follower, kind: Kind, node: ast.Attribute) -> Kind:
        """Return the kind of an attribute that is not called."""

    def subscript(self, follower: Follower, kind: Kind, node: ast.Subscript) -> Kind:
        """Return the kind of a part selected by ``[...]``."""

    def indexer(self, follower: Follower, node: ast.Subscript) -> Kind | None:
        """Return the kind of ``frame.loc[...]`` and the like; None for other nodes."""

    def method(self, follower: Follower, kind: Kind, node: ast.Call) -> Kind:
        """Return the kind of the result of a method."""

    def computed(self, name: str, *, is_called: bool) -> Kind:
        """Return the kind of an attribute or method's result of a `Kind.SERIES`."""

    def function(self, follower: Follower, node: ast.Call) -> Kind:
        """Return the kind of a function's result; no argument holds the chunk."""


class Follower:
    """Follows a chunk through the code of a cell.

    Parameters
    ----------
    cell : Cell
        The code.
    columns : frozenset of str
        The columns of the chunk.
    forms : Forms
        The forms of the backend.

    Attributes
    ----------
    used : set of str
        The columns that the cell uses, as far as it was followed.
    made : frozenset of str
        Names of columns that the cell may create itself.
    """

    def __init__(self, cell: Cell, columns: frozenset[str], forms: Forms) -> None:
        self.cell = cell
        self.columns = columns
        self.used: set[str] = set()
        self._forms = forms
        self._keys = Keys(cell)
        self._frames = {cell.name}
        self.made = frozenset(find_made(cell.tree))
        self._variables: dict[str, Kind] = {}

    def run(self) -> None:
        """Follow the whole cell.

        Raises
        ------
        EscapeError
            If the chunk occurs in a form that is not modelled.
        """
        self._find_variables()
        self._follow_parts(self.cell.tree)
        self._keys.check_lists()

    def use(self, name: str) -> None:
        """Mark a column as used; give up on a name that cannot be a column."""
        if name in self.columns:
            self.used.add(name)
        elif name not in self.made:
            raise EscapeError

    def use_keys(self, node: ast.expr) -> Kind | None:
        """Mark the columns that an expression names.

        Returns
        -------
        Kind or None
            `Kind.SERIES` for one column, `Kind.OTHER` for several; None if the
            expression may not be a name.
        """
        found = self._keys.find(node)
        if found is None:
            return None
        for key in found:
            for name in [key] if isinstance(key, str) else key:
                self.use(name)
        is_one = all(isinstance(key, str) for key in found)
        return Kind.SERIES if is_one else Kind.OTHER

    def find_keys(self, node: ast.expr) -> list[Key] | None:
        """Return the names that an expression can be; None if that is not certain."""
        return self._keys.find(node)

    def use_mapped(self, node: ast.expr) -> bool:
        """Mark the columns that are the keys of a mapping, if they are certain."""
        names = self._keys.find_mapped(node)
        for name in names or ():
            self.use(name)
        if names is not None and isinstance(node, ast.Dict):
            for value in node.values:
                self.plain(value)
        return names is not None

    def plain(self, node: ast.expr) -> Kind:
        """Follow an expression with an unknown use, which must not be the chunk."""
        kind = self.kind(node)
        if kind in HOLDERS:
            raise EscapeError
        return kind

    def plain_arguments(self, node: ast.Call) -> None:
        """Follow the arguments of a call that may do anything with them."""
        for argument in arguments(node):
            self.plain(argument)

    def given_frame(self, node: ast.expr) -> Kind | None:
        """Follow a lambda that is called with the frame; None for other expressions."""
        if not isinstance(node, ast.Lambda):
            return None
        given = node.args
        names = [item.arg for item in given.args]
        others = (given.posonlyargs, given.kwonlyargs, given.defaults)
        if len(names) != 1 or any(others) or given.vararg or given.kwarg:
            raise EscapeError
        outer, self._frames = self._frames, self._frames | set(names)
        try:
            return self.plain(node.body)
        finally:
            self._frames = outer

    def kind(self, node: ast.expr) -> Kind:  # noqa: PLR0911 - one case a line
        """Follow an expression, and return the kind of its value."""
        match node:
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp():
                return join(self.plain(node.left), self.plain(node.right))
            case ast.UnaryOp():
                kind = self.plain(node.operand)
                return Kind.DATA if isinstance(node.op, ast.Not) else kind
            case ast.Compare():
                return self._compare(node)
            case ast.NamedExpr():
                self.plain(node.target)
                return self.plain(node.value)
            case ast.Starred():
                return self.plain(node.value)
        self._follow_parts(node)
        return Kind.DATA if isinstance(node, _LITERALS) else Kind.OTHER

    def _follow_parts(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.plain(child)
            elif not (isinstance(child, ast.Assign) and self._is_narrowed(child)):
                if self._frames & set(bound_names(child)):
                    raise EscapeError
                self._follow_parts(child)

    def _is_narrowed(self, node: ast.Assign) -> bool:
        """Return whether rows of the chunk are assigned to its name."""
        names = [item.id for item in node.targets if isinstance(item, ast.Name)]
        if len(names) < len(node.targets) or not set(names) <= {self.cell.name}:
            return False
        return self.kind(node.value) is Kind.FRAME

    def _name(self, node: ast.Name) -> Kind:
        if node.id not in self._frames:
            return self._variables.get(node.id, Kind.OTHER)
        if isinstance(node.ctx, ast.Store):
            # The name of the chunk now refers to something else.
            raise EscapeError
        return Kind.FRAME if isinstance(node.ctx, ast.Load) else Kind.OTHER

    def _attribute(self, node: ast.Attribute) -> Kind:
        kind = self.kind(node.value)
        if kind in HOLDERS:
            return self._forms.attribute(self, kind, node)
        if kind is Kind.SERIES:
            return self._forms.computed(node.attr, is_called=False)
        return Kind.OTHER

    def _subscript(self, node: ast.Subscript) -> Kind:
        match node.value:
            case ast.Attribute(value=owner, attr="loc" | "shape"):
                is_frame = self.kind(owner) is Kind.FRAME
                found = self._forms.indexer(self, node) if is_frame else None
                if found is not None:
                    return found
        kind = self.kind(node.value)
        if kind in HOLDERS:
            return self._forms.subscript(self, kind, node)
        self.plain(node.slice)
        return Kind.DATA if kind in COMPUTED else Kind.OTHER

    def _call(self, node: ast.Call) -> Kind:
        function = node.func
        if isinstance(function, ast.Attribute):
            kind = self.kind(function.value)
            if kind in HOLDERS:
                return self._forms.method(self, kind, node)
            self.plain_arguments(node)
            if kind in COMPUTED:
                found = self._forms.computed(function.attr, is_called=True)
                is_certain = kind is Kind.SERIES or found is Kind.OTHER
                return found if is_certain else Kind.DATA
            return self._forms.function(self, node)
        is_length = self.cell.resolve(function) is len and len(node.args) == 1
        if is_length and self.kind(node.args[0]) in {Kind.FRAME, Kind.GROUPS}:
            return Kind.DATA
        self.plain(function)
        self.plain_arguments(node)
        return self._forms.function(self, node)

    def _compare(self, node: ast.Compare) -> Kind:
        kind = self.plain(node.left)
        for operand in node.comparators:
            kind = join(kind, self.plain(operand))
        is_elementwise = len(node.ops) == 1 and isinstance(node.ops[0], _ORDERINGS)
        return kind if is_elementwise else Kind.DATA

    def _find_variables(self) -> None:
        """Find the kinds of the cell's variables, from the most specific downwards."""
        bindings = self.cell.bindings
        namespace = self.cell.namespace
        for name in find_names(self.cell.tree) - {self.cell.name}:
            bound = bindings.get(name, [])
            if all(item.value and not item.is_element for item in bound):
                self._variables[name] = Kind.SERIES
                if name in namespace:
                    self._variables[name] = kind_of_value(namespace[name])
                elif not bound:
                    self._variables[name] = Kind.OTHER
        is_stable = False
        while not is_stable:
            is_stable = True
            for name, before in self._variables.items():
                values = (each.value for each in bindings.get(name, []))
                kinds = [self.kind(value) for value in values if value is not None]
                kind = functools.reduce(weaker, kinds, before)
                is_stable = is_stable and kind is before
                self._variables[name] = kind


def find_height(node: ast.Subscript) -> Kind | None:
    """Return the kind of ``frame.shape[0]``; None for any other part."""
    match node:
        case ast.Subscript(
            value=ast.Attribute(attr="shape"), slice=ast.Constant(value=int(place))
        ):
            return Kind.DATA if place == 0 and place is not False else None
    return None
