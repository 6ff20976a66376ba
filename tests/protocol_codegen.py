"""Generates the TypeScript side of the protocol from ``jupyter_memkit/protocol.py``.

Each message becomes an interface with the names of the page (``peak_bytes`` is
``peakBytes``), and a decoder that checks a message and converts it. So a field of the
protocol is written once, in Python.

Run ``python -m tests.protocol_codegen`` after changing the protocol.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path

from jupyter_memkit import protocol

TARGET = Path(__file__).parents[1] / "labextension" / "src" / "wire" / "protocol.ts"

_HEADER = """\
// Generated from jupyter_memkit/protocol.py by `python -m tests.protocol_codegen`.
// Do not edit: change the Python module and run the command.

import {
  boolean,
  columns,
  listOf,
  literal,
  nullable,
  number,
  record,
  string,
  tagged
} from './decode';
"""

_PRIMITIVES = {str: "string", int: "number", float: "number", bool: "boolean"}
# From the kernel, one of several; from the server, each in reply to its own request.
_UNIONS = ("Broadcast", "Reply")
_SINGLE = (
    protocol.ServerReading,
    protocol.KernelList,
    protocol.LastDeath,
    protocol.Tour,
)
_SENT = "LabMessage"


def generate() -> str:
    """Return the text of ``protocol.ts``."""
    lines = [_HEADER]
    for name, value in vars(protocol).items():
        if isinstance(value, (str, int)) and name.isupper():
            literal = f"'{value}'" if isinstance(value, str) else str(value)
            lines.append(f"export const {name} = {literal};")
    unions = {name: getattr(protocol, name) for name in _UNIONS}
    for message in _ordered([*unions.values(), *_SINGLE]):
        lines += _interface(message) + _decoder(message)
    for name, union in unions.items():
        lines += _union(name, union)
    sent = typing.get_args(getattr(protocol, _SENT))
    for message in sent:
        lines += _sent_type(message)
    names = " | ".join(message.__name__ for message in sent)
    lines += ["", f"export type {_SENT} = {names};"]
    return "\n".join(lines) + "\n"


def _ordered(roots: list[object]) -> list[type]:
    """Return all messages that these refer to, each after those it consists of."""
    found: dict[type, None] = {}

    def visit(annotation: object) -> None:
        if isinstance(annotation, type) and typing.is_typeddict(annotation):
            for field in typing.get_type_hints(annotation).values():
                visit(field)
            found[annotation] = None
        for argument in typing.get_args(annotation):
            visit(argument)

    for root in roots:
        visit(root)
    return list(found)


def _fields(message: type) -> Iterator[tuple[str, str, object]]:
    """Yield each field's name in the page, its name in the message, and its type."""
    for name, annotation in typing.get_type_hints(message).items():
        key = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
        yield key, name, annotation


def _interface(message: type) -> list[str]:
    return [
        "",
        *_doc_comment(message.__doc__ or ""),
        f"export interface I{message.__name__} {{",
        *(
            f"  readonly {key}: {_received_type(annotation)};"
            for key, _, annotation in _fields(message)
        ),
        "}",
    ]


def _decoder(message: type) -> list[str]:
    name = message.__name__
    fields = list(_fields(message))
    is_columns = all(typing.get_origin(each) is list for _, _, each in fields)
    kind = "columns" if is_columns else "record"
    return [
        "",
        f"export const decode{name} = {kind}<I{name}>({{",
        ",\n".join(
            f"  {key}: ['{field}', {_decoder_of(annotation)}]"
            for key, field, annotation in fields
        ),
        "});",
    ]


def _union(name: str, union: object) -> list[str]:
    members = typing.get_args(union)
    tags = {typing.get_type_hints(member)["type"]: member for member in members}
    names = " | ".join(f"I{member.__name__}" for member in members)
    return [
        "",
        f"export type {name} = {names};",
        "",
        f"export const decode{name} = tagged<{name}>({{",
        ",\n".join(
            f"  {typing.get_args(tag)[0]}: decode{member.__name__}"
            for tag, member in tags.items()
        ),
        "});",
    ]


def _sent_type(message: type) -> list[str]:
    return [
        "",
        *_doc_comment(message.__doc__ or ""),
        f"export type {message.__name__} = {{",
        *(
            f"  {name}: {_received_type(annotation)};"
            for _, name, annotation in _fields(message)
        ),
        "};",
    ]


def _received_type(annotation: object) -> str:
    """Translate a Python annotation to a TypeScript type."""
    if isinstance(annotation, type) and annotation in _PRIMITIVES:
        return _PRIMITIVES[annotation]
    if annotation is type(None):
        return "null"
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        return f"I{annotation.__name__}"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        each = _received_type(arguments[0])
        return f"readonly ({each})[]" if "|" in each else f"readonly {each}[]"
    if origin is typing.Literal:
        return " | ".join(f"'{value}'" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_received_type, arguments))
    message = f"the protocol cannot express {annotation!r} in TypeScript"
    raise TypeError(message)


def _decoder_of(annotation: object) -> str:
    """Return the decoder for a Python annotation."""
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        return f"decode{annotation.__name__}"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        return f"listOf({_decoder_of(arguments[0])})"
    if origin is typing.Literal:
        return f"literal({', '.join(repr(value) for value in arguments)})"
    if origin in (typing.Union, types.UnionType):
        (present,) = (each for each in arguments if each is not type(None))
        return f"nullable({_decoder_of(present)})"
    return _received_type(annotation)


def _doc_comment(text: str) -> list[str]:
    """Convert a docstring to a documentation comment."""
    lines = inspect.cleandoc(text).replace("``", "`").splitlines()
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"]


if __name__ == "__main__":
    TARGET.write_text(generate())
