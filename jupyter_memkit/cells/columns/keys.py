"""Finds the names of columns that an expression can evaluate to.

A constant is its own value. A variable is followed if each of its values, in the cell
and before it, is a constant. A list could be changed through any other use of its name,
so there must be no other use.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from jupyter_memkit.cells.columns.cell import ABSENT, Cell
from jupyter_memkit.cells.columns.kinds import EscapeError

# A name, or a list of names.
Key = str | list[str]


class Keys:
    """Finds the names of columns.

    Parameters
    ----------
    cell : Cell
        The code.
    """

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._lists: set[str] = set()
        self._under_way: set[str] = set()
        # The nodes at which a name is only read.
        self._read_only: set[int] = set()

    def find(self, node: ast.expr) -> list[Key] | None:
        """Return all values that an expression can have; None if not certain."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else None
        if isinstance(node, ast.List):
            return self._find_in_list(node)
        if isinstance(node, ast.Name):
            return self._find_in_variable(node)
        return None

    def find_mapped(self, node: ast.expr) -> list[str] | None:
        """Return the keys of a mapping; None if they are not certain."""
        if isinstance(node, ast.Dict):
            return self._find_texts(node.keys)
        if isinstance(node, ast.Name) and node.id not in self._cell.bindings:
            value = self._cell.namespace.get(node.id)
            if type(value) is dict and all(type(key) is str for key in value):
                self._lists.add(node.id)
                self._read_only.add(id(node))
                return list(value)
        return None

    def _find_texts(self, nodes: Iterable[ast.expr | None]) -> list[str] | None:
        """Return the values of expressions that are all strings; None otherwise."""
        texts: list[str] = []
        for node in nodes:
            found = None if node is None else self.find(node)
            if found is None or any(isinstance(key, list) for key in found):
                return None
            texts += [key for key in found if isinstance(key, str)]
        return texts

    def check_lists(self) -> None:
        """Refuse lists that the cell could change.

        Raises
        ------
        EscapeError
            If a followed list's name is also used in another way.
        """
        for name in self._lists:
            if any(id(node) not in self._read_only for node in self._cell.reads(name)):
                raise EscapeError

    def _find_in_list(self, node: ast.List) -> list[Key] | None:
        names: list[str] = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                lists = self.find(item.value)
                if lists is None or any(isinstance(key, str) for key in lists):
                    return None
                names += [name for some in lists for name in some]
            else:
                texts = self._find_texts([item])
                if texts is None:
                    return None
                names += texts
        return [names]

    def _find_in_variable(self, node: ast.Name) -> list[Key] | None:
        name = node.id
        if name in self._under_way:
            return None
        self._under_way.add(name)
        found = self._find_bound(name)
        self._under_way.remove(name)
        if found is None:
            return None
        self._read_only.add(id(node))
        if any(isinstance(key, list) for key in found):
            self._lists.add(name)
        return found

    def _find_bound(self, name: str) -> list[Key] | None:
        """Return all values of a variable, in the cell and before it."""
        found: list[Key] = []
        for binding in self._cell.bindings.get(name, []):
            values = self._find_value(binding.value)
            if values is None:
                return None
            if not binding.is_element:
                found += values
                continue
            for value in values:
                if isinstance(value, str):
                    return None
                found += value
        before = self._cell.namespace.get(name, ABSENT)
        if before is not ABSENT:
            key = _read_key(before)
            # A function could change it: the frame then raises, which must be visible.
            if key is None or self._cell.catches:
                return None
            found.append(key)
        return found or None

    def _find_value(self, node: ast.expr | None) -> list[Key] | None:
        if isinstance(node, ast.Tuple):
            # A loop may iterate over a tuple; as a key it would not name columns.
            return self._find_in_list(ast.List(node.elts, ast.Load()))
        return None if node is None else self.find(node)


def _read_key(value: Any) -> Key | None:
    if type(value) is str:
        return value
    # A loop may iterate over a tuple.
    if type(value) in (list, tuple) and all(type(item) is str for item in value):
        return list(value)
    return None
