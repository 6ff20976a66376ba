"""Finds the line of a cell that stored into a variable, from the cells' code.

Also finds the names whose values go into a backward pass, which a step of training
needs until then.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeGuard

from jupyter_memkit.cells.magic_calls import read_magic_call
from jupyter_memkit.cells.parsing import parse

StoreKind = Literal["bind", "augment", "grow", "store", "call"]

# Older cells are not searched.
_READ_CELLS = 200
# Methods that add to a container in place.
_GROWING = frozenset(
    {
        *("__setitem__", "add", "append", "appendleft", "extend", "extendleft"),
        *("insert", "put", "setdefault", "update"),
    }
)
# Attributes of tables through which a subscript reaches their cells.
_INDEXERS = frozenset({"at", "iat", "iloc", "loc"})
# Calls whose results have no graph.
_PLAIN_METHODS = frozenset({"detach", "item", "numpy", "tolist"})
_PLAIN_FUNCTIONS = frozenset({"bool", "deque", "defaultdict", "float", "int", "len"})
# Calls that leave gradients in their leaves, unlike `grad`.
_BACKWARD = ("backward", "manual_backward")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Steps = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A line that stores into a variable, or into a part of it.

    Attributes
    ----------
    name : str
        The variable.
    steps : tuple of (str or None)
        The code of the steps to the part (``["loss"]``, ``.total``); None if unknown.
    kind : {"bind", "augment", "grow", "store", "call"}
        ``n = x``, ``n += x``, ``n.append(x)``, ``n[0] = x``, or another method of it.
        What changes a tensor in place augments it: ``n.add_(x)``, and ``n[0] = x`` if
        the part that has the graph is ``n`` itself.
    value : ast.expr
        What is stored.
    repeats : bool
        Whether it is in a loop or a function.
    is_called : bool
        Whether it is in a function, which another cell may call.
    cell, line : int
        The numbers of the cell and of the line in it.
    text : str
        The line.
    """

    name: str
    steps: Steps
    kind: StoreKind
    value: ast.expr
    repeats: bool = False
    is_called: bool = False
    cell: int = 0
    line: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a cell.

    Attributes
    ----------
    cell, line : int
        The numbers of the cell and of the line in it.
    text : str
        The line.
    """

    cell: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a piece of code is."""

    repeats: bool = False
    # The globals of a function; None outside of one.
    own_globals: frozenset[str] | None = None
    class_name: str = ""
    # The name of a method's first parameter.
    self_name: str = ""


def find_store(
    cells: Sequence[str],
    name: str,
    steps: Steps = (),
    class_names: Collection[str] = (),
    *,
    is_local: bool = False,
) -> Store | None:
    r"""Find the last line that stored something with a graph into a variable.

    Parameters
    ----------
    cells : sequence of str
        The code of the cells by number, as in IPython's ``In``.
    name : str
        The variable.
    steps : tuple of (str or None)
        The code of the steps to the part of it, from outside to inside.
    class_names : collection of str
        The names of its type and the bases, whose methods may store into it.
    is_local : bool
        Whether it is a variable of a function, in whose code alone the name stands for
        it.

    Returns
    -------
    Store or None
        The line; never one that stores a number, such as ``total = 0``. One that only
        scales, such as ``total /= n``, counts only if there is no other.

    Examples
    --------
    >>> cells = ["", "total = 0\nfor x in data:\n    total += f(x)"]
    >>> store = find_store(cells, "total")
    >>> store.cell, store.line, store.text
    (1, 3, 'total += f(x)')
    """
    found: Store | None = None
    best = (-1, 0)
    for number in range(max(0, len(cells) - _READ_CELLS), len(cells)):
        for code, offset in _read_parts(cells[number]):
            lines = code.splitlines()
            for store, scope in _find_stores(parse(code)):
                is_stored = _may_be(scope, store, name, is_local=is_local)
                is_stored |= _is_of_method(scope, store, class_names)
                is_stored &= _concerns(store, steps) and not _is_plain(store.value)
                if not is_stored:
                    continue
                rank = _rank(store)
                if rank < best:
                    continue
                best = rank
                in_place = store.kind == "store" and len(store.steps) > len(steps)
                found = replace(
                    store,
                    kind="augment" if in_place else store.kind,
                    cell=number,
                    line=store.line + offset,
                    text=lines[store.line - 1].strip(),
                )
    return found


