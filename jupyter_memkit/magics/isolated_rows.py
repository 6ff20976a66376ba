"""How a shell shows values, as a part of the state that goes to an isolated process."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_memkit.techniques.isolated.state.row import Row

_TEXT = "text/plain"
_TRAITS = (
    "float_precision",
    "max_seq_length",
    "max_width",
    "newline",
    "pprint",
    "verbose",
)
_INLINE = "matplotlib_inline.config"
_INLINE_TRAITS = ("close_figures", "figure_formats", "print_figure_kwargs")


def make_rows(shell: Any) -> tuple[Row, ...]:
    """Return the parts of the state that a shell has."""
    formatters = shell.display_formatter.formatters

    def read() -> tuple[Any, ...]:
        text = formatters[_TEXT]
        printers = {
            (kind, each): printer
            for kind, formatter in formatters.items()
            for each, printer in formatter.type_printers.items()
            if getattr(printer, "__module__", "") == "__main__"
        }
        return {name: getattr(text, name) for name in _TRAITS}, printers

    def write(value: tuple[Any, ...]) -> None:
        traits, printers = value
        for name, trait in traits.items():
            if getattr(formatters[_TEXT], name) != trait:
                setattr(formatters[_TEXT], name, trait)
        for (kind, each), printer in printers.items():
            formatters[kind].for_type(each, printer)

    def inline() -> Any:
        return sys.modules[_INLINE].InlineBackend.instance(parent=shell)

    def write_inline(traits: dict[str, Any]) -> None:
        for name, trait in traits.items():
            setattr(inline(), name, trait)

    return (
        Row("display settings", read, write),
        Row(
            "the settings of figures",
            lambda: {name: getattr(inline(), name) for name in _INLINE_TRAITS},
            write_inline,
            _INLINE,
        ),
    )
