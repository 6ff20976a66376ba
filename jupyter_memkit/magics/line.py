"""Parses the lines of all magics."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.magics.arguments import any_size, duration, size
from jupyter_memkit.magics.misspelt import suggest_option
from jupyter_memkit.magics.words import Word, split_words
from jupyter_memkit.units import is_unit

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")
# The messages of argparse that the magics rephrase.
_NEEDS_VALUE = re.compile(r"argument (\S+): expected .*")
_TAKES_NONE = re.compile(r"argument (\S+): ignored explicit argument .*")
_REQUIRED = re.compile(r"the following arguments are required: (\S+).*")


def parse_line(magic: Any, line: str) -> argparse.Namespace:
    """Read a line of options and values.

    Parameters
    ----------
    magic : callable
        The magic, which declares its arguments.
    line : str
        The line after the name of the magic.

    Returns
    -------
    argparse.Namespace
        The values.

    Raises
    ------
    UsageError
        If a quote is not closed, a word or an option is unknown or repeated, or a value
        is invalid; the message contains the remedy.
    """
    return _parse(magic, list(split_words(line)))


def parse_statement(magic: Any, line: str) -> tuple[argparse.Namespace, str]:
    """Parse the options at the start of a line, and leave the statement unchanged.

    Returns
    -------
    options : argparse.Namespace
        The values of the options.
    statement : str
        The rest of the line.
    """
    words: list[Word] = []
    end = 0
    while line[end:].lstrip().startswith("-"):
        behind = split_words(line, end)
        word = next(behind)
        if not _is_option(word) or _NUMBER.match(word):
            # A number at the start of the statement.
            break
        words.append(word)
        end = word.end
        action = _find_option(magic.parser, words[-1])
        if action is None or action.nargs == 0 or "=" in words[-1]:
            continue
        value = next(behind, None)
        if value is None:
            break
        words.append(value)
        end = value.end
        if _takes_unit(action) and _NUMBER.fullmatch(value):
            unit = re.match(r"\s+([a-zA-Z]+)(?=\s|$)", line[end:])
            if unit and is_unit(unit[1]):
                end += unit.end()
                words.append(Word(unit[1], end))
    return _parse(magic, words), line[end:].strip()


def known_options(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Return the options of a parser by their names."""
    actions = parser._actions  # noqa: SLF001 - argparse has no public list of them
    return {name: action for action in actions for name in action.option_strings}


def _parse(magic: Any, words: list[Word]) -> argparse.Namespace:
    parser: argparse.ArgumentParser = magic.parser
    _check_options(magic, words)
    try:
        args, extra = parser.parse_known_args(list(_bind_values(magic, words)))
    except UsageError as error:
        raise UsageError(_reword(magic, str(error))) from None
    if extra:
        raise UsageError(_refuse_word(magic, extra[0]))
    return args


def _spell(magic: Any) -> str:
    """Return the name of a magic as users write it."""
    name = magic.parser.prog
    return f"%{name}" if name in magic.__self__.magics["line"] else f"%%{name}"


def _check_options(magic: Any, words: Iterable[Word]) -> None:
    """Refuse unknown and repeated options."""
    given: set[argparse.Action] = set()
    for word in filter(_is_option, words):
        action = _find_option(magic.parser, word)
        if action is None:
            raise UsageError(_refuse_option(magic, word))
        repeats = isinstance(action, argparse._AppendAction)  # noqa: SLF001 - it has no public name
        if action in given and not repeats:
            message = f"{_name(action)} is given twice; give it only once"
            raise UsageError(message)
        given.add(action)


def _bind_values(magic: Any, words: list[Word]) -> Iterator[str]:
    """Join options with their values, numbers with units, and lists with spaces."""
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        action = _find_option(magic.parser, word) if _is_option(word) else None
        takes_value = action is not None and action.nargs != 0 and "=" not in word
        if action is None or not takes_value or position == len(words):
            yield _check_dashes(magic, word)
            continue
        value = words[position]
        if _is_option(value):
            yield word
            continue
        position += 1
        text = str(value)
        unit = words[position] if position < len(words) else ""
        if _takes_unit(action) and _NUMBER.fullmatch(text) and is_unit(unit):
            position += 1
            text += unit
        while getattr(action, "is_list", False) and position < len(words):
            if words[position].is_quoted or not _continues(text, words[position]):
                break
            text += words[position]
            position += 1
        # Joined like this, a value can begin with a minus sign.
        yield _check_dashes(magic, f"{_name(action)}={text}")


def _continues(text: str, word: Word) -> bool:
    """Return whether a word continues a list."""
    return word.startswith(",") or (text.endswith(",") and not _is_option(word))


def _check_dashes(magic: Any, word: str) -> str:
    """Refuse two dashes as a value, which argparse would drop without a message."""
    name, _, value = word.rpartition("=")
    if value != "--":
        return word
    message = f"{name or _spell(magic)} does not accept '--' here; leave it out"
    raise UsageError(message)


def _find_option(parser: argparse.ArgumentParser, word: Word) -> argparse.Action | None:
    """Return the option that a word names in full; a part of a name is not guessed."""
    return known_options(parser).get(word.partition("=")[0])


def _is_option(word: Word) -> bool:
    if word.is_quoted or not word.startswith("-") or word == "-":
        return False
    return not _NUMBER.fullmatch(word)


def _takes_unit(action: argparse.Action) -> bool:
    return action.type in (size, any_size, duration)


def _name(action: argparse.Action) -> str:
    return action.option_strings[-1]


def _reword(magic: Any, message: str) -> str:
    """Rephrase a message of argparse, with a remedy."""
    options = known_options(magic.parser)
    if match := _NEEDS_VALUE.fullmatch(message):
        action = options.get(match[1].split("/")[0])
        metavar = (action.metavar if action else None) or "VALUE"
        return f"{match[1]} needs a value: {match[1]} {metavar}"
    if match := _TAKES_NONE.fullmatch(message):
        return f"{match[1]} takes no value; write only {match[1]}"
    if match := _REQUIRED.fullmatch(message):
        return f"{_spell(magic)} needs {match[1]}; {_spell(magic)}? shows examples"
    return message.removeprefix("argument ")


def _refuse_option(magic: Any, word: str) -> str:
    name = word.partition("=")[0]
    if _NUMBER.match(word):
        return f"{word} is negative; leave out the minus sign"
    options = known_options(magic.parser)
    if name in ("-h", "--help"):
        return f"{_spell(magic)}? shows the help"
    close = [each for each in options if name != "--" and each.startswith(name)]
    if len(close) > 1:
        return f"{name} could be {' or '.join(close)}; write it in full"
    meant = close[0] if close else suggest_option(name, options)
    if meant is not None:
        return f"{_spell(magic)} has no option {name}; did you mean {meant}?"
    listed = ", ".join(options)
    return f"{_spell(magic)} has no option {name}; " + (
        f"it has {listed}" if listed else "it has none"
    )


def _refuse_word(magic: Any, word: str) -> str:
    """Describe an unexpected word."""
    options = known_options(magic.parser)
    meant = suggest_option(word, options)
    if meant is not None and options.get(meant) is not None:
        takes_value = options[meant].nargs != 0
        _, sign, value = word.partition("=")
        example = f"{meant} {value}" if sign and takes_value else meant
        return f"{_spell(magic)} does not accept {word!r}; did you mean {example}?"
    return f"{_spell(magic)} does not accept {word!r} here; leave it out"
