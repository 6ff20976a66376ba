"""Reads the calls that IPython generates for magics and shell lines.

Most of their text is for other programs; there only ``{name}`` and ``$name``, which
IPython expands, are variables. A few magics run their text as code, and a few take the
name of an object.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

MagicKind = Literal["line", "cell"]

# The calls that IPython generates for magics and for shell lines.
MAGIC_CALLS: dict[str, MagicKind] = {
    "run_line_magic": "line",
    "run_cell_magic": "cell",
}
SHELL_CALLS = frozenset({"system", "getoutput"})

# Magics whose text is Python code.
_CODE_MAGICS = frozenset(
    {
        *("capture", "debug", "prun", "time", "timeit"),
        *("lprun", "mem", "memit", "memray_flamegraph", "mprun", "scalene"),
        *("chunked", "gc_pause", "isolated"),
    }
)
# Magics in whose text each word can be the name of an object.
_OBJECT_MAGICS = frozenset(
    {
        *("macro", "page", "pdef", "pdoc", "pfile", "pinfo", "pinfo2", "psource"),
        *("reset_selective", "store", "xdel"),
        *("memfree", "memls", "shrink", "spill", "to_numpy"),
    }
)

_WORD = re.compile(r"[^\W\d]\w*")
_EXPANDED = re.compile(r"\{([^{}]+)\}|\$([^\W\d]\w*)")
# The conversion and format after an expression: ``!r`` and ``:>10``.
_FORMAT = re.compile(r"(![rsa])?(:[^:]*)?$")
_OPTIONS = re.compile(r"(\s*-\w+(\s*\d+)?(?=\s))*")
_IPYTHON_LINE = re.compile(r"^(\s*)([^\W\d][\w, ]*=\s*)?([!%].*)$", re.MULTILINE)

FindNames = Callable[[ast.Module], Iterator[str]]


@dataclass(frozen=True, slots=True)
class MagicCall:
    """A call of a magic.

    Attributes
    ----------
    kind : {"line", "cell"}
        Whether it is a line magic or a cell magic.
    name : str
        Its name, without percent signs.
    line : str
        The text after the name.
    cell : str
        The lines below; empty for a line magic.
    """

    kind: MagicKind
    name: str
    line: str
    cell: str


def read_magic_call(node: ast.AST) -> MagicCall | None:
    """Return the magic call in a piece of code; None for other code.

    Parameters
    ----------
    node : ast.AST
        A call, or a statement that only consists of a call or its assignment.

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


def restore_magic(line: str) -> str:
    """Return a line of code with the magic that IPython turned into a call.

    Parameters
    ----------
    line : str
        A line of a cell, as IPython runs it.

    Examples
    --------
    >>> restore_magic("get_ipython().run_cell_magic('time', '', 'x = 1')")
    '%%time'
    >>> restore_magic("x = 1")
    'x = 1'
    """
    try:
        (statement,) = ast.parse(line).body
    except (SyntaxError, ValueError, RecursionError):
        return line
    call = read_magic_call(statement)
    if call is None:
        return line
    sign = "%%" if call.kind == "cell" else "%"
    return f"{sign}{call.name} {call.line}".rstrip()


def find_words(text: str) -> Iterator[str]:
    """Yield the words of a text that can be names."""
    yield from _WORD.findall(text)


def find_call_names(call: ast.Call, find_names: FindNames) -> Iterator[str]:
    """Yield the names that a magic or a shell line reads, by its text.

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
        # The line of `capture` names variables to set; those of others may be code.
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
    code = code[_OPTIONS.match(code).end() :]  # type: ignore[union-attr] # it always matches
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
    """Yield the names in the parts of a text that IPython expands."""
    for expression, name in _EXPANDED.findall(text):
        if name:
            yield name
            continue
        for code in (expression, _FORMAT.sub("", expression)):
            try:
                tree = ast.parse(code.strip())
            except SyntaxError:
                continue  # Text for another program, such as awk.
            yield from find_names(tree)
            break
