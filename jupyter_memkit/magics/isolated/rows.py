"""A shell's display settings, part of the state sent to an isolated process."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded
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
_INLINE_CLASS = "InlineBackend"
_INLINE_TRAITS = ("close_figures", "figure_formats", "print_figure_kwargs")


def make_rows(shell: Any) -> tuple[Row, ...]:
    """Return the parts of the state that belong to a shell."""
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

    def read_figures() -> tuple[Any, ...]:
        config = dict(shell.config.get(_INLINE_CLASS, {}))
        made = _find_inline()
        return config, made and {name: getattr(made, name) for name in _INLINE_TRAITS}

    def write_figures(value: tuple[Any, ...]) -> list[str]:
        config, traits = value
        shell.config.merge({_INLINE_CLASS: config})
        kind = find_loaded(_INLINE, _INLINE_CLASS)
        if kind is None:
            return [_INLINE]
        made = kind.instance(parent=shell)
        for name, trait in (traits or {}).items():
            setattr(made, name, trait)
        return []

    return (
        Row("display settings", read, write),
        Row("settings of figures", read_figures, write_figures),
    )


def _find_inline() -> Any:
    """Return the inline backend's settings, if it is loaded."""
    kind = find_loaded(_INLINE, _INLINE_CLASS)
    return kind.instance() if kind is not None and kind.initialized() else None
