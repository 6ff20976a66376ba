"""Completes the options and values of our magics through IPython's matchers.

This works in a terminal, and through the kernel in JupyterLab and in a console.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)
from IPython.core.error import UsageError

from jupyter_memkit.magics.arguments import find_offers, variables
from jupyter_memkit.magics.line import known_options
from jupyter_memkit.magics.words import Word, split_words

# A line magic, possibly with its result assigned.
_LINE = re.compile(
    r"\s*(?:[\w.,\s]+=\s*)?(?P<escape>%{0,2})(?P<name>\w+)\s(?P<rest>.*)"
)

# Magics whose lines end with code, which IPython completes.
_BEFORE_CODE = frozenset({"mem", "memit"})

_FILES = "IPCompleter.file_matcher"


def register(shell: Any, undo: ExitStack) -> None:
    """Let a shell complete the arguments of our magics.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell with the magics.
    undo : ExitStack
        Receives the callback that removes the matcher.
    """

    @context_matcher(identifier="jupyter_memkit")
    def match(context: CompletionContext) -> SimpleMatcherResult:
        text = context.line_with_cursor[: context.cursor_position]
        fragment, words = _complete(shell, text)
        return {
            "completions": [SimpleCompletion(word) for word in words],
            "suppress": True,
            "do_not_suppress": set() if fragment.startswith("-") else {_FILES},
            "matched_fragment": fragment,
            "ordered": True,
        }

    shell.Completer.custom_matchers.append(match)
    undo.callback(_discard, shell.Completer, match)


def _discard(completer: Any, match: Any) -> None:
    """Remove a matcher, which others may have removed with the whole list."""
    if match in completer.custom_matchers:
        completer.custom_matchers.remove(match)


def _complete(shell: Any, text: str) -> tuple[str, list[str]]:
    """Return the text before the cursor that is completed, and its completions."""
    found = _LINE.fullmatch(text)
    function = _find_magic(shell, found) if found else None
    if found is None or function is None:
        return "", []
    try:
        words = list(split_words(found["rest"]))
    except UsageError:
        # An open quote begins the name of a file, which IPython completes.
        return "", []
    fragment = ""
    if words and not found["rest"][-1].isspace():
        fragment = words.pop()
    offers = _find_offers(function, words, fragment)
    # A new value begins after a comma or an equals sign.
    piece = re.split("[=,]", fragment)[-1]
    return piece, [each for each in offers if each.startswith(piece)]


def _find_magic(shell: Any, found: re.Match[str]) -> Any:
    """Return the magic of ours that a line calls, if any."""
    name = found["name"]
    if not found["escape"] and (not shell.automagic or name in shell.user_ns):
        return None
    tables = shell.magics_manager.magics
    kinds = {"%": ("line",), "%%": ("cell",), "": ("line", "cell")}
    for kind in kinds[found["escape"]]:
        function = tables[kind].get(name)
        owner = type(getattr(function, "__self__", None))
        if owner.__module__.startswith("jupyter_memkit."):
            return function
    return None


def _find_offers(function: Any, words: list[Word], fragment: str) -> Iterable[str]:
    """Return all completions at the position of the cursor."""
    parser: argparse.ArgumentParser = function.parser
    options = known_options(parser)
    magics = function.__self__
    option, sign, _ = fragment.partition("=")
    if sign and option in options:
        return find_offers(options[option], magics)
    if words and _takes_value(options.get(words[-1])):
        return _offer_values(options[words[-1]], magics, fragment)
    names = [name for name in options if name not in words or name == "--type"]
    places = [action for action in parser._actions if not action.option_strings]  # noqa: SLF001 - argparse has no public list of them
    n_before = _count_values(words, options)
    if parser.prog in _BEFORE_CODE:
        return [] if n_before or not fragment.startswith("-") else names
    if fragment.startswith("-"):
        return names
    place = places[min(n_before, len(places) - 1)] if places else None
    if place is None or (n_before >= len(places) and place.nargs not in ("*", "+")):
        return [] if fragment else names
    offers = _offer_values(place, magics, fragment)
    return [*offers, *names] if not fragment else offers


def _offer_values(action: argparse.Action, magics: Any, fragment: str) -> Iterable[str]:
    """Return the values of an argument; None, if it has no list of them."""
    if "," in fragment and action.type is not variables:
        return ()
    return find_offers(action, magics)


def _count_values(words: list[Word], options: dict[str, argparse.Action]) -> int:
    """Return the number of words that are not options or values of options."""
    n_values = 0
    before: Word | None = None
    for word in words:
        is_value = before is not None and _takes_value(options.get(before))
        n_values += not is_value and not word.startswith("-")
        before = None if is_value else word
    return n_values


def _takes_value(action: argparse.Action | None) -> bool:
    return action is not None and action.nargs != 0
