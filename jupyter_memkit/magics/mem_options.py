"""What ``%mem`` and ``%memit`` have in common: options, and code behind them."""

from __future__ import annotations

import argparse
import re
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument

from jupyter_memkit.magics.arguments import whole_number
from jupyter_memkit.magics.awaiting import code_awaits

_QUOTES = "\"'"
_WORD = re.compile(r"""\s*("[^"]*"|'[^']*'|\S+)""")
_TAKES_VALUE = ("-r", "-t", "-i", "--max")

RUNS = argument(
    "-r",
    dest="runs",
    type=whole_number,
    default=1,
    metavar="N",
    help="run it N times, and tell of the run with the highest peak",
)
RESULT = argument(
    "-o",
    dest="wants_result",
    action="store_true",
    help="return the result object, which has the figures in bytes and seconds",
)


def options_await(shell: Any, magic: Any, line: str, cell: str | None) -> bool:
    """Return whether the cell or the statement on the line awaits."""
    try:
        _, statement = parse_options(magic, line)
    except UsageError:
        # The magic will say so itself.
        return False
    return code_awaits(shell, statement) or code_awaits(shell, cell or "")


def parse_options(magic: Any, line: str) -> tuple[argparse.Namespace, str]:
    """Split a line into options and the statement, of which no character changes."""
    words = []
    end = 0
    while (word := _WORD.match(line, end)) and word[1].startswith("-"):
        words.append(word[1])
        end = word.end()
        if word[1] in _TAKES_VALUE and (value := _WORD.match(line, end)):
            words.append(value[1].strip(_QUOTES))
            end = value.end()
    return magic.parser.parse_args(words), line[end:].strip()
