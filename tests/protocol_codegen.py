"""Generates ``labextension/src/protocol.ts`` from ``jupyter_memkit/protocol.py``.

Run ``python -m tests.protocol_codegen`` after changing the protocol.
"""

from __future__ import annotations

import inspect
import types
import typing
from pathlib import Path

from jupyter_memkit import protocol

TARGET = Path(__file__).parents[1] / "labextension" / "src" / "protocol.ts"

_HEADER = """\
// Generated from jupyter_memkit/protocol.py by `python -m tests.protocol_codegen`.
// Do not edit: change the Python module and run the command.
"""

_PRIMITIVES = {str: "string", int: "number", float: "number", bool: "boolean"}


def _type_script_type(annotation: object) -> str:
    """Translate one Python annotation to a TypeScript type."""
    if isinstance(annotation, type) and annotation in _PRIMITIVES:
        return _PRIMITIVES[annotation]
    if annotation is type(None):
        return "null"
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        return annotation.__name__
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is list:
        return f"{_type_script_type(arguments[0])}[]"
    if origin is typing.Literal:
        return " | ".join(f"'{value}'" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(_type_script_type, arguments))
    message = f"the protocol cannot express {annotation!r} in TypeScript"
    raise TypeError(message)


def _doc_comment(text: str) -> list[str]:
    """Convert a docstring to a documentation comment."""
    lines = inspect.cleandoc(text).replace("``", "`").splitlines()
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"]


def _type_alias(typed_dict: type) -> list[str]:
    """Declare one TypedDict as a TypeScript type."""
    fields = typing.get_type_hints(typed_dict).items()
    return [
        "",
        *_doc_comment(typed_dict.__doc__ or ""),
        f"export type {typed_dict.__name__} = {{",
        *(f"  {name}: {_type_script_type(annotation)};" for name, annotation in fields),
        "};",
    ]


def generate() -> str:
    """Return the text of ``protocol.ts``."""
    lines = [_HEADER]
    for name, value in vars(protocol).items():
        if isinstance(value, (str, int)) and name.isupper():
            literal = f"'{value}'" if isinstance(value, str) else str(value)
            lines.append(f"export const {name} = {literal};")
    for name, value in vars(protocol).items():
        if typing.is_typeddict(value):
            lines += _type_alias(value)
        elif isinstance(value, types.UnionType):
            lines += ["", f"export type {name} = {_type_script_type(value)};"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(generate())