def find_backward_inputs(cells: Sequence[str]) -> set[str]:
    r"""Return the names whose values go into a backward pass, directly or not.

    Examples
    --------
    >>> cells = ["", "loss = f(out)\nloss.backward()\nlosses.append(loss)"]
    >>> sorted(find_backward_inputs(cells))
    ['f', 'loss', 'out']
    """
    inputs: set[str] = set()
    made: list[tuple[str, set[str]]] = []
    imported: set[str] = set()
    for cell in cells[-_READ_CELLS:]:
        for code, _ in _read_parts(cell):
            tree = parse(code)
            for node in ast.walk(tree):
                if _is_backward(node):
                    inputs |= _find_names(node)
                elif isinstance(node, (ast.Import, ast.ImportFrom)):
                    imported |= _find_bound(node)
            made += (
                (store.name, _find_names(store.value))
                for store, _ in _find_stores(tree)
            )
    # `torch.cat([kept, out])` stores nothing into torch.
    made = [(name, names) for name, names in made if name not in imported]
    size = -1
    while len(inputs) > size:
        size = len(inputs)
        for name, names in made:
            if name in inputs:
                inputs |= names
    return inputs


def find_graph_creation(cells: Sequence[str]) -> Line | None:
    r"""Find the last backward pass that leaves gradients with a graph.

    Examples
    --------
    >>> cells = ["", "loss = f(x)\nloss.backward(create_graph=True)"]
    >>> line = find_graph_creation(cells)
    >>> line.cell, line.line, line.text
    (1, 2, 'loss.backward(create_graph=True)')
    """
    for number in reversed(range(max(0, len(cells) - _READ_CELLS), len(cells))):
        found = [
            Line(
                cell=number,
                line=node.lineno + offset,
                text=code.splitlines()[node.lineno - 1].strip(),
            )
            for code, offset in _read_parts(cells[number])
            for node in ast.walk(parse(code))
            if isinstance(node, ast.Call) and _creates_graph(node)
        ]
        if found:
            return max(found, key=lambda each: each.line)
    return None


def has_backward(cell: str) -> bool:
    """Return whether a cell contains a backward pass."""
    return any(
        _is_backward(node)
        for code, _ in _read_parts(cell)
        for node in ast.walk(parse(code))
    )


def is_code(cell: str) -> bool:
    """Return whether a cell does more than call magics and show values."""
    return any(
        not isinstance(node, ast.Expr) or isinstance(node.value, (ast.Call, ast.Await))
        for code, _ in _read_parts(cell)
        for node in parse(code).body
        if read_magic_call(node) is None
    )


def _read_parts(cell: str) -> Iterator[tuple[str, int]]:
    """Yield the code of a cell and of the magics in it, with the lines before it."""
    waiting = [(cell, 0)]
    while waiting:
        code, offset = waiting.pop()
        yield code, offset
        for node in parse(code).body:
            call = read_magic_call(node)
            if call is not None:
                is_cell = call.kind == "cell"
                before = offset + node.lineno - (0 if is_cell else 1)
                waiting.append((call.cell if is_cell else call.line, before))


def _find_stores(tree: ast.Module) -> Iterator[tuple[Store, _Scope]]:
    """Yield all lines that store, in the order of the code."""
    waiting: list[tuple[ast.AST, _Scope]] = [(tree, _Scope())]
    found: list[tuple[Store, _Scope]] = []
    while waiting:
        node, scope = waiting.pop()
        for store in _read_stores(node):
            placed = replace(
                store,
                line=getattr(node, "lineno", 0),
                repeats=scope.repeats,
                is_called=scope.own_globals is not None,
            )
            found.append((placed, scope))
        inner = _enter(node, scope)
        waiting += ((child, inner) for child in ast.iter_child_nodes(node))
    return iter(sorted(found, key=lambda each: each[0].line))


def _enter(node: ast.AST, scope: _Scope) -> _Scope:
    if isinstance(node, ast.ClassDef):
        return replace(scope, class_name=node.name, repeats=True)
    if isinstance(node, _FUNCTIONS):
        own = {
            name
            for each in ast.walk(node)
            if isinstance(each, ast.Global)
            for name in each.names
        }
        arguments = node.args.posonlyargs + node.args.args
        is_method = scope.class_name and scope.own_globals is None and arguments
        return replace(
            scope,
            repeats=True,
            own_globals=frozenset(own),
            self_name=arguments[0].arg if is_method else scope.self_name,
        )
    return replace(scope, repeats=True) if isinstance(node, _LOOPS) else scope


