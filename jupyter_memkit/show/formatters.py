"""Makes IPython show records as their reports, in a terminal and in a notebook."""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from typing import Any

from jupyter_memkit.show.report import Report


def register(shell: Any, record_type: str, module: str, undo: ExitStack) -> None:
    """Show the records of a type as reports.

    Types are registered by name, because most kernels never see most records: the
    module that builds a report is imported when IPython first displays one.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose formatters are extended.
    record_type : str
        The dotted name of the type.
    module : str
        The dotted name of the module whose ``build_report`` formats the record.
    undo : ExitStack
        Receives the callbacks that remove the formatters.
    """

    def build_report(record: Any) -> Report:
        report: Report = importlib.import_module(module).build_report(record)
        return report

    def show_text(record: Any, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - IPython's signature
        printer.text(build_report(record).text())

    def show_html(record: Any) -> str:
        return build_report(record).html()

    formatters = shell.display_formatter.formatters
    for mime_type, function in (("text/plain", show_text), ("text/html", show_html)):
        formatters[mime_type].for_type(record_type, function)
        undo.callback(formatters[mime_type].pop, record_type, None)
