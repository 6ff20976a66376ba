"""Generates the reference of the magics from their parsers and docstrings.

The source of each page is what ``%magic?`` shows: the description, the examples and the
arguments that the parser of the magic accepts.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from extensions.pages import write_page
from jupyter_memkit import extension

# The title of a section of a docstring, and the line below it.
_SECTION = re.compile(r"^(\w+)\n-+\n", re.MULTILINE)
_TYPES = {
    "duration": "duration, such as `5s`",
    "fraction": "fraction between 0 and 1",
    "int": "whole number",
    "size": "size, such as `2GB`",
    "variable": "name of a variable",
    "variables": "names of variables, separated by commas",
    "whole_number": "whole number of at least 1",
}


def list_magics() -> dict[str, Any]:
    """Return the functions of all magics by name, each with its parser."""
    found = {}
    for magics in extension._MAGICS:
        for kind in ("line", "cell"):
            for name, function in magics.magics[kind].items():
                found[name] = getattr(magics, function)
    return dict(sorted(found.items()))


def list_names(name: str) -> list[str]:
    """Return a magic as it is written in a line and above a cell."""
    kinds = {
        kind
        for magics in extension._MAGICS
        for kind in ("line", "cell")
        if name in magics.magics[kind]
    }
    return [
        sign + name for kind, sign in (("line", "%"), ("cell", "%%")) if kind in kinds
    ]


def describe_magic(name: str, magic: Any) -> str:
    """Return the page of a magic as Markdown."""
    parser: argparse.ArgumentParser = magic.parser
    summary, _, rest = inspect.cleandoc(parser.description or "").partition("\n\n")
    names = ", ".join(f"`{each}`" for each in list_names(name))
    lines = [f"# {names}", "", _one_line(summary), "", *_usage(parser), ""]
    prose, *sections = _SECTION.split(rest)
    lines += [*_from_docstring(prose), ""]
    positional = [each for each in parser._actions if not each.option_strings]
    optional = [each for each in parser._actions if each.option_strings]
    for title, actions in (("Arguments", positional), ("Options", optional)):
        if actions:
            lines += [f"## {title}", ""]
            for each in actions:
                # As `%magic?` shows it: a percent sign is written twice in a parser.
                text = parser._get_formatter()._expand_help(each) if each.help else ""
                lines += _describe_argument(each, text)
    for title, text in zip(sections[::2], sections[1::2], strict=True):
        lines += [f"## {title}", "", *_from_docstring(text), ""]
    return "\n".join(lines).rstrip() + "\n"


def list_page(magics: dict[str, Any]) -> str:
    """Return the page that lists all magics."""
    lines = [
        "# Magics",
        "",
        "What each magic accepts, as its help (`%memls?`) shows it in a notebook.",
        "Words with spaces are quoted, options are written in full, and the Tab key",
        "completes options and values.",
        "",
        "| magic | does |",
        "|---|---|",
    ]
    for name, magic in magics.items():
        summary = inspect.cleandoc(magic.parser.description).partition("\n\n")[0]
        names = ", ".join(f"`{each}`" for each in list_names(name))
        lines.append(f"| [{names}]({name}.md) | {_one_line(summary)} |")
    toctree = ["", "```{toctree}", ":hidden:", "", *magics, "```", ""]
    return "\n".join(lines + toctree)


def _usage(parser: argparse.ArgumentParser) -> Iterator[str]:
    usage = parser.format_usage().strip().removeprefix("::").strip("\n")
    yield "```text"
    yield inspect.cleandoc(usage)
    yield "```"


def _describe_argument(action: argparse.Action, text: str) -> Iterator[str]:
    names = ", ".join(f"`{each}`" for each in action.option_strings)
    metavar = action.metavar or action.dest.upper()
    if not names:
        names = f"`{action.metavar or action.dest}`"
    elif action.nargs != 0:
        names += f" `{metavar}`"
    details = []
    kind = getattr(action.type, "__name__", None)
    if action.choices:
        details.append(" or ".join(f"`{each}`" for each in action.choices))
    elif kind is not None:
        details.append(_TYPES.get(kind, "text"))
    elif not action.option_strings or action.nargs != 0:
        details.append("text")
    if action.nargs in ("*", "+"):
        details.append("can be repeated")
    if action.required and action.option_strings:
        details.append("required")
    yield names
    detail = f" *({'; '.join(details)})*" if details else ""
    yield f":   {_escape(text)}{detail}"
    yield ""


def _from_docstring(text: str) -> Iterator[str]:
    """Convert a docstring, in which `::` introduces a block of code, to Markdown."""
    lines = inspect.cleandoc(text).splitlines()
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line.rstrip().endswith("::"):
            yield line.replace("``", "`")
            continue
        if line.strip() != "::":
            yield line.rstrip()[:-1].replace("``", "`")
        block = []
        while position < len(lines) and (
            not lines[position] or lines[position].startswith(" ")
        ):
            block.append(lines[position])
            position += 1
        yield from ["", "```ipython", *_trim(block), "```", ""]


def _trim(block: list[str]) -> list[str]:
    return inspect.cleandoc("\n".join(block)).strip("\n").splitlines()


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _escape(text: str) -> str:
    """Keep the characters of a help text that Markdown would interpret."""
    return "".join("\\" + each if each in "*_<>[]`|$" else each for each in text)


def generate(app: Sphinx) -> None:
    """Write the pages."""
    folder = Path(app.srcdir) / "reference" / "magics"
    magics = list_magics()
    write_page(folder / "index.md", list_page(magics))
    for name, magic in magics.items():
        write_page(folder / f"{name}.md", describe_magic(name, magic))


def setup(app: Sphinx) -> dict[str, bool]:
    """Generate the pages before Sphinx looks for sources."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
