"""Parses the code of cells, which need not be valid."""

from __future__ import annotations

import ast


def parse(code: str) -> ast.Module:
    """Return the syntax tree of code; an empty one if it does not parse."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])
