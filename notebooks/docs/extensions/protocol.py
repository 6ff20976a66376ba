"""Generates the reference of the protocol from ``jupyter_memkit/protocol.py``."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx

from extensions.pages import write_page
from jupyter_memkit import protocol


def describe_protocol() -> str:
    """Return the page as Markdown."""
    design = inspect.cleandoc(protocol.__doc__ or "").split("\n\n")
    # The first paragraphs are for those who change the module.
    lines = ["# Protocol", "", *(_to_markdown(each) + "\n" for each in design[2:])]
    lines += ["| constant | value |", "|---|---|"]
    lines += [
        f"| `{name}` | `{value!r}` |"
        for name, value in vars(protocol).items()
        if name.isupper() and isinstance(value, (str, int))
    ]
    lines += ["", "## Messages", ""]
    for name, value in vars(protocol).items():
        if typing.is_typeddict(value) and value.__module__ == protocol.__name__:
            lines += _describe_message(name, value)
    return "\n".join(lines).rstrip() + "\n"


def _describe_message(name: str, message: type) -> Iterator[str]:
    yield from [f"### {name}", "", _to_markdown(inspect.getdoc(message) or ""), ""]
    yield from ["| field | type |", "|---|---|"]
    for field, annotation in typing.get_type_hints(message).items():
        yield f"| `{field}` | `{_name_type(annotation)}` |"
    yield ""


def _name_type(annotation: object) -> str:
    """Return a type as it is written in the module, escaped for a table."""
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    if typing.get_origin(annotation) is list:
        (item,) = typing.get_args(annotation)
        text = f"list[{_name_type(item)}]"
    text = re.sub(r"typing\.|jupyter_memkit\.protocol\.", "", text)
    return text.replace("NoneType", "None").replace("|", "\\|")


def _to_markdown(text: str) -> str:
    # First the references to names, in single quotes, then code.
    return text.replace("``", "`")


def generate(app: Sphinx) -> None:
    """Write the page."""
    write_page(Path(app.srcdir) / "reference" / "protocol.md", describe_protocol())


def setup(app: Sphinx) -> dict[str, bool]:
    """Generate the page before Sphinx looks for sources."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
