"""Reads the calls that IPython makes of magics and shell lines.

Most of their text is for other programs: there a variable is what IPython puts in for
``{name}`` and ``$name``. A few magics run their text as code, and a few take an object
by name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

MagicKind = Literal["line", "cell"]

# The calls that IPython makes of magics and of shell lines.
MAGIC_CALLS: dict[str, MagicKind] = {
    "run_line_magic": "line",
    "run_cell_magic": "cell",
}
SHELL_CALLS = frozenset({"system", "getoutput"})

# Their text is Python.
_CODE_MAGICS = frozenset(
    {
        *("capture", "debug", "prun", "time", "timeit"),
        *("lprun", "mem", "memit", "memray_flamegraph", "mprun", "scalene"),
        *("chunked", "gc_pause", "isolated"),
    }
)
# Each word of theirs can be the name of an object.
_OBJECT_MAGICS = frozenset(
    {
        *("macro", "page", "pdef", "pdoc", "pfile", "pinfo", "pinfo2", "psource"),
        *("reset_selective", "store", "xdel"),
        *("memfree", "memls", "shrink", "spill", "to_numpy"),
    }
)

_WORD = re.compile(r"[^\W\d]\w*")
_EXPANDED = re.compile(r"\{([^{}]+)\}|\$([^\W\d]\w*)")
# What a format may have behind an expression: ``!r`` and ``:>10``.
_FORMAT = re.compile(r"(![rsa])?(:[^:]*)?$")
_OPTIONS = re.compile(r"(\s*-\w+(\s*\d+)?(?=\s))*")
_IPYTHON_LINE = re.compile(r"^(\s*)([^\W\d][\w, ]*=\s*)?([!%].*)$", re.MULTILINE)

FindNames = Callable[[ast.Module], Iterator[str]]


@dataclass(frozen=True, slots=True)
class MagicCall:
    """A magic as IPython calls it.

    Attributes
    ----------
    kind : {"line", "cell"}
        What it is called for.
    name : str
        Its name, without percent signs.
    line : str
        What follows the name.
    cell : str
        The lines below; empty for a line magic.
    """

    kind: MagicKind
    name: str
    line: str
    cell: str


def read_magic_call(node: ast.AST) -> MagicCall | None:
    """Return the magic that a piece of code calls; None for anything else.

    Parameters
    ----------
    node : ast.AST
        A call, or a statement of nothing but a call or its assignment.

    Examples
    --------
    >>> (statement,) = ast.parse("x = ip.run_line_magic('memls', 'df')").body
    >>> read_magic_call(statement)
    MagicCall(kind='line', name='memls', line='df', cell='')
    """
    if isinstance(node, (ast.Expr, ast.Assign)):
        node = node.value
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    kind = MAGIC_CALLS.get(node.func.attr)
    texts = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
    if kind is None or not texts:
        return None
    line, cell = (*texts[1:3], "", "")[:2]
    return MagicCall(kind, texts[0], line, cell if kind == "cell" else "")


def find_words(text: str) -> Iterator[str]:
    """Yield all that can be a name in a text."""
    yield from _WORD.findall(text)


def find_call_names(call: ast.Call, find_names: FindNames) -> Iterator[str]:
    """Yield the names that a call of a magic or a shell line reads in its text.

    Parameters
    ----------
    call : ast.Call
        A call of one of `MAGIC_CALLS` or `SHELL_CALLS`.
    find_names : callable
        Yields the names that code reads.

    Examples
    --------
    >>> call = ast.parse("run_cell_magic('bash', '', 'echo data')").body[0].value
    >>> list(find_call_names(call, lambda tree: iter(())))
    []
    """
    texts = [
        each.value
        for each in call.args
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    if not texts:
        return
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in SHELL_CALLS:
        yield from _find_expanded(texts[0], find_names)
    else:
        yield from _find_magic_names(texts[0], texts[1:], find_names)


def _find_magic_names(
    magic: str, texts: list[str], find_names: FindNames
) -> Iterator[str]:
    """Yield the names in the line of a magic and, if it has one, in its cell."""
    line, cell = (*texts, "", "")[:2]
    yield from _find_expanded(line, find_names)
    if magic in _OBJECT_MAGICS:
        yield from find_words(line)
    elif magic in _CODE_MAGICS:
        # Of `capture` the line names what is set; of others it may be code as well.
        if magic != "capture":
            yield from _find_code_names(line, find_names)
        yield from _find_code_names(cell, find_names)


def _find_code_names(text: str, find_names: FindNames) -> Iterator[str]:
    """Yield the names in a text that runs as a cell would."""
    if text.lstrip().startswith("%%"):
        head, _, cell = text.lstrip()[2:].partition("\n")
        magic, _, line = head.partition(" ")
        yield from _find_magic_names(magic, [line, cell], find_names)
        return
    lines: list[str] = []

    def keep(match: re.Match[str]) -> str:
        lines.append(match[3])
        return f"{match[1]}{match[2] or ''}None"

    code = _IPYTHON_LINE.sub(keep, text)
    code = code[_OPTIONS.match(code).end() :]  # type: ignore[union-attr] # it is empty
    for each in lines:
        magic, _, line = each[1:].partition(" ")
        if each.startswith("%"):
            yield from _find_magic_names(magic, [line], find_names)
        else:
            yield from _find_expanded(each, find_names)
    try:
        tree = ast.parse(code.strip())
    except SyntaxError:
        yield from find_words(code)
    else:
        yield from find_names(tree)


def _find_expanded(text: str, find_names: FindNames) -> Iterator[str]:
    """Yield the names in what IPython puts its values in for."""
    for expression, name in _EXPANDED.findall(text):
        if name:
            yield name
            continue
        for code in (expression, _FORMAT.sub("", expression)):
            try:
                tree = ast.parse(code.strip())
            except SyntaxError:
                continue  # Text of another program, such as awk's.
            yield from find_names(tree)
            break