def _read_stores(node: ast.AST) -> Iterator[Store]:
    """Yield what a node itself stores."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _read_assigned(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _read_assigned(target, value)
        case ast.NamedExpr(target=target, value=value):
            yield from _read_target(target, value)
        case ast.AugAssign(target=target, op=op, value=value):
            yield from _read_assigned(target, ast.BinOp(target, op, value))
        case ast.For() | ast.AsyncFor():
            yield from _read_target(node.target, node.iter)
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[*_, value]):
            place = _read_place(owner)
            if place is not None:
                kind = _classify_method(method)
                yield Store(name=place[0], steps=place[1], kind=kind, value=value)


def _classify_method(name: str) -> StoreKind:
    if name in _GROWING:
        return "grow"
    # Torch's names of methods that change a tensor.
    is_in_place = name.endswith("_") and not name.endswith("__")
    return "augment" if is_in_place else "call"


def _read_assigned(target: ast.expr, value: ast.expr) -> Iterator[Store]:
    """Yield what an assignment stores, where `n = n + x` is the same as `n += x`."""
    match value:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right) if (
            _read_place(target) == _read_place(left) is not None
        ):
            for store in _read_target(target, right):
                yield replace(store, kind="augment")
        case _:
            yield from _read_target(target, value)


def _read_target(target: ast.expr, value: ast.expr) -> Iterator[Store]:
    waiting = [target]
    while waiting:
        each = waiting.pop()
        if isinstance(each, (ast.Tuple, ast.List)):
            waiting += each.elts
        elif isinstance(each, ast.Starred):
            waiting.append(each.value)
        else:
            place = _read_place(each)
            if place is not None:
                kind: StoreKind = "store" if place[1] else "bind"
                yield Store(name=place[0], steps=place[1], kind=kind, value=value)


def _read_place(node: ast.expr) -> tuple[str, Steps] | None:
    """Return the variable that an expression refers to, and the steps to a part."""
    steps: list[str | None] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(f".{node.attr}")
            node = node.value
        elif _is_indexer(node):
            steps.append(None)
            node = node.value.value
        elif isinstance(node, ast.Subscript):
            is_key = isinstance(node.slice, ast.Constant)
            steps.append(f"[{ast.unparse(node.slice)}]" if is_key else None)
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            # `losses.setdefault(key, []).append(loss)`
            steps.append(None)
            node = node.func.value
        else:
            return None
    return node.id, tuple(reversed(steps))


def _is_indexer(node: ast.expr) -> TypeGuard[Any]:
    """Return whether an expression is a cell of a table: ``table.loc[row]``."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in _INDEXERS
    )


def _may_be(scope: _Scope, store: Store, name: str, *, is_local: bool) -> bool:
    """Return whether a line stores into a variable, and not another of its name."""
    own = scope.own_globals
    if store.name != name:
        return False
    if is_local:
        return own is not None and name not in own
    # What a function binds is its own, unless it is declared global.
    is_bound = store.kind in ("bind", "augment") and not store.steps
    return not is_bound or own is None or name in own


def _is_of_method(scope: _Scope, store: Store, class_names: Collection[str]) -> bool:
    """Return whether a line of a method stores into the object that it belongs to."""
    return scope.class_name in class_names and scope.self_name == store.name


def _concerns(store: Store, steps: Steps) -> bool:
    """Return whether a line that stores into a variable may do so in a part of it."""
    if store.kind == "call" and not steps:
        return False
    return all(
        one == other or one is None or other is None
        for one, other in zip(store.steps, steps, strict=False)
    ) and (store.kind != "store" or all(map(_is_subscript, store.steps[len(steps) :])))


def _is_subscript(step: str | None) -> bool:
    return step is None or step.startswith("[")


def _rank(store: Store) -> tuple[int, int]:
    """Rank a line: those that only scale come last, methods before them."""
    known = len([step for step in store.steps if step is not None])
    if _only_scales(store):
        return 0, known
    return 1 if store.kind == "call" else 2, known


def _is_plain(value: ast.expr) -> bool:
    """Return whether an expression has a value without a graph."""
    match value:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            return all(map(_is_plain, parts))
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in _PLAIN_METHODS
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return function in _PLAIN_FUNCTIONS or (
                function in ("dict", "list") and not arguments
            )
    return False


def _only_scales(store: Store) -> bool:
    """Return whether a line divides or cuts what is there: `total = total / n`."""
    value: Any = store.value
    if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Div, ast.Mult)):
        value = value.left
    elif isinstance(value, ast.Subscript):
        value = value.value
    else:
        return False
    return _read_place(value) == (store.name, store.steps)


def _is_backward(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name_function(node) in (*_BACKWARD, "grad")


def _creates_graph(node: ast.Call) -> bool:
    return _name_function(node) in _BACKWARD and any(
        each.arg == "create_graph" for each in node.keywords
    )


def _name_function(node: ast.Call) -> str | None:
    return getattr(node.func, "attr", getattr(node.func, "id", None))


def _find_bound(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the names that an import binds."""
    return {each.asname or each.name.partition(".")[0] for each in node.names}


def _find_names(node: ast.AST) -> set[str]:
    """Return the names whose values an expression reads.

    What a function in it only adds to (`lambda x: seen.append(x)`), it does not read.
    """
    unread = {
        id(part)
        for each in ast.walk(node)
        if isinstance(each, ast.Lambda) and _grows(each.body)
        for part in ast.walk(each.body.func)
    }
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and id(each) not in unread
    }


def _grows(node: ast.expr) -> TypeGuard[ast.Call]:
    """Return whether an expression adds to a container."""
    return isinstance(node, ast.Call) and _name_function(node) in _GROWING
