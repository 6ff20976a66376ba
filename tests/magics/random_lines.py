"""Random lines for every magic, drawn from its own parser and from what users type."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

# Run before each line, so that a line finds the same variables.
SETUP = """
import kitless
import numpy as np
import pandas as pd
table = pd.DataFrame({"a": range(100), "b": [0.5] * 100})
column = table.a
numbers = [1.5, 2.5] * 50
lists = {"a": [1, 2], "b": [1.0, 2.0]}
array = np.arange(1000.0)
view = array[::2]
text = "t" * 1000
nothing = None
double = lambda value: value * 2
records = [{"a": number, "b": str(number)} for number in range(50)]
objects = np.array([None, {}], dtype=object)
empty = np.array([])
steps = (number for number in range(10))
nested = [[1, 2], [3]]
Plain = type("Plain", (), {})
plain = Plain()
path = "table.csv"
huge = 10**400
mapped = np.memmap("mapped.bin", mode="w+", shape=(10,))
unique = {1, 2}
cycle = []
cycle.append(cycle)
"""

NAMES = (
    *("table", "column", "numbers", "lists", "array", "view", "text", "nothing"),
    *("double", "records", "objects", "empty", "steps", "nested", "Plain", "plain"),
    *("path", "huge", "mapped", "unique", "cycle", "kitless"),
)

_WORDS = (
    *("missing", "_", "__name__", "Out", "In", "table.a", "numbers[0]", "1x", "class"),
    *("é", "名", "*", "?", "t*", "x" * 300, "", "\0", "\x7f", "--", "-", "---", "="),
    *("a=b", ",", "a,b", ",,", "{x}", "$x", "{", "[", "(", '"', "'", "`", "\\", "%"),
    *("%memls", "!", "!true", ";", "#", "# x", "|", "&&", "~", "~/x", "/nowhere/a.csv"),
    *(".", "..", "folder", "table.csv", "empty.csv", "random.bin", "array.npy"),
    *("lines.jsonl", "table.parquet", "lines.txt", "*.csv", "nope*.csv", "/proc/1/cwd"),
    *('"table.csv"', "'a b'", '"--"', '"-x"', "None", "True", "nan", "inf", "-inf"),
    *("0", "-0", "1", "-1", "2", "1.5", "1e3", "1e999", "0x10", "9" * 40, "1GB"),
    *("1 GB", "10KB", "0B", "-1MB", "85%", "0%", "100%", "101%", "auto", "off", "on"),
    *("status", "report", "lots", "1h", "5s", "1ms", "json", "advice", "processes"),
    *("model", "live", "export", "oom", "sum", "mean", "first", "before", "after"),
    *("http://127.0.0.1:1/x.csv", "s3://x/y", "json.tool", "sys", "٣", "\u202e", "😀"),
    *("a\tb", "\n"),
)

CELLS = (
    *("", "\n", "x = 1", "table", "table.sum()", "a.sum()", "chunk", "len(table)"),
    *("raise ValueError(1)", "1/0", "syntax error(", "await x", "return 1", "yield 1"),
    *("del table", "%time 1", "!true", "\0", "import kitless", "int(line)", "[1, 2]"),
    *("def f():\n    return 1", "%%time\n1", "global x\nx=3", '"""unclosed', "# only"),
    *("class A: pass", "raise KeyboardInterrupt", "raise SystemExit(3)", "x: int = 3"),
    *("raise MemoryError", "array[:] = 1", "?table", "table?"),
)

# These would unload what the test itself uses.
_IN_USE = ("numpy", "pandas", "--unused", "jupyter_memkit", "np", "pd")


class Call(NamedTuple):
    """One call of a magic; the cell is None for a line magic."""

    name: str
    line: str
    cell: str | None


def write_files(folder: Path) -> None:
    """Write the files that lines name."""
    table = pd.DataFrame({"a": range(100), "b": ["é"] * 100})
    table.to_csv(folder / "table.csv", index=False)
    table.to_parquet(folder / "table.parquet")
    (folder / "empty.csv").touch()
    (folder / "random.bin").write_bytes(random.Random(1).randbytes(500))
    np.save(folder / "array.npy", np.arange(100))
    (folder / "lines.jsonl").write_text('{"a": 1}\n' * 50)
    (folder / "lines.txt").write_text("a\nb\n" * 30)
    (folder / "folder").mkdir()
    (folder / "kitless.py").write_text("rows = [[n] for n in range(100)]")


def draw_call(
    chance: random.Random, magics: Sequence[tuple[str, str, argparse.ArgumentParser]]
) -> Call | None:
    """Draw a call of a magic.

    Parameters
    ----------
    chance : random.Random
        The source of randomness.
    magics : sequence of (str, str, argparse.ArgumentParser)
        The kind (``"line"`` or ``"cell"``), the name and the parser of each magic.

    Returns
    -------
    Call or None
        None for a call that would unload what the test uses.
    """
    kind, name, parser = chance.choice(magics)
    line = _draw_line(chance, parser)
    cell = chance.choice(CELLS) if kind == "cell" else None
    if name == "unload" and any(word in line for word in _IN_USE):
        return None
    return Call(name, line, cell)


def _draw_line(chance: random.Random, parser: argparse.ArgumentParser) -> str:
    options = [each for each in parser._actions if each.option_strings]
    words = []
    for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 4])):
        if not options or chance.random() < 0.5:
            words.append(_draw_word(chance))
            continue
        option = chance.choice(options)
        name = chance.choice(option.option_strings)
        if chance.random() < 0.05:
            name = name[:-1]
        is_bare = (option.nargs == 0) != (chance.random() < 0.05)
        value = "" if is_bare else chance.choice(" =") + _draw_value(chance, option)
        words.append(name + value)
    return " ".join(words)


def _draw_value(chance: random.Random, option: Any) -> str:
    if option.choices and chance.random() < 0.6:
        return str(chance.choice(list(option.choices)))
    return _draw_word(chance)


def _draw_word(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.35:
        return chance.choice(NAMES)
    if kind < 0.95:
        return chance.choice(_WORDS)
    letters = [*range(1, 128), *range(0x80, 0x3000, 7)]
    return "".join(map(chr, chance.choices(letters, k=chance.randrange(1, 6))))
