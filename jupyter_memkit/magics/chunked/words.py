"""Infers the chunk's name in a cell of ``%%chunked``, and whether its value matters."""

from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.cells.inputs import find_inputs
from jupyter_memkit.cells.names import find_global_names
from jupyter_memkit.techniques.chunked.body import INFO_NAME

_DEFAULT = "chunk"

_TABLES = frozenset(
    {"DataFrame", "LazyFrame", "RecordBatch", "Series", "Table", "ndarray"}
)

# Functions that are called for their side effects.
_ACTS = (
    *("add", "append", "close", "commit", "display", "dump", "execute", "extend"),
    *("fit", "insert", "learn", "log", "partial_fit", "plot", "print", "push", "put"),
    *("run_line_magic", "run_cell_magic", "save", "send", "set", "show", "submit"),
    *("system", "to_csv", "to_feather", "to_hdf", "to_json", "to_parquet", "to_pickle"),
    *("to_sql", "train", "update", "upload", "write"),
)


def choose_name(
    given: str | None, tree: ast.Module, namespace: Mapping[str, Any]
) -> str:
    """Return the name of the chunk in a cell.

    Parameters
    ----------
    given : str or None
        The name given by ``--as``.
    tree : ast.Module
        The parsed cell.
    namespace : mapping
        The user's variables.

    Returns
    -------
    str
        The given name, or the one that the cell uses: ``chunk``, or else its only
        undefined name.

    Raises
    ------
    UsageError
        If the cell does not read the chunk, but a variable that may be meant as it.
    """
    names, _ = find_global_names(tree)
    if given is not None or {_DEFAULT, INFO_NAME} & set(names):
        return given or _DEFAULT
    read = find_inputs(tree, names)
    unknown = [
        name for name in read if name not in namespace and not hasattr(builtins, name)
    ]
    if len(unknown) == 1:
        return unknown[0]
    if unknown:
        message = (
            f"{' and '.join(unknown)} are not defined, and the cell does not read "
            f"{_DEFAULT}; name the chunk with --as, such as --as {unknown[0]}"
        )
        raise UsageError(message)
    known = {name: namespace[name] for name in read if name in namespace}
    tables = [name for name, each in known.items() if type(each).__name__ in _TABLES]
    # A function of the notebook may read the chunk itself.
    if tables and not any(type(each) is FunctionType for each in known.values()):
        message = (
            f"the cell reads your variable {tables[0]} instead of the chunk; add --as "
            f"{tables[0]} if it stands for the chunk, or use {_DEFAULT} in the cell"
        )
        raise UsageError(message)
    return _DEFAULT


def drops_value(cell: str, tree: ast.Module, namespace: Mapping[str, Any]) -> bool:
    """Return whether a cell ends with a value that the user may want to keep.

    A semicolon at the end discards it on purpose.
    """
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr) or cell.rstrip().endswith(";"):
        return False
    value = last.value
    if isinstance(value, ast.Call):
        return _has_value(value, namespace)
    return not isinstance(value, ast.Constant)


def _has_value(call: ast.Call, namespace: Mapping[str, Any]) -> bool:
    if any(each.arg == "inplace" for each in call.keywords):
        return False
    function = call.func
    name = getattr(function, "attr", getattr(function, "id", ""))
    known = namespace.get(name, getattr(builtins, name, None))
    if isinstance(function, ast.Name) and issubclass(type(known), type):
        return True  # `set(…)` creates a value, `.set(…)` acts.
    if name in _ACTS or name.startswith(("write_", "save_", "sink_", "set_", "plot_")):
        return False
    if isinstance(function, ast.Name):
        return (
            _returns_value(known) if type(known) is FunctionType else known is not None
        )
    root: ast.AST = function
    while isinstance(root, (ast.Attribute, ast.Call, ast.Subscript)):
        root = root.func if isinstance(root, ast.Call) else root.value
    # What a method of a user's object does with the chunk is unknown.
    known = namespace.get(root.id) if isinstance(root, ast.Name) else None
    return known is None or issubclass(type(known), ModuleType)


def _returns_value(function: FunctionType) -> bool:
    before: Any = None
    for instruction in dis.get_instructions(function):
        if instruction.opname == "RETURN_CONST" and instruction.argval is not None:
            return True
        is_none = before is not None and before.opname == "LOAD_CONST"
        is_none = is_none and before.argval is None
        if instruction.opname == "RETURN_VALUE" and not is_none:
            return True
        before = instruction
    return False
