"""The options that ``%mem`` and ``%memit`` share, and the code after them."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.magics.arguments import argument, whole_number
from jupyter_memkit.magics.awaiting import code_awaits
from jupyter_memkit.magics.line import parse_statement

RUNS = argument(
    "-r",
    dest="runs",
    type=whole_number,
    default=1,
    metavar="N",
    help="run it N times, and report the run with the highest peak",
)
RESULT = argument(
    "-o",
    dest="wants_result",
    action="store_true",
    help="return the result object, with figures in bytes and seconds",
)


def options_await(shell: Any, magic: Any, line: str, cell: str | None) -> bool:
    """Return whether the cell or the statement on the line awaits."""
    try:
        _, statement = parse_statement(magic, line)
    except UsageError:
        # The magic itself reports the error.
        return False
    return code_awaits(shell, statement) or code_awaits(shell, cell or "")
